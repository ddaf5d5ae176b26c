import type { Scalar, TableName } from '../model/configuration.js';
import type { NewKey } from './new-key.js';
import type { Column } from './schema.js';

/**
 * What the servers say differently, as verbs that build SQL text. Expressions come in and go out as SQL;
 * values and identifiers are quoted here and nowhere else.
 */
export interface Dialect {
  identifier(name: string): string;
  table(name: TableName): string;
  /** @throws OnecardError for text with NUL, which no server here can hold. */
  literal(value: Scalar | null): string;

  /** The journal's own table of that name. */
  journal(table: JournalTable): string;

  /** A key or a text as text that reads back to the same value. */
  text(expression: string): string;
  /** A value of a column of any type as text: equal texts stand for equal values. */
  exactText(expression: string, column: Column): string;
  /** Text from the journal as a value that is compared with this key column by its index. */
  asKey(expression: string, column: Column): string;
  /** Sorts like the key's text, byte by byte, whatever the collation. */
  keyOrder(expression: string, column: Column): string;

  /** A row of constants, aliased `l`, that `normalized` reads; undefined where it needs none. */
  readonly letters: string | undefined;
  /** Trimmed and lower-cased as keys are compared (DESIGN §2). */
  normalized(expression: string): string;
  /** Groups normalized values bytewise, quickly; null for null. */
  fingerprint(expression: string): string;
  /** A small number that equal texts have in common; others hardly ever. */
  digest(expression: string): string;
  /** True where the text holds a letter whose lower case is unsure on this server. */
  unsure(expression: string): string;
  /** The number of characters. */
  characters(expression: string): string;
  /** 1 or 0; usable in sums. */
  asNumber(condition: string): string;

  /** A JSON array of one row's values, as text. */
  jsonArray(expressions: readonly string[]): string;
  /** Aggregates: a JSON array, as text, of the JSON texts of a group; nulls left out. */
  joinJson(expression: string, orderBy?: string): string;
  /** The JSON text of a text value. */
  jsonText(expression: string): string;
  /** An element of such an array, counted from 0, as text; NULL for null. */
  jsonElement(expression: string, index: number): string;

  /** Materializes a CTE that is read more than once, where the server knows how. */
  readonly materialized: string;
  /** Inlines a CTE, where the server would not by itself. */
  readonly inlined: string;
  /** Ends a subquery whose columns are read several times, where the server would repeat their expressions. */
  readonly evaluatedOnce: string;

  /** HMAC-SHA-256 of a text, as hex; the key is 32 bytes of hex. */
  hmac(text: string, key: string): string;
  newKey(column: Column, table: TableName): NewKey;
  /** What stands before the rows of an INSERT that gives this column a value, though the server would. */
  overriding(column: Column): string;
  /**
   * Ends an INSERT … SELECT that gives the expression for each new row, in the order of the rows; undefined where
   * the server knows no such thing.
   */
  readonly returning: ((expression: string) => string) | undefined;
  /** The key that the server has counted up for the row inserted last. */
  readonly lastInserted: string;
  /** The type of another column that is to hold the values of this one. */
  columnType(column: Column): string;
  /** Refreshes the statistics of a journal table. */
  analyze(table: JournalTable): string;
  /**
   * Ends a SELECT that locks the rows of one alias, or those of all: against changes, while others may still
   * refer to them; `toDelete` also against new references.
   */
  lockRows(alias: string, toDelete?: 'toDelete'): string;
  /** UPDATE `target` (aliased `o`) from rows of `source` (aliased `c`). */
  updateFrom(parts: { target: string; source: string; on: string; set: string; where: string }): string;
  /** DELETE from `target` (aliased `o`) what meets rows of `source` (aliased `c`). */
  deleteFrom(parts: { target: string; source: string; on: string; where: string }): string;
  /** How a column of the updated table is qualified in SET. */
  qualifiedInSet(alias: string): string;
  /** Null-safe equality. */
  same(left: string, right: string): string;
}

export const JOURNAL_TABLES = ['run', 'decision', 'change'] as const;
export type JournalTable = (typeof JOURNAL_TABLES)[number];
/** They, and those in which knex keeps what was done. */
export const JOURNAL_TABLE_NAMES = [...JOURNAL_TABLES, 'migration', 'migration_lock'] as const;
