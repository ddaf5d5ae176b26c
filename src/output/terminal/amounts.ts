const thousands = new Intl.NumberFormat('en-US', { maximumFractionDigits: 0 });

/** 98000 → `98,000` */
export function formatCount(count: number): string {
  return thousands.format(count);
}

/** `1 person`, `2,000 persons` */
export function countOf(count: number, one: string, many = `${one}s`): string {
  return `${formatCount(count)} ${count === 1 ? one : many}`;
}

/** Milliseconds in the words a human would use, the coarser the longer: `25 s`, `3 min 20 s`, `2 h 5 min`, `1 day 2 h`. */
export function formatDuration(milliseconds: number): string {
  const seconds = Math.ceil(milliseconds / 1000);
  if (seconds < 60) return `${seconds} s`;
  if (seconds < 600) return twoUnits(Math.ceil(seconds / 10) * 10, 60, 'min', 's');
  const minutes = Math.ceil(seconds / 60);
  if (minutes < 60) return `${minutes} min`;
  if (minutes < 24 * 60) return twoUnits(minutes, 60, 'h', 'min');
  const hours = Math.ceil(minutes / 60);
  return twoUnits(hours, 24, hours < 48 ? 'day' : 'days', 'h');
}

/** How long something took: `0.4 s`, `12.3 s`, and from a minute on as `formatDuration`. */
export function formatTimeTaken(milliseconds: number): string {
  return milliseconds < 59_950 ? `${(milliseconds / 1000).toFixed(1)} s` : formatDuration(milliseconds);
}

const BYTE_UNITS = ['kB', 'MB', 'GB', 'TB'] as const;

/** 532 → `532 bytes`, 12345678 → `12.3 MB` */
export function formatBytes(bytes: number): string {
  if (bytes < 1000) return countOf(bytes, 'byte');
  let [amount, unit] = [bytes / 1000, 0];
  // 999,950 would be shown as 1000.0 of the smaller unit.
  while (amount >= 999.95 && unit < BYTE_UNITS.length - 1) [amount, unit] = [amount / 1000, unit + 1];
  return `${amount.toFixed(1)} ${BYTE_UNITS[unit]}`;
}

function twoUnits(amount: number, size: number, large: string, small: string): string {
  const rest = amount % size;
  return `${Math.floor(amount / size)} ${large}${rest === 0 ? '' : ` ${rest} ${small}`}`;
}
