import { BatchClock, type BatchTimes } from '../apply/batch-clock.js';
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
import { completeJournal } from '../journal/migrate.js';
import { operatorAt } from '../journal/refused.js';
import { type Rollback, RollbackTable } from '../journal/rollbacks.js';
import type { Run } from '../journal/run.js';
import { keepRefused, takeBackBatch } from './batch.js';
import type { WorkScope } from './history.js';
import { checkReadBack } from './preflight.js';
import { nextBatchSql } from './statements.js';
import { findSubject, type Subject } from './subject.js';
import { countTakenBack, type Progress, progressOf, type TakenBack } from './totals.js';

/** What keeps up with a rollback while it works. */
export interface RollbackFollower {
  begin(run: Run, rollback: Rollback): Promise<void>;
  /** Everything up to this position is at its end. */
  catchUp(position: number): Promise<void>;
}

export interface RollbackOptions {
  /** Kept with the rollback, such as a change number. */
  readonly ticket?: string | undefined;
  readonly follower?: RollbackFollower;
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
  readonly rollback: Rollback;
  /** Of the whole run, earlier processes included; or of the one operator. */
  readonly takenBack: TakenBack;
  /** Somebody asked for the end before all was taken back. */
  readonly isStopped: boolean;
  readonly times: BatchTimes;
}

/**
 * Takes a run back, or what it did for one operator; goes on where an earlier process stopped. A card that
 * others have edited since, or that something refers to, is kept, with the reason. The rollback is left open for its
 * report; `endRollback` ends it.
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
  await completeJournal(database);
  await foresee('rollback', database, layout);
  const references = await findReferences(database, layout);
  const runs = new RunTable(database);
  const { run, rollback } = await database.transaction(async (session) => {
    const taken = await runs.takeOver(session, found);
    const asked = { operator: subject.only, ticket: options.ticket };
    return {
      run: position === undefined ? await runs.enter(session, taken, 'rolling-back') : taken,
      rollback: await new RollbackTable(database).begin(session, taken, asked),
    };
  });
  await options.follower?.begin(run, rollback);
  const scope: WorkScope = {
    layout,
    sql: database.dialect,
    run,
    rollback,
    references,
    states: position === undefined ? ['applied'] : ['applied', 'kept'],
  };
  const only = position === undefined ? undefined : { from: position, to: position };
  const work = new Taking(database, options, emit);
  const { run: last, result: isStopped = true } = await underLock(
    database,
    run,
    { signal: options.signal, onRetry: (why) => emit({ kind: 'retrying', why }) },
    (current) => work.takeBack({ ...scope, run: current }, only),
  );
  return database.transaction(async (session) => ({
    run: last,
    rollback,
    takenBack: await countTakenBack(session, database, last, position),
    isStopped,
    times: work.times,
  }));
}

/** Once the report of a rollback is whole, it is at its end; so is the run, where all of it was taken back. */
export function endRollback(
  database: Database,
  { run, rollback }: RollbackResult,
  report: { readonly auditHead: string; readonly summary: string },
): Promise<void> {
  return database.transaction(async (session) => {
    if (rollback.operator === null) await new RunTable(database).enter(session, run, 'rolled-back');
    await new RollbackTable(database).finish(session, rollback, report);
  });
}

/** Batch after batch of what is still to be taken back. */
class Taking {
  readonly #database: Database;
  readonly #options: RollbackOptions;
  readonly #emit: (event: RollbackEvent) => void;
  readonly #size: BatchSize;
  readonly #clock = new BatchClock();

  constructor(database: Database, options: RollbackOptions, emit: (event: RollbackEvent) => void) {
    this.#database = database;
    this.#options = options;
    this.#emit = emit;
    this.#size = new BatchSize(options.batchSize);
  }

  get times(): BatchTimes {
    return this.#clock.times;
  }

  /** @returns whether it stopped before all was taken back. */
  async takeBack(scope: WorkScope, only: Batch | undefined): Promise<boolean> {
    if (only === undefined) return this.#takeBackAll(scope);
    await resiliently(this.#work(scope), only);
    return false;
  }

  async #takeBackAll(scope: WorkScope): Promise<boolean> {
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
      await this.#options.follower?.catchUp(batch.to);
      this.#emit({ kind: 'taken-back', done, total: start.total });
    }
  }

  async #next(scope: WorkScope, after: number): Promise<(Batch & { changes: number }) | undefined> {
    const [row] = await this.#database.transaction((session) =>
      session.rows<{ first: string | null; last: string | null; changes: string }>(
        nextBatchSql(scope, after, this.#size.rows),
      ),
    );
    if (row == null || row.first === null) return undefined;
    return { from: Number(row.first), to: Number(row.last), changes: Number(row.changes) };
  }

  #work(scope: WorkScope): BatchWork<number> {
    const { lockTimeout, batchSize, signal } = this.#options;
    return {
      patience: { lockWait: lockTimeout, work: 2 * batchSize.time },
      signal,
      attempt: (batch, patience) =>
        this.#clock.transaction(() => takeBackBatch(this.#database, scope, batch, patience, this.#clock)),
      fail: (batch, why) => this.#keep(scope, batch, why),
      sum: (one, other) => one + other,
      onRetry: (why) => this.#emit({ kind: 'retrying', why }),
    };
  }

  async #keep(scope: WorkScope, batch: Batch, why: string): Promise<number> {
    const kept = await keepRefused(this.#database, scope, batch, why);
    const operator = await operatorAt(this.#database, scope.run, batch.from);
    this.#emit({ kind: 'refused', operator, why });
    return kept;
  }
}
