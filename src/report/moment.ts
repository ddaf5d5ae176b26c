/** A day, or a time of a day, that was read as ISO 8601. */
export interface Moment {
  /** ISO 8601: a day alone, or a time to the second or finer; with `Z` in UTC where the zone is known. */
  readonly shown: string;
  /** Counted from 1970-01-01, in UTC where the zone is known. */
  readonly day: number;
  /** Sorts as moments do: what has no zone counts as UTC, a day alone as its beginning. */
  readonly order: string;
  readonly hasZone: boolean;
}

const FORM =
  /^(\d{4}-\d\d-\d\d)(?:[T ]([01]\d|2[0-3]):([0-5]\d)(?::([0-5]\d)(?:[.,](\d{1,9}))?)?\s?(Z|[+-]\d\d(?::?[0-5]\d)?)?)?$/i;
const MS_PER_MINUTE = 60_000;
const MS_PER_DAY = 86_400_000;

/** Undefined for a text that is no moment of the years 1 to 9999 in ISO 8601. */
export function parseMoment(text: string): Moment | undefined {
  const [, date, hours, minutes, seconds = '00', fraction = '', zone] = FORM.exec(text.trim()) ?? [];
  const day = date === undefined ? undefined : parseDay(date);
  if (date === undefined || day === undefined) return undefined;
  if (hours === undefined) return { shown: date, day, order: `${date}T00:00:00.`, hasZone: false };
  const local = day * MS_PER_DAY + (Number(hours) * 60 + Number(minutes)) * MS_PER_MINUTE;
  const utc = local - offsetOf(zone) * MS_PER_MINUTE;
  const rest = fraction.replace(/0+$/, '');
  const minute = isoMinute(utc);
  if (minute === undefined) return undefined;
  const order = `${minute}:${seconds}.${rest}`;
  return {
    shown: `${rest === '' ? order.slice(0, -1) : order}${zone === undefined ? '' : 'Z'}`,
    day: Math.floor(utc / MS_PER_DAY),
    order,
    hasZone: zone !== undefined,
  };
}

/** `2026-05-31` as days since 1970-01-01; undefined where the calendar has no such day. */
export function parseDay(text: string): number | undefined {
  const time = /^\d{4}-\d\d-\d\d$/.test(text) ? Date.parse(`${text}T00:00:00Z`) : Number.NaN;
  // The 31st of June would be taken for the 1st of July, and there is no year 0.
  const isDay = !Number.isNaN(time) && new Date(time).toISOString().startsWith(text) && text >= '0001';
  return isDay ? time / MS_PER_DAY : undefined;
}

/** In minutes, to the east. */
function offsetOf(zone: string | undefined): number {
  const [, sign, hours = '0', minutes = '0'] = /^([+-])(\d\d):?(\d\d)?$/.exec(zone ?? '') ?? [];
  const size = Number(hours) * 60 + Number(minutes);
  return sign === '-' ? -size : size;
}

function isoMinute(time: number): string | undefined {
  const text = new Date(time).toISOString();
  return /^\d{4}-/.test(text) ? text.slice(0, 'YYYY-MM-DDTHH:MM'.length) : undefined;
}
