import type { CheckedValue } from '../config/checked.js';
import type { Dialect } from '../database/dialect.js';
import type { Session } from '../database/session.js';
import { cardCtes, type Side } from './key-values.js';

/** Where the database's own idea of equality differs from how keys are compared here; null where it does not. */
export interface KeyEquality {
  /** The database takes for the same what is compared as different: accents, with some collations. */
  readonly takenAsOne: Differing | null;
  /** The database tells apart what is compared as the same: upper and lower case, with most. */
  readonly toldApart: Differing | null;
}

export interface Differing {
  /** How many values that is about. */
  readonly values: number;
  /** Two that differ so. */
  readonly example: readonly [string, string];
}

interface Row {
  as_one: string;
  as_one_first: string | null;
  as_one_last: string | null;
  apart: string;
  apart_first: string | null;
  apart_last: string | null;
}

/** Texts alone are equal in several ways. */
export async function keyEquality(
  session: Session,
  sql: Dialect,
  side: Side,
  value: CheckedValue,
  ignored: readonly string[],
): Promise<KeyEquality> {
  if (value.column.family !== 'text') return { takenAsOne: null, toldApart: null };
  const [row] = await session.rows<Row>(equalitySql(sql, side, value, ignored));
  const differing = (values: string | undefined, first?: string | null, last?: string | null) =>
    Number(values ?? 0) === 0
      ? null
      : { values: Number(values), example: [first ?? '', last ?? ''] as const };
  return {
    takenAsOne: differing(row?.as_one, row?.as_one_first, row?.as_one_last),
    toldApart: differing(row?.apart, row?.apart_first, row?.apart_last),
  };
}

function equalitySql(sql: Dialect, side: Side, value: CheckedValue, ignored: readonly string[]): string {
  const bytes = (text: string) => sql.keyOrder(sql.text(text), { family: 'text' });
  const shown = (text: string) => sql.text(text);
  const first = (of: string, column: string) =>
    `(SELECT ${shown(column)} FROM ${of} ORDER BY ${bytes('first')} LIMIT 1)`;
  return `-- where the database's own idea of equality differs from ours
WITH ${cardCtes(sql, side, value)},
compared AS (
  SELECT t.raw, t.text, ${sql.fingerprint('t.text')} AS value
    FROM card AS t
   WHERE t.text NOT IN (${['', ...ignored].map(sql.literal).join(', ')})),
as_one AS (
  SELECT MIN(t.text) AS first, MAX(t.text) AS last
    FROM compared AS t GROUP BY t.raw HAVING COUNT(DISTINCT t.value) > 1),
apart AS (
  SELECT MIN(${shown('t.raw')}) AS first, MAX(${shown('t.raw')}) AS last
    FROM compared AS t GROUP BY t.value HAVING COUNT(DISTINCT t.raw) > 1)
SELECT (SELECT ${sql.text('COUNT(*)')} FROM as_one) AS as_one,
       ${first('as_one', 'first')} AS as_one_first, ${first('as_one', 'last')} AS as_one_last,
       (SELECT ${sql.text('COUNT(*)')} FROM apart) AS apart,
       ${first('apart', 'first')} AS apart_first, ${first('apart', 'last')} AS apart_last`;
}
