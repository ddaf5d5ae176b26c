import type { CheckedValue } from '../config/checked.js';
import type { Layout } from '../config/layout.js';
import type { Dialect } from '../database/dialect.js';
import { belongsSql, ELSEWHERE, ownOf, readableSql } from '../plan/values.js';
import { candidatePersonSql, humanOperatorSql } from './living-cards.js';

/** One side whose cards are looked at: human operators, or persons, without anonymized ones. */
export interface Side {
  readonly table: Layout['operators']['name'];
  readonly alias: 'o' | 'p';
  readonly key: string;
  /** The cards that count. */
  readonly where: string;
}

export const operatorSide = (sql: Dialect, layout: Layout): Side => ({
  table: layout.operators.name,
  alias: 'o',
  key: layout.configuration.operators.key,
  where: humanOperatorSql(sql, layout),
});

export const personSide = (sql: Dialect, layout: Layout): Side => ({
  table: layout.persons.name,
  alias: 'p',
  key: layout.configuration.persons.key,
  where: candidatePersonSql(sql, layout),
});

/**
 * Named queries; `card`, the last of them, has the columns `raw`, as the column holds it, and `text`, as it is
 * compared: a row for each card, or of a key that lies elsewhere for each of its values, and NULL where it has none.
 */
export function cardCtes(
  sql: Dialect,
  { table, alias, key, where }: Side,
  { column, rows }: CheckedValue,
): string {
  const [letter, letters] =
    sql.letters === undefined
      ? ['', '']
      : [`letter AS ${sql.inlined}(${sql.letters}),\n`, ' CROSS JOIN letter AS l'];
  const own = ownOf(sql, alias);
  const read = (expression: string) => readableSql(sql, expression, column);
  const from = `FROM ${sql.table(table)} AS ${alias}`;
  if (rows === undefined) {
    const raw = read(own(column.name));
    return `${letter}card AS ${sql.inlined}(
  SELECT ${raw} AS raw, ${sql.normalized(raw)} AS text
    ${from}${letters}
   WHERE ${where})`;
  }
  const raw = read(`${ELSEWHERE}.${sql.identifier(column.name)}`);
  return `${letter}card AS ${sql.materialized}(
  SELECT MIN(c.raw) AS raw, MIN(c.text) AS text
    FROM (SELECT ${own(key)} AS card, ${raw} AS raw, ${sql.normalized(raw)} AS text
            ${from}
            LEFT JOIN ${sql.table(rows.table.name)} AS ${ELSEWHERE} ON ${belongsSql(sql, rows, own)}${letters}
           WHERE ${where}) AS c
   GROUP BY c.card, ${sql.fingerprint('c.text')})`;
}
