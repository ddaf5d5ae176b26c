import type { Dialect } from '../dialect.js';
import type { LockVerbs } from '../session-lock.js';

/** GET_LOCK is server-wide, hence the database in its name, cut to the 64 characters that MySQL allows. */
export function mysqlLock({ literal }: Dialect, database: string): LockVerbs {
  const name = literal(`onecard ${database}`.slice(0, 64));
  return {
    async take(session) {
      const [row] = await session.rows<{ taken: number | null; owner: string | number }>(
        `SELECT GET_LOCK(${name}, 0) AS taken, CONNECTION_ID() AS owner`,
      );
      return Number(row?.taken) === 1 ? Number(row?.owner) : undefined;
    },

    async isHeldBy(session, owner) {
      const [row] = await session.rows<{ held: number | null }>(
        `SELECT IS_USED_LOCK(${name}) = ${owner} AS held`,
      );
      return Number(row?.held) === 1;
    },

    async holder(session) {
      const [lock] = await session.rows<{ holder: string | null }>(
        `SELECT CAST(IS_USED_LOCK(${name}) AS CHAR) AS holder`,
      );
      if (lock?.holder == null) return undefined;
      // Without the privilege PROCESS, a session sees those of its own user alone.
      const [holder] = await session.rows<{ description: string }>(
        `SELECT CONCAT('connection ', ID, ' of ', USER, ' on ', HOST, ', since ', NOW() - INTERVAL TIME SECOND) AS description
           FROM information_schema.PROCESSLIST WHERE ID = ${Number(lock.holder)}`,
      );
      return holder ?? { description: `connection ${lock.holder}` };
    },
  };
}
