import type { Layout } from '../config/layout.js';
import type { Dialect } from '../database/dialect.js';
import { PURGED } from '../journal/journal.js';
import { isPurged, type Run } from '../journal/run.js';
import { FINDINGS, type Finding } from '../model/decision.js';
import { linkSql } from '../plan/expressions.js';
import { conditionSql, flagSql, ownOf } from '../plan/values.js';

/**
 * How a human operator stands:
 * linked     its person exists
 * exempt     needs none by the policies for archived and anonymized operators
 * review     the newest run left it for a human to decide
 * skipped    the newest run left it out
 * stale      the newest run meant to write, and did not, since something had changed or failed
 * taken-back what a run did for it was taken back, and no run has said anything else since
 * purged     the newest run knew why, and its word is gone from the journal
 * open       there is no run that could have said anything
 * pending    the newest run has not come to it yet
 * unknown    none of all that: it came after the newest run, or lost its link
 * broken     linked to a person that does not exist
 */
export type Standing =
  | 'linked'
  | 'exempt'
  | 'review'
  | 'skipped'
  | 'stale'
  | 'taken-back'
  | 'purged'
  | 'open'
  | 'pending'
  | 'unknown'
  | 'broken';

/** A run with an approved plan wrote nothing for it, as for what is stale. */
const LEFT_OUT: Finding = 'not-as-approved';

/** A CTE `standing`: of every human operator how it stands, its person, and what the journal says of it. */
export function standingSql(sql: Dialect, layout: Layout, newest: Run | undefined): string {
  const { operators, persons } = layout.configuration;
  const key = `o.${sql.identifier(operators.key)}`;
  const personKey = `p.${sql.identifier(persons.key)}`;
  const link = linkSql(sql, layout, 'o');
  const undone = newest === undefined ? '' : `${undoneSql(sql, newest)},\n${takenBackSql(sql, newest)},\n`;
  const operator = sql.fingerprint(sql.text(key));
  const join =
    newest === undefined
      ? ''
      : `
    LEFT JOIN undone AS u ON u.operator = ${operator}
    LEFT JOIN taken_back AS t ON t.operator = ${operator}`;
  const wasPurged = newest === undefined ? 'FALSE' : purgedSql(sql, newest, sql.text(key));
  const journaled = newest === undefined ? `ELSE 'open'` : journaledSql(newest, wasPurged);
  const isBrokenKnown = newest === undefined ? 'FALSE' : `COALESCE(u.reason = 'broken-link', FALSE)`;
  const [reason, hindrance, takenBack] =
    newest === undefined ? ['NULL', 'NULL', 'NULL'] : ['u.reason', 'u.hindrance', 't.run_id'];
  return `WITH ${undone}-- how every human operator stands
standing AS (
  SELECT ${sql.text(key)} AS operator, ${sql.text(link)} AS person, ${reason} AS reason, ${hindrance} AS hindrance, ${takenBack} AS taken_back,
         CASE WHEN ${personKey} IS NOT NULL THEN 'linked'
              WHEN ${isBrokenKnown} THEN 'review'
              WHEN ${link} IS NOT NULL THEN CASE WHEN ${wasPurged} THEN 'purged' ELSE 'broken' END
              WHEN ${exemptSql(sql, layout)} THEN 'exempt'
              ${journaled} END AS standing
    FROM ${sql.table(layout.operators.name)} AS o
    LEFT JOIN ${sql.table(layout.persons.name)} AS p ON ${personKey} = ${link}${join}
   WHERE ${humanSql(sql, layout)})`;
}

/** Grouped by a short value, so that a server without hash joins indexes it. */
function undoneSql(sql: Dialect, newest: Run): string {
  const operator = sql.fingerprint(sql.text('d.operator'));
  return `-- operators for whom the newest run wrote nothing, and why
undone AS (
  SELECT ${operator} AS operator, MAX(d.decision) AS decision, MAX(d.action) AS action, MAX(d.reason) AS reason,
         COALESCE(MAX(c.state), MAX(CASE d.finding WHEN '${LEFT_OUT}' THEN 'stale' END)) AS state,
         COALESCE(MAX(c.reason), MAX(CASE d.finding WHEN '${LEFT_OUT}' THEN ${sql.literal(FINDINGS[LEFT_OUT])} END)) AS hindrance
    FROM ${sql.journal('decision')} AS d
    LEFT JOIN ${sql.journal('change')} AS c ON c.run_id = d.run_id AND c.position = d.position
   WHERE d.run_id = ${sql.literal(newest.id)}
     AND d.decision <> 'linked'
     AND (d.action = 'none' OR c.state IS NULL OR c.state <> 'applied')
   GROUP BY ${operator})`;
}

/** A run that began before something was taken back may have found it linked, and so has nothing to say about it. */
function takenBackSql(sql: Dialect, newest: Run): string {
  const operator = sql.fingerprint(sql.text('c.operator'));
  return `-- operators for whom something was taken back since the newest run began, and the run that had done it
taken_back AS (
  SELECT w.operator, w.run_id
    FROM (SELECT ${operator} AS operator, c.run_id,
                 ROW_NUMBER() OVER (PARTITION BY ${operator} ORDER BY c.changed_at DESC, c.run_id DESC) AS newness
            FROM ${sql.journal('change')} AS c
           WHERE c.state = 'rolled-back' AND c.changed_at >= ${sql.literal(newest.startedAt)}) AS w
   WHERE w.newness = 1)`;
}

/** Of an operator that was purged, the run keeps a digest with its key; of a run that was purged, not even that. */
function purgedSql(sql: Dialect, newest: Run, key: string): string {
  if (isPurged(newest)) return 'TRUE';
  return `CONCAT('purged-', ${sql.hmac(key, newest.digestKey)}) IN
                   (SELECT d.operator FROM ${sql.journal('decision')} AS d
                     WHERE d.run_id = ${sql.literal(newest.id)} AND d.seal = ${sql.literal(PURGED)})`;
}

/** What a run had not come to when it was taken back is not pending any more. */
const journaledSql = (
  { state }: Run,
  wasPurged: string,
) => `WHEN t.operator IS NOT NULL AND (u.operator IS NULL OR u.state = 'rolled-back') THEN 'taken-back'
              WHEN u.operator IS NULL THEN CASE WHEN ${wasPurged} THEN 'purged' ELSE 'unknown' END
              WHEN u.state IS NOT NULL THEN 'stale'
              WHEN u.action <> 'none' THEN '${state === 'rolling-back' || state === 'rolled-back' ? 'stale' : 'pending'}'
              WHEN u.decision = 'skip' THEN 'skipped'
              ELSE 'review'`;

/** Rows that are operators, neither API accounts nor excluded. */
function humanSql(sql: Dialect, { operator }: Layout): string {
  const own = ownOf(sql, 'o');
  return [
    ...(operator.rows === undefined ? [] : [conditionSql(sql, own, operator.rows)]),
    `NOT ${flagSql(sql, own, operator.apiAccount)}`,
    `NOT ${flagSql(sql, own, operator.excluded)}`,
  ].join(' AND ');
}

function exemptSql(sql: Dialect, { operator, configuration: { policies } }: Layout): string {
  const own = ownOf(sql, 'o');
  const exempt = [
    ...(policies.archivedOperators === 'skip' ? [flagSql(sql, own, operator.archived)] : []),
    ...(policies.anonymizedOperators === 'skip' ? [flagSql(sql, own, operator.anonymized)] : []),
  ];
  return exempt.length === 0 ? 'FALSE' : exempt.join(' OR ');
}
