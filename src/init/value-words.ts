import type { CatalogColumn, CatalogTable } from '../database/catalog.js';
import { isIn, runsOf, wordsOf } from './names.js';
import type { Plain } from './proposal.js';
import type { Sampler } from './sample.js';
import { tallyOf } from './statistics.js';
import { foreignKeyOf, isSameName } from './tables.js';
import { VALUE_WORDS } from './words.js';

/** A value of a column with few different ones. */
export interface Code {
  readonly value: string | null;
  /** As a condition names it. */
  readonly plain: Plain;
  readonly count: number;
  /** What stands for it in the table that the column refers to. */
  readonly meaning: string | undefined;
}

/** The different values of a column, the most frequent first. */
export function codesOf(
  { family, type }: CatalogColumn,
  texts: readonly (string | null)[],
  meanings: ReadonlyMap<string, string> = new Map(),
): Code[] {
  const plainOf = (value: string | null): Plain => {
    if (value === null) return null;
    if (family === 'boolean') return truthOf(value) ?? value;
    const isNumber = family === 'integer' || /^(numeric|decimal|float|double|real|bit)/.test(type);
    return isNumber && Number.isSafeInteger(Number(value)) ? Number(value) : value;
  };
  return tallyOf(texts).map(([value, count]) => ({
    value,
    plain: plainOf(value),
    count,
    meaning: value === null ? undefined : meanings.get(value),
  }));
}

/** What 1, `true`, `Y` or `ja` say; undefined where it is neither. */
export function truthOf(value: string | null): boolean | undefined {
  const text = (value ?? '').trim().toLowerCase();
  if (text === '1' || VALUE_WORDS.yes.has(text)) return true;
  if (text === '0' || VALUE_WORDS.no.has(text)) return false;
  return undefined;
}

/** Which kinds of words a value has, in the order of their table. */
export function sayings({ value, meaning }: Pick<Code, 'value' | 'meaning'>): (keyof typeof VALUE_WORDS)[] {
  const words = wordsOf(meaning ?? value ?? '');
  const runs = runsOf(words).map(({ text }) => text);
  const kinds = Object.entries(VALUE_WORDS) as [keyof typeof VALUE_WORDS, ReadonlySet<string>][];
  return kinds.filter(([, list]) => runs.some((run) => isIn(list, run))).map(([kind]) => kind);
}

/** Few enough to be codes. */
export const MOST_CODES = 20;

/** The words behind the numbers of a column: those of the small table that it refers to, by foreign key or by name. */
export async function meaningsOfCodes(
  sampler: Sampler,
  tables: readonly CatalogTable[],
  table: CatalogTable,
  column: CatalogColumn,
): Promise<ReadonlyMap<string, string>> {
  const foreign = foreignKeyOf(table, column.name);
  const target =
    foreign === undefined
      ? tables.find(
          (other) => other !== table && isNamedAfter(column.name, other) && other.primaryKey.length === 1,
        )
      : tables.find(({ name }) => isSameName(name, foreign.table));
  const key = foreign?.columns[0]?.target ?? target?.primaryKey[0];
  if (target === undefined || key === undefined) return new Map();
  const sample = await sampler.of(target);
  const text = [...target.columns.values()].find(({ name, family }) => family === 'text' && name !== key);
  if (text === undefined || sample.rows.length > 100) return new Map();
  return new Map(
    sample.rows.flatMap((row) => {
      const code = row[key];
      const meaning = row[text.name];
      return code && meaning ? [[code, meaning] as const] : [];
    }),
  );
}

/** `valid_id` after the table valid; `status` after statuses. */
function isNamedAfter(column: string, { name }: CatalogTable): boolean {
  const words = wordsOf(column).filter((word) => word !== 'id');
  const table = wordsOf(name.name);
  return words.length > 0 && isIn(new Set([words.join('')]), table.join(''));
}

/** Characters of a value: enough to recognize it. */
const SHOWN = 40;

export const shown = ({ value, meaning }: Code) =>
  `${value === null ? 'NULL' : JSON.stringify(value.slice(0, SHOWN))}${meaning === undefined ? '' : ` (${meaning})`}`;

export const rowsText = (count: number) => (count === 1 ? '1 row' : `${count} rows`);

/** For a sentence: each with its number of rows. */
export const counted = (codes: readonly Code[]) =>
  codes
    .slice(0, MOST_CODES)
    .map((code) => `${shown(code)} (${rowsText(code.count)})`)
    .join(', ');
