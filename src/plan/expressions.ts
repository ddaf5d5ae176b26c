import { cardColumns, columnOf, type Layout } from '../config/layout.js';
import type { Dialect } from '../database/dialect.js';
import type { CardField, Condition } from '../model/configuration.js';

/** A condition on the row `alias` as SQL; false where it compares with NULL. */
export function conditionSql(sql: Dialect, alias: string, condition: Condition): string {
  if ('all' in condition)
    return `(${condition.all.map((part) => conditionSql(sql, alias, part)).join(' AND ')})`;
  if ('any' in condition)
    return `(${condition.any.map((part) => conditionSql(sql, alias, part)).join(' OR ')})`;
  const column = `${alias}.${sql.identifier(condition.column)}`;
  if ('isNull' in condition) return `${column} IS ${condition.isNull ? '' : 'NOT '}NULL`;
  if ('in' in condition) return `COALESCE(${column} IN (${condition.in.map(sql.literal).join(', ')}), FALSE)`;
  if ('isNot' in condition) return `COALESCE(${column} <> ${sql.literal(condition.isNot)}, FALSE)`;
  return `COALESCE(${column} = ${sql.literal(condition.is)}, FALSE)`;
}

/** The condition where it is configured; otherwise it never holds. */
export function flagSql(sql: Dialect, alias: string, condition: Condition | undefined): string {
  return condition === undefined ? 'FALSE' : conditionSql(sql, alias, condition);
}

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

/** What a card's column gets from the operator row `alias`. */
export function cardValueSql(sql: Dialect, alias: string, { source }: CardField): string {
  return 'from' in source ? `${alias}.${sql.identifier(source.from)}` : sql.literal(source.value);
}

/** The first of a card's values that its column cannot hold, as a JSON array [column, value, problem]; else NULL. */
export function misfitSql(sql: Dialect, layout: Layout, alias: string): string {
  const cases = cardColumns(layout).flatMap((field) => {
    if (!('from' in field.source)) return [];
    const target = columnOf(layout.persons, field.column);
    const source = columnOf(layout.operators, field.source.from);
    const value = cardValueSql(sql, alias, field);
    const misfit = (problem: string) =>
      sql.jsonArray([sql.literal(field.column), sql.text(value), sql.literal(problem)]);
    const tooLong =
      target.length !== null &&
      target.family === 'text' &&
      (source.length === null || source.length > target.length)
        ? [
            `WHEN ${sql.characters(value)} > ${target.length} THEN ${misfit(`longer than ${target.length} characters`)}`,
          ]
        : [];
    const missing =
      !target.nullable && source.nullable
        ? [`WHEN ${value} IS NULL THEN ${misfit('empty, but required on the card')}`]
        : [];
    return [...tooLong, ...missing];
  });
  return cases.length === 0 ? 'NULL' : `CASE ${cases.join('\n         ')} END`;
}

/** The columns that a decision about an operator rests on: its keys, and what goes onto the card. */
export function operatorFields({ configuration: { match, card } }: Layout): readonly string[] {
  const sources = card.flatMap(({ source }) => ('from' in source ? [source.from] : []));
  return [...new Set([...match.keys.map(({ operator }) => operator), ...sources])];
}

/** They as a JSON array of texts: held against the row later on, they tell what changed, field by field. */
export function operatorFieldsSql(sql: Dialect, layout: Layout, alias: string): string {
  return sql.jsonArray(
    operatorFields(layout).map((column) => sql.text(`${alias}.${sql.identifier(column)}`)),
  );
}

/** The columns of a person that a link to it rests on: its keys. */
export function personFields({ configuration: { match } }: Layout): readonly string[] {
  return match.keys.map(({ person }) => person);
}

/** The same of a person, where `column` finds the n-th of them, counted from 1. */
export function personFieldsSql(
  sql: Dialect,
  layout: Layout,
  column: (name: string, number: number) => string,
): string {
  return sql.jsonArray(personFields(layout).map((name, index) => sql.text(column(name, index + 1))));
}
