import type { Dialect } from '../database/dialect.js';
import { PURGED } from '../journal/journal.js';
import type { Run } from '../journal/run.js';

/**
 * A keyed digest in place of an operator: equal in all rows of its run, and without the key of the run nobody can
 * guess it back.
 */
const operatorDigestSql = (sql: Dialect, run: Run) =>
  `CONCAT('purged-', ${sql.hmac(sql.text('operator'), run.digestKey)})`;

const withinSql = (sql: Dialect, run: Run, positions: readonly number[]) =>
  `run_id = ${sql.literal(run.id)} AND position IN (${positions.join(', ')})`;

/** Leaves of decisions, and of their changes, what was decided and what became of it. */
export function purgeRowsSql(sql: Dialect, run: Run, positions: readonly number[]): string[] {
  const where = `\n WHERE ${withinSql(sql, run, positions)}`;
  return [
    `UPDATE ${sql.journal('decision')}
   SET operator = ${operatorDigestSql(sql, run)}, name = '', person = NULL, evidence = NULL, detail = NULL,
       misfit = NULL, operator_fields = NULL, person_fields = NULL, drift = NULL, seal = ${sql.literal(PURGED)}${where}`,
    // The keyed digest of the card stays, and is worth nothing once the key of the run is gone.
    `UPDATE ${sql.journal('change')}
   SET operator = ${operatorDigestSql(sql, run)}, person = NULL, reason = NULL, found = NULL,
       operator_before = NULL, operator_after = NULL, seal = ${sql.literal(PURGED)}${where}`,
  ];
}

/** The same of what a rollback noted. */
export function purgeTakenBackSql(
  sql: Dialect,
  run: Run,
  rollback: number,
  positions: readonly number[],
): string {
  return `UPDATE ${sql.journal('taken_back')}
   SET operator = ${operatorDigestSql(sql, run)}, person = NULL, reason = NULL, seal = ${sql.literal(PURGED)}
 WHERE ${withinSql(sql, run, positions)} AND rollback = ${rollback}`;
}
