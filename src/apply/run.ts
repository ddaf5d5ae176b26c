import { checkLayout, type Layout } from '../config/layout.js';
import type { Database } from '../database/database.js';
import { OnecardError } from '../errors.js';
import { RunTable } from '../journal/journal.js';
import { takeLock } from '../journal/lock.js';
import { migrateSchema } from '../journal/migrate.js';
import { readBackOf } from '../journal/read-back.js';
import { operatorAt } from '../journal/refused.js';
import { isUnfinished, type Run } from '../journal/run.js';
import { RunReportTable } from '../journal/run-reports.js';
import type { Tally } from '../model/decision.js';
import type { FilledFile } from '../model/human-decision.js';
import { findDecided } from '../plan/decided.js';
import { legendOf } from '../plan/legend.js';
import { type Approval, countDecisions, leaveOutWhatDrifted, refuseOtherPlan } from './approval.js';
import { applyBatch, type BatchResult, countChanges, failBatch, NOTHING_DONE, sumOf } from './batch.js';
import { BatchClock, type BatchTimes } from './batch-clock.js';
import { BatchSize, type BatchSizeOptions } from './batch-size.js';
import { classifyOnceMore } from './closing.js';
import { refuseOtherDecisions, takeDecisions } from './decisions.js';
import { Pace, type PaceOptions, type StopReason } from './pace.js';
import { type BatchWork, resiliently } from './resilient.js';
import { type Batch, planStatement } from './statements.js';
import { underLock } from './under-lock.js';

/** What keeps up with a run while it works. */
export interface RunFollower {
  begin(run: Run): Promise<void>;
  /** Everything up to this position is at its end. */
  catchUp(position: number): Promise<void>;
}

export interface RunOptions {
  readonly follower?: RunFollower;
  readonly ticket: string | undefined;
  /** Undefined where the run may write whatever it plans itself. */
  readonly approval?: Approval | undefined;
  /** What humans have decided since the last run. */
  readonly decisions?: FilledFile | undefined;
  readonly pace: PaceOptions;
  readonly batchSize: BatchSizeOptions;
  /** How long a batch waits for a lock that others hold, in milliseconds. */
  readonly lockTimeout: number;
}

/** What a run says while it works; the engine itself never prints. */
export type RunEvent =
  | { readonly kind: 'schema' }
  | { readonly kind: 'planning'; readonly run: string }
  | { readonly kind: 'resumed'; readonly run: string; readonly done: number; readonly total: number }
  | { readonly kind: 'planned'; readonly run: string; readonly total: number }
  | { readonly kind: 'applied'; readonly done: number; readonly total: number }
  | { readonly kind: 'retrying'; readonly why: string }
  | { readonly kind: 'failed'; readonly operator: string; readonly why: string }
  | { readonly kind: 'paused'; readonly why: string }
  | { readonly kind: 'closing' };

export interface RunResult {
  readonly run: Run;
  /** With the columns that the run has added. */
  readonly layout: Layout;
  /** By the whole run, earlier processes included. */
  readonly applied: BatchResult;
  /** Why it stopped before all was applied. */
  readonly stopped: StopReason | undefined;
  /** What a new classification finds after the last batch: also what arrived while the run worked. */
  readonly closing: readonly Tally[];
  readonly times: BatchTimes;
}

/**
 * Executes a run, or resumes the one that was cut short: schema, plan into the journal, batches, closing
 * classification. The run is left in state `closing` for its verification and report.
 * @throws OnecardError with exit code 6 where another run holds the lock.
 */
