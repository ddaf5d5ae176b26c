import type { Layout } from '../config/layout.js';
import type { Dialect } from '../database/dialect.js';
import { consequenceOf, consequenceOfWord, REASONS, type Reason } from '../model/decision.js';
import { STANDING_WORDS } from '../model/human-decision.js';
import { ClassifiedTables } from './classified-tables.js';
import type { Decided } from './decided.js';
import { KeyHits } from './key-hits.js';
import { settledSql } from './twins.js';
import { type Columns, Verdict } from './verdict.js';

/**
 * The one classification (DESIGN §2): a query with one row per operator row, and the columns of `ClassifiedRow`.
 *
 * Each side is grouped by the value of a key *before* the sides meet: joining the rows themselves would pair
 * every card that holds a junk value with every other. What no second card holds is dropped there, so that all
 * that follows is about the few values that several cards share. To normalise a key costs as much as to read
 * its row, hence each one is evaluated where it is grouped, and once more where its value is looked up.
 */
export function classificationSql(
  layout: Layout,
  sql: Dialect,
  more: Columns = {},
  decided?: Decided,
): string {
  const tables = new ClassifiedTables(layout, sql, decided);
  return `WITH ${new KeyHits(tables, true).ctes().join(',\n')}
SELECT j.*, ${consequencesSql(layout, 'j', decided)}
  FROM (
${settledSql(new Verdict(tables, true), layout, sql, more)}
) AS j`;
}

/** The tally of all decisions, counted by the server; operators with a finding one by one, by their keys. */
export function tallySql(layout: Layout, sql: Dialect, decided?: Decided): string {
  const tables = new ClassifiedTables(layout, sql, decided);
  const word = decided === undefined ? '' : ', j.word';
  return `WITH ${new KeyHits(tables, false).ctes().join(',\n')}
SELECT ${consequencesSql(layout, 't', decided)}, t.reason, t.finding, t.operator, ${sql.text('t.operators')} AS operators
  FROM (
SELECT j.reason, j.finding, j.operator${word}, COUNT(*) AS operators
  FROM (
SELECT j.reason, j.finding${word}, CASE WHEN j.finding IS NOT NULL THEN ${sql.text('j.operator')} END AS operator
  FROM (
${settledSql(new Verdict(tables, false), layout, sql)}
) AS j
) AS j
 GROUP BY j.reason, j.finding, j.operator${word}
) AS t`;
}

/** The simple form of CASE looks the reason up once: servers repeat the expression for each name. */
function consequencesSql(
  { configuration: { policies } }: Layout,
  alias: string,
  decided: Decided | undefined,
): string {
  const ordinary = (of: 'decision' | 'action') =>
    `CASE ${alias}.reason ${ORDINARY.map((reason) => `WHEN '${reason}' THEN '${consequenceOf(reason, policies)[of]}'`).join(' ')} END`;
  const caseOf = (of: 'decision' | 'action') => {
    if (decided === undefined) return ordinary(of);
    const words = STANDING_WORDS.map((word) => `WHEN '${word}' THEN '${consequenceOfWord(word)[of]}'`);
    return `CASE WHEN ${alias}.reason = 'decided' THEN CASE ${alias}.word ${words.join(' ')} END ELSE ${ordinary(of)} END`;
  };
  return `${caseOf('decision')} AS decision,
       ${caseOf('action')} AS action`;
}

const ORDINARY = (Object.keys(REASONS) as Reason[]).filter((reason) => reason !== 'decided');
