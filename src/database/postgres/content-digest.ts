import type { Reading } from '../stored-tables.js';

/**
 * Said before digests are read, in their transaction: how the server writes values as text must not depend on the
 * user, the database or the session. Of a floating-point number, every digit counts.
 */
export const EXACT_READING: readonly string[] = [
  'SET TRANSACTION READ ONLY',
  'SET LOCAL extra_float_digits = 3',
  `SET LOCAL bytea_output = 'hex'`,
  `SET LOCAL datestyle = 'ISO, YMD'`,
  `SET LOCAL intervalstyle = 'postgres'`,
  `SET LOCAL timezone = 'UTC'`,
  `SET LOCAL lc_monetary = 'C'`,
];

const half = (from: number) =>
  `CAST(COALESCE(SUM(CAST(CAST('x' || substr(r.digest, ${from}, 16) AS bit(64)) AS bigint)), 0) AS text)`;

/**
 * The text of a row quotes its values and tells NULL from an empty one, so that no two rows have the same. Digests are
 * added up rather than combined bit by bit: a row that is there twice counts twice.
 */
export function contentDigestPostgres(
  from: string,
  readings: readonly Reading[],
  jsonArray: (expressions: readonly string[]) => string,
): string {
  const values = readings.map(valueSql);
  const ofRow = values.filter((_, index) => !readings[index]?.isApart);
  const sums = readings.map(
    (_, index) => `CAST(SUM(hashtextextended(CAST(r.c${index} AS text) COLLATE "C", 0)) AS text)`,
  );
  return `SELECT CAST(COUNT(*) AS text) AS row_count, CAST(COUNT(r.digest) AS text) AS digested,
       ${half(1)} AS first_half,
       ${half(17)} AS second_half,
       ${jsonArray(sums)} AS column_sums
  FROM (SELECT ${['', ...values.map((value, index) => `${value} AS c${index},\n               `)].join('')}encode(sha256(convert_to(CAST(ROW(${ofRow.join(', ')}) AS text), 'UTF8')), 'hex') AS digest
          FROM ${from}
        OFFSET 0) AS r`;
}

function valueSql({ expression, column, instead }: Reading): string {
  if (instead === undefined) return expression;
  return `CASE WHEN ${instead.where} THEN CAST(${instead.expression} AS ${column.type}) ELSE ${expression} END`;
}
