import type { LockVerbs } from '../session-lock.js';

/** Any number does, as long as it stays: "onecard" in ASCII, its first bytes. */
const LOCK_KEY = '0x6f6e656361';

/** The granted lock of this database among `pg_locks AS k`. */
const LOCK = `k.locktype = 'advisory' AND k.granted
          AND k.database = (SELECT oid FROM pg_database WHERE datname = current_database())
          AND (CAST(k.classid AS bigint) << 32) | CAST(k.objid AS bigint) = ${BigInt(LOCK_KEY)}`;

/** An advisory lock: each database has its own. */
export const postgresLock: LockVerbs = {
  async take(session) {
    const [row] = await session.rows<{ taken: boolean; owner: number }>(
      `SELECT pg_try_advisory_lock(CAST(${BigInt(LOCK_KEY)} AS bigint)) AS taken, pg_backend_pid() AS owner`,
    );
    return row?.taken ? row.owner : undefined;
  },

  async isHeldBy(session, owner) {
    const [row] = await session.rows<{ held: boolean }>(
      `SELECT EXISTS (SELECT 1 FROM pg_locks k WHERE ${LOCK} AND k.pid = ${owner}) AS held`,
    );
    return row?.held === true;
  },

  async holder(session) {
    const [holder] = await session.rows<{ description: string }>(
      `SELECT format('process %s of %s on %s (%s), connected since %s', a.pid, a.usename,
                     coalesce(CAST(a.client_addr AS text), 'a local socket'), a.application_name,
                     to_char(a.backend_start, 'YYYY-MM-DD HH24:MI:SS')) AS description
         FROM pg_locks k JOIN pg_stat_activity a USING (pid)
        WHERE ${LOCK}`,
    );
    return holder;
  },
};
