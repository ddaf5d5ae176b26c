import { formatCount } from '../../terminal/amounts.js';

/** Some hundred sheets; who needs more wants another format. */
const MOST_PRINTED = 2_000;

/** Which rows are printed of those that a reader has before them, and what is said about it. */
export function printed(
  places: Uint32Array,
  all: number,
  asked: readonly string[],
): { rows: Uint32Array; words: string } {
  const rows = places.subarray(0, MOST_PRINTED);
  const which = [`${formatCount(places.length)} of ${formatCount(all)} rows`, ...asked].join('; ');
  const cut =
    rows.length === places.length
      ? ''
      : ` Only the first ${formatCount(MOST_PRINTED)} of them are printed: search or filter to print others.`;
  return { rows, words: `${which}.${cut}` };
}
