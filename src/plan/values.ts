import type { CheckedCondition, CheckedFlag, CheckedRows, CheckedValue } from '../config/checked.js';
import { asColumnWrites } from '../config/comparable.js';
import type { Dialect } from '../database/dialect.js';
import type { Column, TypeFamily } from '../database/schema.js';
import type { Scalar } from '../model/configuration.js';

/** How a statement names a column of the row at hand: by the alias of its table, or as a named query has it. */
export type Own = (column: string) => string;

export const ownOf =
  (sql: Dialect, alias: string): Own =>
  (column) =>
    `${alias}.${sql.identifier(column)}`;

/** What the column holds, where bytes stand for text; `expression` finds it. */
export function readableSql(sql: Dialect, expression: string, { family }: Column): string {
  return family === 'binary' ? sql.decoded(expression) : expression;
}

/** What becomes of a column's bytes, and how people see what was read. */
export interface Reading {
  read(sql: Dialect, expression: string, column: Column): string;
  shown(sql: Dialect, value: string): string;
}

/** Bytes are text, as in a key/value table. */
export const AS_TEXT: Reading = { read: readableSql, shown: (sql, value) => sql.text(value) };

/** Bytes stay bytes: a photograph, a key of 16 bytes. */
export const AS_BYTES: Reading = {
  read: (_, expression) => expression,
  shown: (sql, value) => sql.bytesDigest(value),
};

/** The one value of a row; where rows elsewhere give several, the first of them, byte by byte. */
export function valueSql(
  sql: Dialect,
  { column, rows }: CheckedValue,
  own: Own,
  { read, shown } = AS_TEXT,
): string {
  if (rows === undefined) return read(sql, own(column.name), column);
  const value = read(sql, theirs(sql)(column.name), column);
  return `(SELECT ${value} ${rowsSql(sql, rows, own)} AND ${value} IS NOT NULL
            ORDER BY ${byBytes(sql, shown(sql, value))} LIMIT 1)`;
}

/** All values of a row, as one text: the value itself, or a JSON array of those that rows elsewhere give. */
export function fieldSql(sql: Dialect, value: CheckedValue, own: Own, reading = AS_TEXT): string {
  const { column, rows } = value;
  if (rows === undefined) return reading.shown(sql, valueSql(sql, value, own, reading));
  const text = reading.shown(sql, reading.read(sql, theirs(sql)(column.name), column));
  return `(SELECT ${sql.joinJson(sql.jsonText(text), byBytes(sql, text))} ${rowsSql(sql, rows, own)})`;
}

/** Holds where there are bytes that no text is made of. */
export function unreadableSql(sql: Dialect, { column, rows }: CheckedValue, own: Own): string {
  const isUnreadable = (bytes: string) => `${bytes} IS NOT NULL AND ${sql.decoded(bytes)} IS NULL`;
  return rows === undefined
    ? `(${isUnreadable(own(column.name))})`
    : `EXISTS (SELECT 1 ${rowsSql(sql, rows, own)} AND ${isUnreadable(theirs(sql)(column.name))})`;
}

/** How many different values rows elsewhere give. */
export function differentValuesSql(
  sql: Dialect,
  column: Column,
  rows: CheckedRows,
  own: Own,
  { read, shown } = AS_TEXT,
): string {
  const text = shown(sql, read(sql, theirs(sql)(column.name), column));
  return `(SELECT COUNT(DISTINCT ${byBytes(sql, text)}) ${rowsSql(sql, rows, own)})`;
}

/** In a statement about rows elsewhere they have this alias; rows of their own get a longer one. */
export const ELSEWHERE = 'v';
const theirs = (sql: Dialect) => ownOf(sql, ELSEWHERE);

/** FROM and WHERE of the rows that belong to a row of ours. */
export function rowsSql(sql: Dialect, rows: CheckedRows, own: Own, alias = ELSEWHERE): string {
  return `FROM ${sql.table(rows.table.name)} AS ${alias} WHERE ${belongsSql(sql, rows, own, alias)}`;
}

/** Holds for rows that belong to a row of ours. */
export function belongsSql(sql: Dialect, { on, where }: CheckedRows, own: Own, alias = ELSEWHERE): string {
  const their = ownOf(sql, alias);
  const pairs = on.map(({ theirs: column, ours }) =>
    sql.joined({ expression: their(column.name), column }, { expression: own(ours.name), column: ours }),
  );
  return [...pairs, ...(where === undefined ? [] : [conditionSql(sql, their, where, alias)])].join(' AND ');
}

/** A condition on a row as SQL; false where it compares with NULL. */
export function conditionSql(sql: Dialect, own: Own, condition: CheckedCondition, alias = ''): string {
  const part = (each: CheckedCondition) => conditionSql(sql, own, each, alias);
  if ('all' in condition) return `(${condition.all.map(part).join(' AND ')})`;
  if ('any' in condition) return `(${condition.any.map(part).join(' OR ')})`;
  if ('not' in condition) return `NOT ${part(condition.not)}`;
  if ('row' in condition)
    return `EXISTS (SELECT 1 ${rowsSql(sql, condition.row, own, `${alias}${ELSEWHERE}`)})`;
  const { column } = condition;
  const value = own(column.name);
  if ('isNull' in condition) return `${value} IS ${condition.isNull ? '' : 'NOT '}NULL`;
  if ('matches' in condition)
    return `COALESCE(${sql.matches(readableSql(sql, value, column), condition.matches)}, FALSE)`;
  if ('in' in condition) return isOneOfSql(sql, value, column, condition.in);
  if ('isNot' in condition)
    return `(${value} IS NOT NULL AND NOT ${isOneOfSql(sql, value, column, [condition.isNot])})`;
  return isOneOfSql(sql, value, column, [condition.is]);
}

/** The condition where it is configured; otherwise it never holds. */
export function flagSql(sql: Dialect, own: Own, condition: CheckedCondition | undefined): string {
  return condition === undefined ? 'FALSE' : conditionSql(sql, own, condition);
}

const TEXTS: ReadonlySet<TypeFamily> = new Set<TypeFamily>(['text', 'binary', 'uuid', 'enum', 'other']);

const byBytes = (sql: Dialect, text: string) => sql.keyOrder(text, { family: 'text' });

/** Holds for a person whom the flag grants nothing; never where its column is still to be added. */
export function deniedSql(sql: Dialect, own: Own, flag: CheckedFlag): string {
  if ('row' in flag) return conditionSql(sql, own, { not: flag });
  return flag.found === undefined ? 'FALSE' : conditionSql(sql, own, { column: flag.found, is: flag.denied });
}

/** Texts byte by byte: most collations would take "Anna" for "anna", and "a " for "a". */
function isOneOfSql(sql: Dialect, value: string, column: Column, constants: readonly Scalar[]): string {
  const isText = TEXTS.has(column.family);
  const compared = isText ? byBytes(sql, sql.text(readableSql(sql, value, column))) : value;
  const written = constants.map((constant) => {
    const literal = sql.literal(asColumnWrites(column, constant));
    return isText ? byBytes(sql, literal) : literal;
  });
  return written.length === 1
    ? `COALESCE(${compared} = ${written[0]}, FALSE)`
    : `COALESCE(${compared} IN (${written.join(', ')}), FALSE)`;
}
