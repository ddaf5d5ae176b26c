import type { Database } from '../database/database.js';
import type { Session } from '../database/session.js';

/** Names the number of operators after which the run is killed inside its next batch. */
export const KILL_AFTER = 'ONECARD_REHEARSAL_KILL_AFTER';

/**
 * Kills this process with everything of a batch written, its journal included, and nothing of it committed: the
 * worst moment there is. No handler runs, as none would in a crash.
 */
export function killedInsideABatch(database: Database, env: NodeJS.ProcessEnv): Database {
  const after = Number(env[KILL_AFTER] ?? 0);
  const transaction = database.transaction.bind(database);
  database.transaction = async (work, options) => {
    const hasJournal = options?.patience !== undefined && (await database.hasJournal());
    return transaction(async (session) => {
      const result = await work(session);
      if (hasJournal && (await isBeyond(session, database, after))) {
        process.kill(process.pid, 'SIGKILL');
        await new Promise(() => undefined);
      }
      return result;
    }, options);
  };
  return database;
}

async function isBeyond(session: Session, { dialect: sql }: Database, after: number): Promise<boolean> {
  const rows = await session.rows(
    `SELECT ${sql.text('c.position')} AS position
       FROM ${sql.journal('run')} AS r
       JOIN ${sql.journal('change')} AS c ON c.run_id = r.id AND c.position > ${after}
      WHERE r.state = 'applying' LIMIT 1`,
  );
  return rows.length > 0;
}
