import type { EmbeddedColumn } from '../embedded.js';
import { element } from './elements.js';
import type { Rows } from './rows.js';
import { wordsOf } from './value.js';

/** In characters. */
const LEAST = 6;
const MOST: Readonly<Record<EmbeddedColumn['holds'], number>> = {
  text: 26,
  key: 37,
  time: 24,
  number: 16,
  boolean: 8,
};

/** Beside a title. */
const SORT_SIGN = 2;

/** So many rows tell how wide a column is. */
const SAMPLE = 1_000;
/** How much wider than a digit. */
const LETTER = 1.15;
/** Longer values are left to wrap, but for short words, which would be cut. */
const FITS = 0.95;
const SHORT = 16;

/**
 * The columns with their widths, by their titles and what most of their values need: they stay as they are from page
 * to page.
 */
export function columnWidths(rows: Rows): { group: HTMLTableColElement; characters: number } {
  const widths = rows.columns.map((column, place) => widthOf(rows, column, place));
  const group = element('colgroup');
  for (const width of widths) {
    const column = element('col');
    column.style.setProperty('--characters', String(width));
    group.append(column);
  }
  return { group, characters: widths.reduce((sum, width) => sum + width, 0) };
}

function widthOf(rows: Rows, { title, holds }: EmbeddedColumn, place: number): number {
  const step = Math.max(1, Math.floor(rows.count / SAMPLE));
  const lengths: number[] = [];
  for (let row = 0; row < rows.count; row += step) {
    const { length } = wordsOf(rows.at(row)[place], holds);
    if (length > 0) lengths.push(length);
  }
  lengths.sort((a, b) => a - b);
  const longest = lengths.at(-1) ?? 0;
  const usual = lengths[Math.floor(lengths.length * FITS)] ?? 0;
  const needed = Math.ceil((longest <= SHORT ? longest : usual) * LETTER);
  const longestWord = Math.max(...title.split(' ').map((word) => word.length));
  return Math.max(LEAST, longestWord + SORT_SIGN, Math.min(needed, MOST[holds]));
}
