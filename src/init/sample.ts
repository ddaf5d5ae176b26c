import { isCredential } from '../config/credentials.js';
import type { CatalogColumn, CatalogTable } from '../database/catalog.js';
import type { Database } from '../database/database.js';
import { kindOfFailure } from '../database/failure-kinds.js';
import type { Row } from '../database/session.js';

/** So many rows of a table are read at most: enough for shares of one per cent, few enough for a production server. */
const SAMPLED_ROWS = 10_000;
/** So many values are looked up in a column of another table at most. */
export const LOOKED_UP = 500;
/** Milliseconds after which the server gives up one reading. */
const TIME_LIMIT = 5_000;
/** Characters of a value that are read: keys are shorter. */
const READ_CHARACTERS = 400;

/** What can be such a key; undefined where keys are written in several ways. */
function formOf({ family, type }: CatalogColumn): RegExp | undefined {
  if (family === 'uuid') return /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
  if (family !== 'integer') return undefined;
  // More digits may be out of range.
  const digits = /big/i.test(type) ? 18 : /small|tiny|medium/i.test(type) ? 4 : 9;
  return new RegExp(`^-?\\d{1,${digits}}$`);
}

/** Rows of a table as texts; credentials are not read. */
export interface Sample {
  readonly rows: readonly Row[];
  /** All rows were read. */
  readonly isWhole: boolean;
  /** Why nothing could be read. */
  readonly failure: string | undefined;
}

/** Reads samples, each table once, in a session that writes nothing; what takes too long counts as unknown. */
export class Sampler {
  readonly #database: Database;
  readonly #samples = new Map<CatalogTable, Promise<Sample>>();

  constructor(database: Database) {
    this.#database = database;
  }

  /** The first and the last rows by the primary key, where a table has more than are read. */
  of(table: CatalogTable): Promise<Sample> {
    const known = this.#samples.get(table);
    if (known !== undefined) return known;
    const sample = this.#read(table);
    this.#samples.set(table, sample);
    return sample;
  }

  /**
   * Which of these values a column holds, compared trimmed and in lower case: the first 500 are looked up.
   * @returns undefined where that takes too long.
   */
  async found(
    table: CatalogTable,
    column: CatalogColumn,
    values: readonly string[],
  ): Promise<{ readonly asked: number; readonly found: ReadonlySet<string> } | undefined> {
    const { dialect: sql } = this.#database;
    const asked = values.slice(0, LOOKED_UP).filter((value) => !value.includes('\0'));
    const sample = await this.of(table);
    if (sample.isWhole) {
      const held = new Set(sample.rows.map((row) => normalized(row[column.name] ?? null)));
      return { asked: asked.length, found: new Set(asked.filter((value) => held.has(value))) };
    }
    if (asked.length === 0) return { asked: 0, found: new Set() };
    const name = `t.${sql.identifier(column.name)}`;
    const held = `LOWER(TRIM(${sql.exactText(name, column)}))`;
    const form = formOf(column);
    // Numbers and uuids are written in one way: the server finds them by an index.
    const condition =
      form === undefined
        ? `${held} IN (${asked.map(sql.literal).join(', ')})`
        : `${name} IN (${
            asked
              .filter((value) => form.test(value))
              .map((value) => sql.asKey(sql.literal(value), column))
              .join(', ') || 'NULL'
          })`;
    const rows = await this.#try<{ value: string | null }>(
      `SELECT DISTINCT ${held} AS value FROM ${sql.table(table.name)} AS t WHERE ${condition}`,
    );
    if (!Array.isArray(rows)) return undefined;
    return { asked: asked.length, found: new Set(rows.map(({ value }) => normalized(value))) };
  }

  /**
   * Different values of one column, trimmed and in lower case, of the first rows that have any.
   * @returns undefined where they cannot be read.
   */
  async valuesOf(table: CatalogTable, column: CatalogColumn): Promise<string[] | undefined> {
    const known = await this.#samples.get(table);
    if (known !== undefined && known.failure === undefined) {
      const values = new Set(known.rows.map((row) => normalized(row[column.name] ?? null)));
      return [...values].filter((value) => value !== '').slice(0, LOOKED_UP);
    }
    const { dialect: sql } = this.#database;
    const name = `t.${sql.identifier(column.name)}`;
    const rows = await this.#try<{ value: string | null }>(
      `SELECT DISTINCT LEFT(s.value, ${READ_CHARACTERS}) AS value
         FROM (SELECT ${sql.exactText(name, column)} AS value FROM ${sql.table(table.name)} AS t
                WHERE ${name} IS NOT NULL LIMIT ${SAMPLED_ROWS}) AS s LIMIT ${LOOKED_UP}`,
    );
    if (!Array.isArray(rows)) return undefined;
    return rows.map(({ value }) => normalized(textOf(value, column))).filter((value) => value !== '');
  }

  async #read(table: CatalogTable): Promise<Sample> {
    const first = await this.#rows(table, SAMPLED_ROWS + 1, '');
    if (!Array.isArray(first)) return { rows: [], isWhole: false, failure: first.failure };
    if (first.length <= SAMPLED_ROWS) return { rows: first, isWhole: true, failure: undefined };
    const [key, ...more] = table.primaryKey;
    const last = key === undefined || more.length > 0 ? [] : await this.#rows(table, SAMPLED_ROWS / 2, key);
    const rows =
      Array.isArray(last) && last.length > 0
        ? [...first.slice(0, SAMPLED_ROWS / 2), ...last]
        : first.slice(0, SAMPLED_ROWS);
    return { rows, isWhole: false, failure: undefined };
  }

  async #rows(table: CatalogTable, limit: number, lastBy: string): Promise<Row[] | { failure: string }> {
    const { dialect: sql } = this.#database;
    const columns = [...table.columns.values()].filter(({ name }) => !isCredential(name));
    if (columns.length === 0) return [];
    const fields = columns.map(
      (column, index) =>
        `LEFT(${sql.exactText(`t.${sql.identifier(column.name)}`, column)}, ${READ_CHARACTERS}) AS c${index}`,
    );
    const order = lastBy === '' ? '' : ` ORDER BY t.${sql.identifier(lastBy)} DESC`;
    const rows = await this.#try<Row>(
      `SELECT ${fields.join(', ')} FROM ${sql.table(table.name)} AS t${order} LIMIT ${limit}`,
    );
    if (!Array.isArray(rows)) return rows;
    return rows.map((row) =>
      Object.fromEntries(columns.map((column, index) => [column.name, textOf(row[`c${index}`], column)])),
    );
  }

  async #try<R extends object>(query: string): Promise<R[] | { failure: string }> {
    try {
      return await this.#database.transaction((session) => session.rows<R>(query), {
        timeLimit: TIME_LIMIT,
      });
    } catch (error) {
      if (kindOfFailure(error) === 'lost') throw error;
      return { failure: error instanceof Error ? (error.message.split('\n')[0] ?? '') : String(error) };
    }
  }
}

/** Bytes come as hex; those that are no UTF-8 are no value. */
function textOf(value: string | null | undefined, { family }: CatalogColumn): string | null {
  if (value === null || value === undefined || family !== 'binary') return value ?? null;
  const hex = value.replace(/^\\x/, '');
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(Buffer.from(hex, 'hex'));
  } catch {
    return null;
  }
}

/** As keys are compared, near enough to count by. */
export const normalized = (value: string | null): string => (value ?? '').trim().toLowerCase();
