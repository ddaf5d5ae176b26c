import type { Reading } from '../stored-tables.js';

/** Of any length: their digest stands for them, since what CONCAT makes is bounded by `max_allowed_packet`. */
const LONG = /text|blob|^json|^vector|^geom|point|linestring|polygon/;

/** More rows than any table has: the server then keeps what it has computed for each, rather than compute it again. */
const ALL_ROWS = '18446744073709551615';

const half = (from: number) =>
  `CAST(COALESCE(SUM(CAST(CONV(SUBSTR(d.digest, ${from}, 16), 16, 10) AS DECIMAL(20, 0))), 0) AS CHAR)`;

/**
 * A row's text has a mark or a length before each value, so that no two rows have the same. Digests are added up rather
 * than combined bit by bit: a row that is there twice counts twice. A row that is too long to be put together has no
 * digest, and is missing from `digested`.
 */
export function contentDigestMysql(from: string, readings: readonly Reading[]): string {
  const values = readings.map(valueSql);
  const ofRow = values.filter((_, index) => !readings[index]?.isApart);
  const sums = values.map((value) => `CAST(SUM(CRC32(${value})) AS CHAR)`);
  return `SELECT r.row_count, r.digested, r.first_half, r.second_half, c.column_sums
  FROM (SELECT CAST(COUNT(*) AS CHAR) AS row_count, CAST(COUNT(d.digest) AS CHAR) AS digested,
               ${half(1)} AS first_half,
               ${half(17)} AS second_half
          FROM (SELECT SHA2(CONCAT(${["''", ...ofRow].join(',\n                                   ')}), 256) AS digest
                  FROM ${from}
                 LIMIT ${ALL_ROWS}) AS d) AS r
 CROSS JOIN (SELECT JSON_ARRAY(${sums.join(', ')}) AS column_sums
               FROM ${from}) AS c`;
}

function valueSql({ expression, column: { type }, instead }: Reading): string {
  const own = marked(expression, type);
  return instead === undefined
    ? own
    : `CASE WHEN ${instead.where} THEN ${marked(instead.expression, type)} ELSE ${own} END`;
}

/** Asks for NULL itself: what could not be computed must stay NULL, and not be taken for an empty value. */
function marked(expression: string, type: string): string {
  const value = LONG.test(type)
    ? `SHA2(${expression}, 256)`
    : `CONCAT(LENGTH(${bytes(expression, type)}), ':', ${bytes(expression, type)})`;
  return `IF(${expression} IS NULL, 'N', ${value})`;
}

function bytes(expression: string, type: string): string {
  // An instant, which the server would show in the time zone of the session.
  if (type.startsWith('timestamp')) return `CAST(UNIX_TIMESTAMP(${expression}) + 0.000000 AS CHAR)`;
  // A float is shown with six digits, as a double with all it has.
  if (/^(float|double|real)/.test(type)) return `CAST(${expression} * 1e0 AS CHAR)`;
  if (type.startsWith('bit')) return `HEX(${expression})`;
  // An empty text is one of the labels, or no label at all.
  if (/^(enum|set)/.test(type)) return `CONCAT(${expression} + 0, ' ', CAST(${expression} AS BINARY))`;
  if (/char|binary/.test(type)) return `CAST(${expression} AS BINARY)`;
  return `CAST(${expression} AS CHAR)`;
}
