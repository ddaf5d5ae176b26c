import type { Database } from '../database/database.js';
import type { Session } from '../database/session.js';
import { VERSION } from '../version.js';
import { actorOfProcess, PURGED } from './journal.js';
import type { Run } from './run.js';
import { names } from './run-reports.js';
import { hasTable } from './tables.js';

/** One time that a run, or what it did for one operator, was taken back. */
export interface Rollback {
  readonly run: string;
  /** Counted from 1 for each run. */
  readonly number: number;
  /** The one that it is about; null for the whole run. */
  readonly operator: string | null;
  readonly toolVersion: string;
  readonly ticket: string | null;
  readonly actor: string;
  readonly startedAt: string;
  readonly finishedAt: string | null;
  readonly auditHead: string | null;
  /** What it came to, as JSON; null before its end, and once it is purged. */
  readonly summary: string | null;
}

interface RollbackRow {
  run_id: string;
  number: string | number;
  operator: string | null;
  tool_version: string;
  ticket: string | null;
  actor: string;
  started_at: string;
  finished_at: string | null;
  audit_head: string | null;
  summary: string | null;
}

/** The journal's table `rollback`. */
export class RollbackTable {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  /** The first one first. */
  async of(session: Session, run: Run): Promise<Rollback[]> {
    if (!(await hasTable(session, this.#database, 'rollback'))) return [];
    const rows = await session.rows<RollbackRow>(
      this.#table().select('*').where({ run_id: run.id }).orderBy('number'),
    );
    return rows.map(readRollback);
  }

  /** Goes on with the one that was cut short, or begins a new one. */
  async begin(
    session: Session,
    run: Run,
    { operator, ticket }: { readonly operator: string | undefined; readonly ticket: string | undefined },
  ): Promise<Rollback> {
    const earlier = await this.of(session, run);
    const cutShort = earlier.find(
      (rollback) => rollback.finishedAt === null && rollback.operator === (operator ?? null),
    );
    if (cutShort !== undefined) return cutShort;
    const row: RollbackRow = {
      run_id: run.id,
      number: earlier.length + 1,
      operator: operator ?? null,
      tool_version: VERSION,
      ticket: ticket ?? null,
      actor: actorOfProcess(),
      started_at: new Date().toISOString(),
      finished_at: null,
      audit_head: null,
      summary: null,
    };
    await session.run(this.#table().insert(row));
    return readRollback(row);
  }

  async finish(
    session: Session,
    { run, number }: Rollback,
    { auditHead, summary }: { readonly auditHead: string; readonly summary: string },
  ): Promise<void> {
    await session.run(
      this.#table()
        .where({ run_id: run, number })
        .update({ finished_at: new Date().toISOString(), audit_head: auditHead, summary }),
    );
  }

  /** @param keys where only those are purged: of rollbacks that are about them, or whose summary names one. */
  async purge(session: Session, run: Run, keys?: readonly string[]): Promise<void> {
    for (const { number, operator, summary } of await this.of(session, run)) {
      const isAbout = operator !== null && (keys === undefined || keys.includes(operator));
      const isNamed = summary !== null && (keys === undefined || keys.some((key) => names(summary, key)));
      await session.run(
        this.#table()
          .where({ run_id: run.id, number })
          .update({
            operator: isAbout ? PURGED : operator,
            summary: isAbout || isNamed ? null : summary,
          }),
      );
    }
  }

  #table() {
    return this.#database.knex(this.#database.journalTable('rollback'));
  }
}

function readRollback(row: RollbackRow): Rollback {
  return {
    run: row.run_id,
    number: Number(row.number),
    operator: row.operator,
    toolVersion: row.tool_version,
    ticket: row.ticket,
    actor: row.actor,
    startedAt: row.started_at,
    finishedAt: row.finished_at,
    auditHead: row.audit_head,
    summary: row.summary,
  };
}
