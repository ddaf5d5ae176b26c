import type { Scalar, TableName } from '../model/configuration.js';
import type { NewKey } from './new-key.js';
import type { Column } from './schema.js';
import type { Reading } from './stored-tables.js';

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
  /** True where a text of any origin, be it a key or not, spells this key; joins large tables quickly. */
  isKey(expression: string, text: string, column: Column): string;
  /** What bytes say as UTF-8; NULL where they are none. */
  decoded(expression: string): string;
  /** Tells bytes apart that are no text, and reads alike on every server: `sha256:` and hexadecimal digits. */
  bytesDigest(expression: string): string;
  /** A pattern of `*` and `?`, held against a text byte by byte, whatever the collation. */
  matches(expression: string, pattern: string): string;
  /**
   * Two columns with the same value, by an index on the left one where there is one. Texts are compared byte by
   * byte, whatever their collations.
   */
  joined(left: Operand, right: Operand): string;
  /** Sorts like the key's text, byte by byte, whatever the collation. */
  keyOrder(expression: string, column: Pick<Column, 'family'>): string;

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
  /** Its first so many characters, less one that the cut would split: a letter with its accents, a joined emoji. */
  truncated(expression: string, length: number): string;
  /**
   * A value of one column in the type of another; NULL where it cannot be that.
   * Only where `isConvertible`.
   */
  converted(expression: string, from: Column, target: Column): string;
  /** A value as the column itself would have it: its type, and its own idea of equality. */
  asColumn(expression: string, column: Column): string;
  /** An expression over the plain names of columns, evaluated for these values in their stead. */
  evaluated(expression: string, values: ReadonlyMap<string, string>): string;
  /** Where such a value is beyond what the column can hold. */
  unstorable(expression: string, from: Column, target: Column): Misfit[];
  /** 1 or 0; usable in sums. */
  asNumber(condition: string): string;

  /** Rows of constants as a SELECT: each column a text, or NULL; one literal, however many rows. */
  constants(columns: readonly string[], rows: readonly (readonly (string | null)[])[]): string;

  /** The day that the server's clock shows in UTC, as ISO 8601 text. */
  readonly today: string;
  /**
   * What such a column holds as ISO 8601 text: `2026-05-31`, `2026-05-31T08:00:00.000000`, and with a `Z` where the
   * server knows which instant it was. What is no day of the years 1 to 9999 comes as the server writes it.
   * Undefined for a column that holds no dates.
   */
  isoTime(expression: string, column: Column): string | undefined;

  /** The whole number that a text spells. */
  asInteger(expression: string): string;

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
  /** Fires what the application's triggers and constraints have put off until the commit; undefined where none can. */
  readonly fireDeferred: string | undefined;
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

  /**
   * One row (`ContentDigestRow`) about all rows of a FROM clause, in no order: how many they are, a digest of them all,
   * and a sum per column. Equal for the same rows alone, whatever collations, time zones and formats are set, once
   * `exactReading` was said. -0 is not 0 where the server shows it otherwise.
   */
  contentDigest(from: string, readings: readonly Reading[]): string;
  /** Said first in a transaction that reads digests. */
  readonly exactReading: readonly string[];
}

/** Why a value cannot be stored: it cannot where the condition holds. */
export interface Misfit {
  /** SQL. */
  readonly condition: string;
  /** Goes on after the value: "longer than 20 characters". */
  readonly problem: string;
}

/** A column in an expression. */
export interface Operand {
  readonly expression: string;
  readonly column: Column;
}

/** What a text has to be like, in SQL's own pattern language, with `!` as its escape. */
export function likePattern(pattern: string): string {
  return pattern.replace(/[!%_]/g, '!$&').replaceAll('*', '%').replaceAll('?', '_');
}

/** Bytes, in hexadecimal digits, that are UTF-8 (RFC 3629) without NUL. */
export const UTF8_IN_HEX = `^(${[
  '0[1-9a-f]',
  '[1-7][0-9a-f]',
  'c[2-9a-f][89ab][0-9a-f]',
  'd[0-9a-f][89ab][0-9a-f]',
  'e0[ab][0-9a-f][89ab][0-9a-f]',
  'e[1-9abcef]([89ab][0-9a-f]){2}',
  'ed[89][0-9a-f][89ab][0-9a-f]',
  'f0[9ab][0-9a-f]([89ab][0-9a-f]){2}',
  'f[123]([89ab][0-9a-f]){3}',
  'f48[0-9a-f]([89ab][0-9a-f]){2}',
].join('|')})*$`;

export const JOURNAL_TABLES = [
  'run',
  'decision',
  'change',
  'human_decision',
  'run_report',
  'rollback',
  'taken_back',
  'purge',
  'withheld_line',
] as const;
export type JournalTable = (typeof JOURNAL_TABLES)[number];
/** They, and those in which knex keeps what was done. */
export const JOURNAL_TABLE_NAMES = [...JOURNAL_TABLES, 'migration', 'migration_lock'] as const;
