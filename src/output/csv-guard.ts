import { withoutActingInCell } from './acting.js';

const SIGN = '[=+\\-@＝＋－＠]';
const PLAIN_NUMBER = /^-\d+(?:\.\d+)?$/;
const ACTS = `[\\s\\p{C}]*${SIGN}|[\\t\\r\\n]`;
const ACTS_AT_THE_START = new RegExp(`^'*(?:${ACTS})`, 'u');
const ACTS_AFTER_A_SEPARATOR = new RegExp(`(?<=[;\\t\\r\\n])(?='*[^\\S\\t\\r\\n]*${SIGN})`, 'gu');

/** A text as a cell that no spreadsheet takes for a formula: see `csvLines`. */
export function harmless(text: string): string {
  if (PLAIN_NUMBER.test(text)) return text;
  const guarded = withoutActingInCell(text).replace(ACTS_AFTER_A_SEPARATOR, "'");
  return ACTS_AT_THE_START.test(guarded) ? `'${guarded}` : guarded;
}

const UUID = '[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}';
const SAFE = `(?:(?:0|[1-9]\\d{0,14})|${UUID})$`;
const MONTH = '(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*';
const NUMBER_OR_DATE = `[\\d.][\\d\\s.,:/e%+-]*(?:[ap]m?|${MONTH}[\\d\\s.,/-]*)?$|${MONTH}[\\s.,/-]*\\d|(?:true|false)$`;
const WOULD_CHANGE = new RegExp(`^'*(?!${SAFE})(?:${NUMBER_OR_DATE})`, 'i');

/**
 * The same of a key, which somebody copies into another cell and which is read back: an apostrophe also goes before
 * what a spreadsheet would take for a number or a date and write in another way, such as `0012`, `1e5` and `3-4`.
 */
export function harmlessKey(key: string): string {
  const guarded = harmless(key);
  return WOULD_CHANGE.test(guarded) ? `'${guarded}` : guarded;
}

const GUARD_AT_THE_START = new RegExp(`^'(?='*(?:${ACTS}))`, 'u');
const GUARD_AFTER_A_SEPARATOR = new RegExp(`(?<=[;\\t\\r\\n])'(?='*[^\\S\\t\\r\\n]*${SIGN})`, 'gu');

/** What was guarded with `harmless`; what acts stays the escapes that they became. */
export function unguarded(cell: string): string {
  if (PLAIN_NUMBER.test(cell)) return cell;
  return cell.replace(GUARD_AT_THE_START, '').replace(GUARD_AFTER_A_SEPARATOR, '');
}

/** What was guarded with `harmlessKey`. */
export function unguardedKey(cell: string): string {
  return cell.startsWith("'") && WOULD_CHANGE.test(cell) ? cell.slice(1) : unguarded(cell);
}
