import type { Dialect } from '../database/dialect.js';

const WORDS = 'd.decision, d.action, d.reason, d.detail, d.run_id, c.state, c.changed_at, c.reason AS why';

/**
 * Named queries over the journal: which change linked an operator, which was taken back last, and the newest decision.
 * Ranked rather than filtered by run: a run may have come later than an operator, or an operator than a run.
 */
export function journalSql(sql: Dialect, run: string | undefined, withEvidence: boolean): string {
  const words = withEvidence ? `${WORDS}, d.evidence, d.misfit` : WORDS;
  const ofRun = run === undefined ? '' : ` AND d.run_id = ${sql.literal(run)}`;
  // Short, so that a server without hash joins can index it.
  const operator = sql.fingerprint(sql.text('d.operator'));
  const newness = `ROW_NUMBER() OVER (PARTITION BY ${sql.text('d.operator')} ORDER BY r.started_at DESC, r.id DESC, d.position) AS newness`;
  const from = (join: string) => `FROM ${sql.journal('decision')} AS d
            JOIN ${sql.journal('run')} AS r ON r.id = d.run_id
            ${join} ${sql.journal('change')} AS c ON c.run_id = d.run_id AND c.position = d.position`;
  return `-- the latest change that linked an operator; a rollback may have kept it
linking AS (
  SELECT w.*
    FROM (SELECT ${operator} AS operator, ${sql.fingerprint('c.person')} AS person, ${words}, ${newness}
            ${from('JOIN')}
           WHERE c.state IN ('applied', 'kept')${ofRun}) AS w
   WHERE w.newness = 1),
-- the change that was taken back last
taken_back AS (
  SELECT w.*
    FROM (SELECT ${operator} AS operator, ${words},
                 ROW_NUMBER() OVER (PARTITION BY ${sql.text('d.operator')} ORDER BY c.changed_at DESC, r.started_at DESC, r.id DESC) AS newness
            ${from('JOIN')}
           WHERE c.state = 'rolled-back'${ofRun}) AS w
   WHERE w.newness = 1),
-- the newest decision about an operator
newest AS (
  SELECT w.*
    FROM (SELECT ${operator} AS operator, r.started_at, ${words}, ${newness}
            ${from('LEFT JOIN')}
           WHERE r.state <> 'planning'${ofRun}) AS w
   WHERE w.newness = 1)`;
}

/**
 * The named query `history`: what all runs decided about an operator and what rollbacks did, oldest first, in one
 * text: a JSON array of the fields of `HistoryEntry`, each an array.
 */
export function historySql(sql: Dialect, hasRollbacks: boolean): string {
  const byBytes = (text: string) => sql.keyOrder(text, { family: 'text' });
  const entry = sql.jsonArray(
    ['run_id', 'written_at', 'decision', 'reason', 'action', 'state', 'person', 'why'].map(
      (column) => `w.${column}`,
    ),
  );
  const order = `${byBytes('w.written_at')}, ${byBytes('w.run_id')}, w.rollback`;
  // A change that a rollback took up has the time and state of its end by now: it was written before.
  const [first, state, why] = hasRollbacks
    ? [
        'b.applied_at',
        `CASE WHEN b.run_id IS NULL THEN c.state ELSE 'applied' END`,
        'CASE WHEN b.run_id IS NULL THEN c.reason END',
      ]
    : ['NULL', 'c.state', 'c.reason'];
  return `-- all that was ever decided and done about an operator
history AS (
  SELECT w.operator, ${sql.joinJson(entry, order)} AS entries
    FROM (SELECT ${sql.fingerprint(sql.text('d.operator'))} AS operator, d.run_id, 0 AS rollback,
                 COALESCE(${first}, c.changed_at, r.started_at) AS written_at, d.decision, d.reason, d.action,
                 ${state} AS state, COALESCE(c.person, d.person) AS person, ${why} AS why
            FROM ${sql.journal('decision')} AS d
            JOIN ${sql.journal('run')} AS r ON r.id = d.run_id
            LEFT JOIN ${sql.journal('change')} AS c ON c.run_id = d.run_id AND c.position = d.position${
              hasRollbacks
                ? `
            LEFT JOIN (SELECT run_id, position, MIN(applied_at) AS applied_at
                         FROM ${sql.journal('taken_back')}
                        WHERE state <> ''
                        GROUP BY run_id, position) AS b ON b.run_id = d.run_id AND b.position = d.position`
                : ''
            }
           WHERE r.state <> 'planning'${
             hasRollbacks
               ? `
          UNION ALL
          SELECT ${sql.fingerprint(sql.text('d.operator'))}, d.run_id, b.rollback, b.taken_back_at, d.decision, d.reason,
                 d.action, b.state, b.person, b.reason
            FROM ${sql.journal('taken_back')} AS b
            JOIN ${sql.journal('decision')} AS d ON d.run_id = b.run_id AND d.position = b.position
           WHERE b.state <> ''`
               : ''
           }) AS w
   GROUP BY w.operator)`;
}
