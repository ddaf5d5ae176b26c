import type { ReportValue } from '../../../model/report.js';
import { printable } from '../../terminal/unseen.js';
import type { EmbeddedColumn, EmbeddedRow } from '../embedded.js';
import { wordsOf } from './value.js';

const PLAIN = /^[ -~]*$/;
const ACCENTS = /[\u0300-\u036f]/g;

/** What two texts have in common that differ only in case and accents. */
function folded(text: string): string {
  const lower = text.toLowerCase();
  return PLAIN.test(lower) ? lower : lower.normalize('NFD').replace(ACCENTS, '');
}

/** What a search looks at of a row: all that a reader sees of it, a line per value, so that no word spans two. */
export function searchable(row: EmbeddedRow, columns: readonly EmbeddedColumn[]): string {
  return folded(columns.map(({ holds }, place) => line(row[place], holds)).join('\n'));
}

function line(value: ReportValue | undefined, holds: EmbeddedColumn['holds']): string {
  const text = wordsOf(value, holds);
  return PLAIN.test(text) ? text : printable(text);
}

/** The words that all have to occur, as `searchable` has them. */
export function wordsToFind(search: string): string[] {
  return search
    .split(/\s+/)
    .filter((word) => word !== '')
    .map((word) => folded(printable(word)));
}
