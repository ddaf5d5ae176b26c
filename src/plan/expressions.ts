import { cardColumns } from '../config/card-fields.js';
import type { CheckedValue } from '../config/checked.js';
import type { Layout } from '../config/layout.js';
import type { Dialect } from '../database/dialect.js';
import { CardRules } from './card-rules.js';
import { misfitsOf, readingFor } from './card-values.js';
import { AS_TEXT, fieldSql, type Own, ownOf, type Reading, valueSql } from './values.js';

/** The operator's link to its person: NULL where it is empty, or where the column is still to be added. */
export function linkSql(
  sql: Dialect,
  { configuration, operators, personKey }: Layout,
  alias: string,
): string {
  const column = operators.columns.get(configuration.operators.link);
  if (column === undefined) return sql.asKey('NULL', personKey);
  const value = `${alias}.${sql.identifier(column.name)}`;
  if (column.family !== 'text') return value;
  const filled = `NULLIF(${value}, '')`;
  // Servers refuse to compare texts of two collations, or choose one of them.
  const isOther = personKey.family === 'text' && column.collation !== personKey.collation;
  return isOther ? sql.asKey(filled, personKey) : filled;
}

/** The name of a row as people read it: the parts that are filled. */
export function nameSql(sql: Dialect, own: Own, parts: readonly CheckedValue[]): string {
  const texts = parts.map((part) => `NULLIF(${sql.text(valueSql(sql, part, own))}, '')`);
  return `CONCAT_WS(' ', ${texts.join(', ')})`;
}

/** The first of a card's values that its column cannot hold, as a JSON array [column, value, problem]; else NULL. */
export function misfitSql(sql: Dialect, layout: Layout, alias: string): string {
  const own = ownOf(sql, alias);
  const cases = cardColumns(layout).flatMap((field) => {
    if ('value' in field.source) return [];
    const reading = readingFor(field);
    const value = reading.shown(sql, valueSql(sql, field.source.from, own, reading));
    return misfitsOf(sql, alias, field).map(
      ({ condition, problem }) =>
        `WHEN ${condition} THEN ${sql.jsonArray([sql.literal(field.column), value, sql.literal(problem)])}`,
    );
  });
  const rules = new CardRules(layout, sql)
    .misfits()
    .map(
      ({ condition, blamed, problem }) =>
        `WHEN ${condition} THEN ${sql.jsonArray([sql.literal(blamed.column), blamed.value, sql.literal(problem)])}`,
    );
  cases.push(...rules);
  return cases.length === 0 ? 'NULL' : `CASE ${cases.join('\n         ')} END`;
}

/** What a decision rests on, as people call it and as it is found. */
export interface Field {
  readonly name: string;
  readonly value: CheckedValue;
  readonly reading: Reading;
}

/** The values that a decision about an operator rests on: its keys, and what goes onto the card. */
export function operatorFields({ keys, card }: Layout): readonly Field[] {
  const fields = [
    ...keys.map(({ operator }) => fieldOf(operator)),
    ...card.flatMap((field) =>
      'from' in field.source ? [fieldOf(field.source.from, readingFor(field))] : [],
    ),
  ];
  return [...new Map(fields.map((field) => [identityOf(field), field])).values()];
}

const fieldOf = (value: CheckedValue, reading = AS_TEXT): Field => ({ name: nameOf(value), value, reading });

/** As people call it: the column, with its table where that is another. */
export const nameOf = ({ column, rows }: CheckedValue) =>
  rows === undefined ? column.name : `${rows.table.name.name}.${column.name}`;

/** Equal for two values that are found in the same place and read alike. */
function identityOf({ value, reading }: Field): string {
  const place = JSON.stringify(value, (_, part) =>
    'family' in Object(part) || 'columns' in Object(part) ? part.name : part,
  );
  return reading === AS_TEXT ? place : `bytes of ${place}`;
}

/** They as a JSON array of texts: held against the row later on, they tell what changed, field by field. */
export function operatorFieldsSql(sql: Dialect, layout: Layout, alias: string): string {
  const own = ownOf(sql, alias);
  return sql.jsonArray(
    operatorFields(layout).map(({ value, reading }) => fieldSql(sql, value, own, reading)),
  );
}

/** The values of a person that a link to it rests on: its keys. */
export function personFields({ keys }: Layout): readonly Field[] {
  return keys.map(({ person }) => fieldOf(person));
}

/** The same of a person. */
export function personFieldsSql(sql: Dialect, layout: Layout, own: Own): string {
  return sql.jsonArray(personFields(layout).map(({ value }) => fieldSql(sql, value, own)));
}
