import type { Layout } from '../config/layout.js';
import type { Dialect } from '../database/dialect.js';
import { consequenceOf, REASONS, type Reason } from '../model/decision.js';
import { ClassifiedTables } from './classified-tables.js';
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
export function classificationSql(layout: Layout, sql: Dialect, more: Columns = {}): string {
  const tables = new ClassifiedTables(layout, sql);
  return `WITH ${new KeyHits(tables, true).ctes().join(',\n')}
SELECT j.*, ${consequencesSql(layout, 'j')}
  FROM (
${settledSql(new Verdict(tables, true), layout, sql, more)}
) AS j`;
}

/** The tally of all decisions, counted by the server; operators with a finding one by one, by their keys. */
export function tallySql(layout: Layout, sql: Dialect): string {
  const tables = new ClassifiedTables(layout, sql);
  return `WITH ${new KeyHits(tables, false).ctes().join(',\n')}
SELECT ${consequencesSql(layout, 't')}, t.reason, t.finding, t.operator, ${sql.text('t.operators')} AS operators
  FROM (
SELECT j.reason, j.finding, j.operator, COUNT(*) AS operators
  FROM (
SELECT j.reason, j.finding, CASE WHEN j.finding IS NOT NULL THEN ${sql.text('j.operator')} END AS operator
  FROM (
${settledSql(new Verdict(tables, false), layout, sql)}
) AS j
) AS j
 GROUP BY j.reason, j.finding, j.operator
) AS t`;
}

/** The simple form of CASE looks the reason up once: servers repeat the expression for each name. */
function consequencesSql({ configuration: { policies } }: Layout, alias: string): string {
  const cases = (of: 'decision' | 'action') =>
    Object.keys(REASONS)
      .map((reason) => `WHEN '${reason}' THEN '${consequenceOf(reason as Reason, policies)[of]}'`)
      .join(' ');
  return `CASE ${alias}.reason ${cases('decision')} END AS decision,
       CASE ${alias}.reason ${cases('action')} END AS action`;
}
