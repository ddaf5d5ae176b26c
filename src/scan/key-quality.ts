import type { CheckedRows, CheckedValue } from '../config/checked.js';
import type { Layout } from '../config/layout.js';
import type { Dialect } from '../database/dialect.js';
import type { Session } from '../database/session.js';
import { nameOf } from '../plan/expressions.js';
import { ELSEWHERE, ownOf, readableSql, rowsSql } from '../plan/values.js';
import { type KeyEquality, keyEquality } from './key-equality.js';
import { judgeKey, type Verdict } from './key-judgement.js';
import { cardCtes, operatorSide, personSide, type Side } from './key-values.js';

/** How well one key tells humans apart on one side. Anonymized cards are left out: they have no keys. */
export interface SideQuality {
  readonly column: string;
  /** Human operators, or persons. */
  readonly rows: number;
  /** Rows with a value that counts as a key. */
  readonly filled: number;
  /** Rows with a value that `match.ignoreValues` lists, such as "-". */
  readonly ignored: number;
  readonly distinct: number;
  /** Values that several cards hold, and how many cards those are. */
  readonly shared: number;
  readonly sharing: number;
  /** At most three, as compared, cut after 60 characters; the most shared first. */
  readonly mostShared: readonly SharedValue[];
  readonly equality: KeyEquality;
}

export interface SharedValue {
  readonly value: string;
  readonly cards: number;
}

export interface KeyQuality {
  readonly key: string;
  readonly operators: SideQuality;
  readonly persons: SideQuality;
  readonly verdict: Verdict;
  /** The verdict in plain words. */
  readonly judgement: string;
}

/** Every key of the configuration, in its order, on both sides. */
export async function keyQualities(session: Session, layout: Layout, sql: Dialect): Promise<KeyQuality[]> {
  const [operatorCards, personCards] = [operatorSide(sql, layout), personSide(sql, layout)];
  const { ignoreValues } = layout.configuration.match;
  const found: KeyQuality[] = [];
  for (const key of layout.keys) {
    const measure = (side: Side, value: CheckedValue) => measureSide(session, sql, side, value, ignoreValues);
    const operators = await measure(operatorCards, key.operator);
    const persons = await measure(personCards, key.person);
    found.push({ key: key.name, operators, persons, ...judgeKey(operators, persons) });
  }
  return found;
}

interface Measured {
  cards: string | null;
  filled: string | null;
  ignored: string | null;
  values_held: string | null;
  values_shared: string | null;
  sharing: string | null;
  most_shared: string | null;
}

async function measureSide(
  session: Session,
  sql: Dialect,
  side: Side,
  value: CheckedValue,
  ignoreValues: readonly string[],
): Promise<SideQuality> {
  const [row] = await session.rows<Measured>(sideSql(sql, side, value, ignoreValues));
  const count = (text: string | null | undefined) => Number(text ?? 0);
  const pairs = JSON.parse(row?.most_shared ?? '[]') as [value: string, cards: number | string][];
  return {
    column: nameOf(value),
    ...(value.rows === undefined
      ? { rows: count(row?.cards), filled: count(row?.filled) }
      : await countCards(session, sql, side, value.rows, value, ignoreValues)),
    ignored: count(row?.ignored),
    distinct: count(row?.values_held),
    shared: count(row?.values_shared),
    sharing: count(row?.sharing),
    mostShared: pairs.map(([text, cards]) => ({ value: text, cards: Number(cards) })),
    equality: await keyEquality(session, sql, side, value, ignoreValues),
  };
}

/** Where a card may have several values, they say nothing of how many cards there are. */
async function countCards(
  session: Session,
  sql: Dialect,
  { table, alias, where }: Side,
  rows: CheckedRows,
  { column }: CheckedValue,
  ignoreValues: readonly string[],
): Promise<Pick<SideQuality, 'rows' | 'filled'>> {
  const value = readableSql(sql, `${ELSEWHERE}.${sql.identifier(column.name)}`, column);
  const ignored = ['', ...ignoreValues].map(sql.literal).join(', ');
  const isFilled = `EXISTS (SELECT 1 ${rowsSql(sql, rows, ownOf(sql, alias))} AND NOT COALESCE(${sql.normalized(value)} IN (${ignored}), TRUE))`;
  const [letter, letters] =
    sql.letters === undefined ? ['', ''] : [`WITH letter AS (${sql.letters})\n`, ' CROSS JOIN letter AS l'];
  const [row] = await session.rows<{ cards: string; filled: string | null }>(
    `${letter}SELECT ${sql.text('COUNT(*)')} AS cards, ${sql.text(`SUM(${sql.asNumber(isFilled)})`)} AS filled
  FROM ${sql.table(table)} AS ${alias}${letters}
 WHERE ${where}`,
  );
  return { rows: Number(row?.cards ?? 0), filled: Number(row?.filled ?? 0) };
}

/** Long enough to recognise a value; whole ones would make MariaDB group on disk, which takes three times as long. */
const SHOWN_CHARACTERS = 60;
const MOST_SHARED = 3;

function sideSql(sql: Dialect, side: Side, value: CheckedValue, ignoreValues: readonly string[]): string {
  const junk = ['', ...ignoreValues].map(sql.literal);
  const isJunk = `MAX(CASE WHEN t.text IN (${junk.join(', ')}) THEN 1 ELSE 0 END)`;
  const isEmpty = `MAX(CASE WHEN t.text IS NULL OR t.text = '' THEN 1 ELSE 0 END)`;
  const sum = (expression: string) => sql.text(`SUM(${expression})`);
  const ofKeys = (expression: string) => sum(`CASE WHEN v.is_key = 1 THEN ${expression} ELSE 0 END`);
  const ofShared = (expression: string) => sum(`CASE WHEN v.shared > 0 THEN ${expression} ELSE 0 END`);
  const top = `CASE WHEN v.shared > 0 AND v.place <= ${MOST_SHARED} THEN ${sql.jsonArray(['v.text', 'v.cards'])} END`;
  return `-- how well a key tells cards apart
WITH ${cardCtes(sql, side, value)},
held AS (
  SELECT MIN(LEFT(t.text, ${SHOWN_CHARACTERS})) AS text, COUNT(*) AS cards,
         ${isEmpty} AS is_empty, ${isJunk} AS is_junk
    FROM card AS t GROUP BY ${sql.fingerprint('t.text')}),
judged AS (
  SELECT h.*, CASE WHEN h.is_empty = 0 AND h.is_junk = 0 THEN 1 ELSE 0 END AS is_key,
         CASE WHEN h.is_empty = 0 AND h.is_junk = 0 AND h.cards > 1 THEN h.cards ELSE 0 END AS shared
    FROM held AS h),
ranked AS (
  SELECT j.*, ROW_NUMBER() OVER (ORDER BY j.shared DESC, CASE WHEN j.shared > 0 THEN j.text END) AS place
    FROM judged AS j)
SELECT ${sum('v.cards')} AS cards, ${ofKeys('v.cards')} AS filled,
       ${sum('CASE WHEN v.is_empty = 0 AND v.is_junk = 1 THEN v.cards ELSE 0 END')} AS ignored,
       ${ofKeys('1')} AS values_held, ${ofShared('1')} AS values_shared, ${ofShared('v.cards')} AS sharing,
       ${sql.joinJson(top, 'v.place')} AS most_shared
  FROM ranked AS v`;
}
