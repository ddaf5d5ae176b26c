import type { Session } from '../session.js';
import type { Sizes } from '../stored-tables.js';
import { JOURNAL_SCHEMA } from './dialect.js';

/** Each is asked for by itself: a function that this user may not call ends its statement. */
export async function sizesPostgres(session: Session): Promise<Sizes> {
  const [may] = await session.rows<{ log: boolean; size: boolean }>(
    `SELECT NOT pg_is_in_recovery() AND has_function_privilege('pg_current_wal_insert_lsn()', 'EXECUTE') AS log,
            has_database_privilege(current_database(), 'CONNECT') AS size`,
  );
  const [journal] = await session.rows<{ bytes: string }>(
    `SELECT CAST(COALESCE(SUM(pg_total_relation_size(c.oid)), 0) AS text) AS bytes
       FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
      WHERE n.nspname = '${JOURNAL_SCHEMA}' AND c.relkind = 'r'`,
  );
  const [database] = may?.size
    ? await session.rows<{ bytes: string }>(
        'SELECT CAST(pg_database_size(current_database()) AS text) AS bytes',
      )
    : [];
  const [log] = may?.log
    ? await session.rows<{ position: string }>(
        `SELECT CAST(pg_current_wal_insert_lsn() - '0/0' AS text) AS position`,
      )
    : [];
  return {
    databaseBytes: database === undefined ? null : Number(database.bytes),
    journalBytes: Number(journal?.bytes),
    logPosition: log?.position ?? null,
  };
}
