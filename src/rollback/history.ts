import { type Batch, type Statement, withinSql } from '../apply/statements.js';
import { sealSql, TAKEN_BACK_SEALED } from '../journal/journal.js';
import type { Rollback } from '../journal/rollbacks.js';
import { eligibleSql, type Scope } from './statements.js';

/** A rollback that is at work on its scope. */
export interface WorkScope extends Scope {
  readonly rollback: Rollback;
}

/** Keeps of each change of a batch when it was written, before that is written over. */
export function noteStatement(scope: WorkScope, batch: Batch): Statement {
  const { sql, run, rollback } = scope;
  return {
    why: 'Note that this rollback takes up these changes, and when they were written.',
    sql: `INSERT INTO ${sql.journal('taken_back')} (run_id, position, rollback, operator, action, person, state, applied_at, taken_back_at, seal)
SELECT ${sql.literal(run.id)}, c.position, ${rollback.number}, c.operator, c.action, c.person, '', c.changed_at, ${sql.literal(new Date().toISOString())}, ''
  FROM ${sql.journal('change')} AS c
 WHERE ${eligibleSql(scope, 'c', batch)}`,
  };
}

/** Keeps how each of them ended, and seals that: a later rollback may take up again what was kept. */
export function concludeStatement({ sql, run, rollback }: WorkScope, batch: Batch): Statement {
  const ended = ['state', 'reason'];
  const columns = TAKEN_BACK_SEALED.map((column) => (ended.includes(column) ? `c.${column}` : `t.${column}`));
  return {
    why: 'Note what became of them.',
    sql: sql.updateFrom({
      target: sql.journal('taken_back'),
      source: `(SELECT t.*, ${sealSql(
        sql,
        run,
        TAKEN_BACK_SEALED.map((column) => `t.${column}`),
      )} AS seal
          FROM (SELECT t.run_id, ${columns.join(', ')}
                  FROM (SELECT t.* FROM ${sql.journal('taken_back')} AS t
                         WHERE ${withinSql(sql, run, batch, 't')} AND t.rollback = ${rollback.number} AND t.seal = ''
                         LIMIT ${batch.to - batch.from + 1}) AS t
                  JOIN ${sql.journal('change')} AS c ON c.run_id = t.run_id AND c.position = t.position) AS t)`,
      // By the whole key: the server knows nothing of a table that grows, and would read all of it for each row.
      on: 'o.run_id = c.run_id AND o.position = c.position AND o.rollback = c.rollback',
      set: [...ended, 'seal'].map((column) => `${sql.qualifiedInSet('o')}${column} = c.${column}`).join(', '),
      where: `o.seal = ''`,
    }),
  };
}