export async function executeRun(
  database: Database,
  layout: Layout,
  options: RunOptions,
  emit: (event: RunEvent) => void,
): Promise<RunResult> {
  await takeLock(database);
  emit({ kind: 'schema' });
  await migrateSchema(database, layout);
  // The columns that were missing are there now.
  const complete = layout.gaps.length > 0 ? await checkLayout(database, layout.configuration) : layout;
  const opened = await openRun(database, complete, options, emit);
  await options.follower?.begin(opened);
  const application = new Application(database, complete, options, emit);
  const { run, result } = await underLock(
    database,
    opened,
    { signal: options.pace.signal, onRetry: (why) => emit({ kind: 'retrying', why }) },
    async (current) => ({ stopped: await application.applyAll(current) }),
  );
  const { stopped } = result ?? { stopped: { kind: 'signal' } as const };
  const applied = await database.transaction((session) => countChanges(session, database, run));
  const { times } = application;
  if (stopped !== undefined) return { run, layout: complete, applied, stopped, closing: [], times };
  emit({ kind: 'closing' });
  const { tallies, closing } = await classifyOnceMore(database, complete, run);
  const closed = await database.transaction((session) =>
    new RunTable(database).enter(session, run, 'closing', { closing }),
  );
  return { run: closed, layout: complete, applied, stopped, closing: tallies, times };
}

/** The unfinished run where there is one, else a new one, planned. */
async function openRun(
  database: Database,
  layout: Layout,
  options: RunOptions,
  emit: (event: RunEvent) => void,
): Promise<Run> {
  const runs = new RunTable(database);
  const unfinished = await database.transaction((session) => findUnfinished(session, runs));
  if (unfinished !== undefined) {
    refuseOtherConfiguration(unfinished, layout);
    refuseOtherPlan(unfinished, options.approval);
    await database.transaction((session) =>
      refuseOtherDecisions(session, database, layout, unfinished, options.decisions),
    );
    const run = await database.transaction(async (session) => {
      const reports = new RunReportTable(database);
      await reports.startWhereMissing(session, unfinished, layout.configuration, legendOf(layout));
      return runs.takeOver(session, unfinished);
    });
    emit({ kind: 'resumed', run: run.id, done: await lastPosition(database, run), total: run.actions ?? 0 });
    return run;
  }
  const started = await database.transaction((session) =>
    runs.start(session, database, layout.configuration, readBackOf(layout), {
      ticket: options.ticket,
      planDigest: options.approval?.plan.digest,
    }),
  );
  emit({ kind: 'planning', run: started.id });
  const run = await plan(database, layout, started, options);
  emit({ kind: 'planned', run: run.id, total: run.actions ?? 0 });
  return run;
}

/** A run that was cut short while it planned has no decisions yet: it is forgotten. */
async function findUnfinished(
  session: Parameters<RunTable['all']>[0],
  runs: RunTable,
): Promise<Run | undefined> {
  const all = await runs.all(session);
  refuseWhileRollingBack(all);
  for (const run of all.filter(({ state }) => state === 'planning')) await runs.forget(session, run);
  return all.find(isUnfinished);
}

function refuseWhileRollingBack(runs: readonly Run[]): void {
  const run = runs.find(({ state }) => state === 'rolling-back');
  if (run === undefined) return;
  throw new OnecardError(`The rollback of run ${run.id} was cut short: half of it is taken back.`, {
    remedy: `Finish it first: onecard rollback ${run.id}`,
  });
}

function refuseOtherConfiguration(run: Run, { configuration }: Layout): void {
  if (run.configurationDigest === configuration.digest) return;
  throw new OnecardError(
    `The run ${run.id} of ${run.startedAt} is unfinished, and was planned with another configuration or other policies.`,
    {
      remedy: `Finish it first, with the configuration and flags it was started with (${JSON.stringify(run.policies)}).`,
    },
  );
}

/** @throws OnecardError where the approved plan or the decisions file is refused: the run is forgotten then. */
async function plan(
  database: Database,
  layout: Layout,
  run: Run,
  { approval, decisions }: RunOptions,
): Promise<Run> {
  const { dialect: sql } = database;
  const runs = new RunTable(database);
  const planning = database.transaction(
    async (session) => {
      if (decisions !== undefined) await takeDecisions(session, database, layout, run, decisions);
      const decided = await findDecided(session, database);
      await session.run(planStatement(layout, sql, run, decided).sql);
      await new RunReportTable(database).start(session, run, layout.configuration, legendOf(layout));
      const drift = approval && (await leaveOutWhatDrifted(session, database, layout, run, approval));
      return runs.planned(session, run, await countDecisions(session, sql, run), drift);
    },
    { largeJoins: true },
  );
  const planned = await planning.catch(async (error) => {
    if (error instanceof OnecardError) await database.transaction((session) => runs.forget(session, run));
    throw error;
  });
  // Without statistics the server could read whole tables for each batch.
  await database.transaction((session) => session.rows(sql.analyze('decision')));
  return planned;
}

