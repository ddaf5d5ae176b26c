import { BatchSize, type BatchSizeOptions } from '../apply/batch-size.js';
import { foresee } from '../apply/preflight.js';
import { type BatchWork, resiliently } from '../apply/resilient.js';
import type { Batch } from '../apply/statements.js';
import { underLock } from '../apply/under-lock.js';
import type { Layout } from '../config/layout.js';
import { findReferences } from '../config/references.js';
import type { Database } from '../database/database.js';
import { RunTable } from '../journal/journal.js';
import { takeLock } from '../journal/lock.js';
import { operatorAt } from '../journal/refused.js';
import type { Run } from '../journal/run.js';
import { keepRefused, takeBackBatch } from './batch.js';
import { checkReadBack } from './preflight.js';
import { nextBatchSql, type Scope } from './statements.js';
import { findSubject, type Subject } from './subject.js';
import { countTakenBack, type Progress, progressOf, type TakenBack } from './totals.js';

export interface RollbackOptions {
  readonly batchSize: BatchSizeOptions;
  /** How long a batch waits for a lock that others hold, in milliseconds. */
  readonly lockTimeout: number;
  /** Once it is aborted, the rollback ends after the batch at hand. */
  readonly signal: AbortSignal;
}

/** What a rollback says while it works; the engine itself never prints. */
export type RollbackEvent =
  | ({ readonly kind: 'started' } & Progress)
  | ({ readonly kind: 'taken-back' } & Progress)
  | { readonly kind: 'retrying'; readonly why: string }
  | { readonly kind: 'refused'; readonly operator: string; readonly why: string };

export interface RollbackResult {
  readonly run: Run;
  /** Of the whole run, earlier processes included; or of the one operator. */
  readonly takenBack: TakenBack;
  /** Somebody asked for the end before all was taken back. */
  readonly isStopped: boolean;
}

/**
 * Takes a run back, or what it did for one operator; goes on where an earlier process stopped. A card that
 * others have edited since, or that something refers to, is kept, with the reason.
 * @throws OnecardError with exit code 6 where another process holds the lock, and with 2, before the first write,
 *   where there is nothing to take back or this user lacks a privilege.
 */
export async function executeRollback(
  database: Database,
  layout: Layout,
  subject: Subject,
  options: RollbackOptions,
  emit: (event: RollbackEvent) => void,
): Promise<RollbackResult> {
  await takeLock(database);
  const { run: found, position } = await database.transaction((session) =>
    findSubject(session, database, subject),
  );
  checkReadBack(layout, found);
  await foresee('rollback', database, layout);
  const references = await findReferences(database, layout);
  const runs = new RunTable(database);
  const run = await database.transaction(async (session) => {
    const taken = await runs.takeOver(session, found);
    return position === undefined ? runs.enter(session, taken, 'rolling-back') : taken;
  });
  const scope: Scope = {
    layout,
    sql: database.dialect,
    run,
    references,
    states: position === undefined ? ['applied'] : ['applied', 'kept'],
  };
  const only = position === undefined ? undefined : { from: position, to: position };
  const rollback = new Rollback(database, options, emit);
  const { run: last, result: isStopped = true } = await underLock(
    database,
    run,
    { signal: options.signal, onRetry: (why) => emit({ kind: 'retrying', why }) },
    (current) => rollback.takeBack({ ...scope, run: current }, only),
  );
  const isOver = only === undefined && !isStopped;
  return database.transaction(async (session) => ({
    run: isOver ? await runs.enter(session, last, 'rolled-back') : last,
    takenBack: await countTakenBack(session, database, last, position),
    isStopped,
  }));
}

/** Batch after batch of what is still to be taken back. */
class Rollback {
  readonly #database: Database;
  readonly #options: RollbackOptions;
  readonly #emit: (event: RollbackEvent) => void;
  readonly #size: BatchSize;

  constructor(database: Database, options: RollbackOptions, emit: (event: RollbackEvent) => void) {
    this.#database = database;
    this.#options = options;
    this.#emit = emit;
    this.#size = new BatchSize(options.batchSize);
  }

  /** @returns whether it stopped before all was taken back. */
  async takeBack(scope: Scope, only: Batch | undefined): Promise<boolean> {
    if (only === undefined) return this.#takeBackAll(scope);
    await resiliently(this.#work(scope), only);
    return false;
  }

  async #takeBackAll(scope: Scope): Promise<boolean> {
    const start = await this.#database.transaction((session) =>
      progressOf(session, this.#database, scope.run),
    );
    this.#emit({ kind: 'started', ...start });
    let { done } = start;
    let after = 0;
    for (;;) {
      const batch = await this.#next(scope, after);
      if (batch === undefined) return false;
      if (this.#options.signal.aborted) return true;
      const started = performance.now();
      done += await resiliently(this.#work(scope), batch);
      this.#size.took(batch.changes, performance.now() - started);
      after = batch.to;
      this.#emit({ kind: 'taken-back', done, total: start.total });
    }
  }

  async #next(scope: Scope, after: number): Promise<(Batch & { changes: number }) | undefined> {
    const [row] = await this.#database.transaction((session) =>
      session.rows<{ first: string | null; last: string | null; changes: string }>(
        nextBatchSql(scope, after, this.#size.rows),
      ),
    );
    if (row == null || row.first === null) return undefined;
    return { from: Number(row.first), to: Number(row.last), changes: Number(row.changes) };
  }

  #work(scope: Scope): BatchWork<number> {
    const { lockTimeout, batchSize, signal } = this.#options;
    return {
      patience: { lockWait: lockTimeout, work: 2 * batchSize.time },
      signal,
      attempt: (batch, patience) => takeBackBatch(this.#database, scope, batch, patience),
      fail: (batch, why) => this.#keep(scope, batch, why),
      sum: (one, other) => one + other,
      onRetry: (why) => this.#emit({ kind: 'retrying', why }),
    };
  }

  async #keep(scope: Scope, batch: Batch, why: string): Promise<number> {
    const kept = await keepRefused(this.#database, scope, batch, why);
    const operator = await operatorAt(this.#database, scope.run, batch.from);
    this.#emit({ kind: 'refused', operator, why });
    return kept;
  }
}
