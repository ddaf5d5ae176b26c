import type { ChildProcess } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import { journalTable } from '../contents.js';
import type { Kind, Rows } from '../servers/server.js';

/** A database that a run works on, as seen from beside it. */
export interface Watched {
  readonly kind: Kind;
  query(sql: string): Promise<Rows>;
}

/** Where a run was, by its journal and by the server. */
export interface Moment {
  /** Operators handled, and to be handled, by the newest run; both 0 before it was planned. */
  readonly applied: number;
  readonly total: number;
  /** onecard's transactions that have written something and are neither committed nor rolled back. */
  readonly openTransactions: number;
}

const TRANSACTIONS: Record<Kind, string> = {
  postgres: `SELECT count(*) AS open FROM pg_stat_activity
              WHERE datname = current_database() AND pid <> pg_backend_pid()
                AND application_name LIKE 'onecard %' AND xact_start IS NOT NULL AND backend_xid IS NOT NULL`,
  mysql: `SELECT COUNT(*) AS open FROM information_schema.INNODB_TRX t
            JOIN information_schema.PROCESSLIST p ON p.ID = t.trx_mysql_thread_id
           WHERE p.DB = DATABASE() AND p.ID <> CONNECTION_ID() AND t.trx_rows_modified > 0`,
};

export async function openTransactions({ kind, query }: Watched): Promise<number> {
  const [row] = await query(TRANSACTIONS[kind]);
  return Number(row?.['open']);
}

/** Both 0 while there is no journal, or no plan in it. */
export async function progressOf({ kind, query }: Watched): Promise<Pick<Moment, 'applied' | 'total'>> {
  try {
    const [row] = await query(
      `SELECT r.actions AS total,
              (SELECT COUNT(*) FROM ${journalTable(kind, 'change')} AS c WHERE c.run_id = r.id) AS applied
         FROM ${journalTable(kind, 'run')} AS r ORDER BY r.started_at DESC, r.id DESC LIMIT 1`,
    );
    return { applied: Number(row?.['applied'] ?? 0), total: Number(row?.['total'] ?? 0) };
  } catch (error) {
    if (isMissing(error)) return { applied: 0, total: 0 };
    throw error;
  }
}

/** Waits until the run has handled so many operators, or has ended. @throws Error after 60 s. */
export async function appliedReaches(database: Watched, count: number, ended: Promise<unknown>) {
  const deadline = Date.now() + 60_000;
  const over = ended.then(() => true);
  while ((await progressOf(database)).applied < count) {
    if (await Promise.race([over, sleep(10).then(() => false)])) return;
    if (Date.now() > deadline) throw new Error(`The run has not handled ${count} operators in 60 s.`);
  }
}

/**
 * Kills a run, and says where it was. It is held still first: its server then goes on with the statement at hand
 * and no further, as after the kill alone, and can be asked what is open without a race.
 */
export async function killAndTellWhere(child: ChildProcess, database: Watched): Promise<Moment> {
  child.kill('SIGSTOP');
  const open = await openTransactions(database);
  child.kill('SIGKILL');
  return { ...(await progressOf(database)), openTransactions: open };
}

function isMissing(error: unknown): boolean {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  return code === '42P01' || code === '3F000' || code === 'ER_NO_SUCH_TABLE';
}
