import { DEFAULTS } from '../config/defaults.js';
import { normalized } from './sample.js';

/** What a column holds, as far as it was read. */
export interface Statistics {
  /** Rows that could have a value: owners, where the values live in another table. */
  readonly rows: number;
  /** Of them, those that have one that is no junk (`match.ignoreValues`). */
  readonly filled: number;
  /** Different values as keys are compared, each with the number of rows (or owners) that have it. */
  readonly values: ReadonlyMap<string, number>;
}

const JUNK = new Set(['', ...DEFAULTS.match.ignoreValues]);

/** @param texts of each row: one value, or those of the rows of another table. */
export function statisticsOf(texts: Iterable<readonly (string | null)[]>): Statistics {
  const values = new Map<string, number>();
  let rows = 0;
  let filled = 0;
  for (const own of texts) {
    rows++;
    const kept = new Set(own.map(normalized).filter((value) => !JUNK.has(value)));
    if (kept.size > 0) filled++;
    for (const value of kept) values.set(value, (values.get(value) ?? 0) + 1);
  }
  return { rows, filled, values };
}

/** The share of rows with a value. */
export const filledShare = ({ rows, filled }: Statistics) => (rows === 0 ? 0 : filled / rows);

/** The share of values that no other row has. */
export function uniqueShare({ values }: Statistics): number {
  if (values.size === 0) return 0;
  return [...values.values()].filter((count) => count === 1).length / values.size;
}

/** Never rounded up to all, nor down to none. */
export function percent(share: number): string {
  if (share > 0 && share < 0.01) return 'less than 1%';
  return `${share < 1 ? Math.floor(share * 100) : 100}%`;
}

const MAIL = /^[^\s@]+@[^\s@]+\.[^\s@]+$/;

/** Nearly all values look like mail addresses; two at least. */
export function looksLikeMail({ values }: Statistics): boolean {
  const all = [...values.keys()];
  return all.length > 0 && all.filter((value) => MAIL.test(value)).length >= all.length * 0.8;
}

/** Texts as they are written, with their numbers, the most frequent first. */
export function tallyOf(texts: Iterable<string | null>): [text: string | null, count: number][] {
  const counts = new Map<string | null, number>();
  for (const text of texts) counts.set(text, (counts.get(text) ?? 0) + 1);
  return [...counts].toSorted((a, b) => b[1] - a[1]);
}
