import type { Database } from '../database/database.js';
import type { Run } from './run.js';

/** An operator for whom nothing could be written, or taken back. */
export interface Refused {
  readonly operator: string;
  /** The words of the server, or what a card would have had that no new card may have. */
  readonly reason: string;
}

/** So many are named; `onecard report` names all. */
const NAMED = 20;

/** The first of those that a run wrote nothing for, since their own rows were refused. */
export function findRefused(database: Database, run: Run): Promise<Refused[]> {
  const { dialect: sql } = database;
  return database.transaction((session) =>
    session.rows<{ operator: string; reason: string }>(
      `SELECT operator, reason FROM ${sql.journal('change')}
 WHERE run_id = ${sql.literal(run.id)} AND state = 'failed'
 ORDER BY position LIMIT ${NAMED}`,
    ),
  );
}

/** The key of the operator that a change is about. */
export async function operatorAt(database: Database, run: Run, position: number): Promise<string> {
  const { dialect: sql } = database;
  const [row] = await database.transaction((session) =>
    session.rows<{ operator: string }>(
      `SELECT operator FROM ${sql.journal('change')} WHERE run_id = ${sql.literal(run.id)} AND position = ${position}`,
    ),
  );
  return row?.operator ?? '';
}