async function lastPosition(database: Database, run: Run): Promise<number> {
  const { dialect: sql } = database;
  const [row] = await database.transaction((session) =>
    session.rows<{ done: string | null }>(
      `SELECT ${sql.text('MAX(position)')} AS done FROM ${sql.journal('change')} WHERE run_id = ${sql.literal(run.id)}`,
    ),
  );
  return Number(row?.done ?? 0);
}

/** Batch after batch, from where the journal ends. */
class Application {
  readonly #database: Database;
  readonly #layout: Layout;
  readonly #options: RunOptions;
  readonly #emit: (event: RunEvent) => void;
  readonly #pace: Pace;
  readonly #size: BatchSize;
  readonly #clock = new BatchClock();
  /** Positions handled by this process. */
  #handled = 0;
  #result = NOTHING_DONE;

  constructor(database: Database, layout: Layout, options: RunOptions, emit: (event: RunEvent) => void) {
    this.#database = database;
    this.#layout = layout;
    this.#options = options;
    this.#emit = emit;
    this.#pace = new Pace(options.pace);
    this.#size = new BatchSize(options.batchSize);
  }

  get times(): BatchTimes {
    return this.#clock.times;
  }

  /** @returns why it stopped before all was applied. */
  async applyAll(run: Run): Promise<StopReason | undefined> {
    const total = run.actions ?? 0;
    let from = (await lastPosition(this.#database, run)) + 1;
    while (from <= total) {
      const reason = this.#pace.reasonToStop(this.#handled, this.#result.failed);
      if (reason !== undefined) return reason;
      const rows = Math.min(this.#size.rows, this.#pace.allowance(this.#handled));
      const to = Math.min(total, from + rows - 1);
      await this.#apply(run, from, to);
      this.#handled += to - from + 1;
      from = to + 1;
      this.#emit({ kind: 'applied', done: to, total });
      await this.#options.follower?.catchUp(to);
      if (from <= total)
        await this.#pace.rest(this.#handled, this.#result.failed, (why) => this.#sayPaused(run, why));
    }
    return undefined;
  }

  async #apply(run: Run, from: number, to: number): Promise<void> {
    const started = performance.now();
    const result = await resiliently(this.#work(run), { from, to });
    this.#size.took(to - from + 1, performance.now() - started);
    this.#result = sumOf(this.#result, result);
  }

  #work(run: Run): BatchWork<BatchResult> {
    const { lockTimeout, batchSize, pace } = this.#options;
    return {
      patience: { lockWait: lockTimeout, work: 2 * batchSize.time },
      signal: pace.signal,
      attempt: (batch, patience) =>
        this.#clock.transaction(() =>
          applyBatch(this.#database, this.#layout, run, batch, patience, this.#clock),
        ),
      fail: (batch, why) => this.#fail(run, batch, why),
      sum: sumOf,
      onRetry: (why) => this.#emit({ kind: 'retrying', why }),
    };
  }

  async #fail(run: Run, batch: Batch, why: string): Promise<BatchResult> {
    const result = await failBatch(this.#database, run, batch, why);
    const operator = await operatorAt(this.#database, run, batch.from);
    this.#emit({ kind: 'failed', operator, why });
    return result;
  }

  /** Seen by others in `onecard runs`, while nothing else shows that the run is alive. */
  async #sayPaused(run: Run, why: string): Promise<void> {
    this.#emit({ kind: 'paused', why });
    await this.#database.transaction((session) =>
      new RunTable(this.#database).beat(session, run, { activity: why }),
    );
  }
}
