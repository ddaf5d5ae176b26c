import { checkLayout, type Layout } from '../config/layout.js';
import type { Database } from '../database/database.js';
import { OnecardError } from '../errors.js';
import { RunTable } from '../journal/journal.js';
import { migrateSchema } from '../journal/migrate.js';
import { isUnfinished, type Run } from '../journal/run.js';
import type { Tally } from '../model/decision.js';
import { ExitCode } from '../model/exit-code.js';
import { tallyPlan } from '../plan/plan.js';
import { applyBatch, type BatchResult } from './batch.js';
import { BatchSize } from './batch-size.js';
import { planStatement } from './statements.js';

export interface RunOptions {
  readonly ticket: string | undefined;
  readonly batchSize: number | undefined;
  /** Stops after the batch at hand. */
  readonly signal: AbortSignal;
}

/** What a run says while it works; the engine itself never prints. */
export type RunEvent =
  | { readonly kind: 'schema' }
  | { readonly kind: 'planning'; readonly run: string }
  | { readonly kind: 'resumed'; readonly run: string; readonly done: number; readonly total: number }
  | { readonly kind: 'planned'; readonly run: string; readonly total: number }
  | { readonly kind: 'applied'; readonly done: number; readonly total: number }
  | { readonly kind: 'closing' };

export interface RunResult {
  readonly run: Run;
  /** With the columns that the run has added. */
  readonly layout: Layout;
  readonly applied: BatchResult;
  /** Stopped on request before all was applied. */
  readonly isInterrupted: boolean;
  /** What a new classification finds after the last batch: also what arrived while the run worked. */
  readonly closing: readonly Tally[];
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
  const { run, done } = await openRun(database, complete, options, emit);
  const applied = await applyAll(database, complete, run, done, options, emit);
  if (applied.isInterrupted)
    return { run, layout: complete, applied: applied.result, isInterrupted: true, closing: [] };
  emit({ kind: 'closing' });
  const runs = new RunTable(database);
  const closed = await database.transaction((session) => runs.enter(session, run, 'closing'));
  const closing = await database.snapshot((session) => tallyPlan(session, complete, database.dialect));
  return { run: closed, layout: complete, applied: applied.result, isInterrupted: false, closing };
}

async function takeLock(database: Database): Promise<void> {
  const holder = await database.lock();
  if (holder === undefined) return;
  throw new OnecardError(`Another onecard run is working on this database: ${holder.description}.`, {
    remedy: 'Wait for it to end, then run the same command again.',
    exitCode: ExitCode.Locked,
  });
}

/** The unfinished run where there is one, else a new one, planned. */
async function openRun(
  database: Database,
  layout: Layout,
  options: RunOptions,
  emit: (event: RunEvent) => void,
) {
  const runs = new RunTable(database);
  const unfinished = await database.transaction((session) => findUnfinished(session, runs));
  if (unfinished !== undefined) {
    refuseOtherConfiguration(unfinished, layout);
    const run = await database.transaction((session) => runs.takeOver(session, unfinished));
    const done = await lastPosition(database, run);
    emit({ kind: 'resumed', run: run.id, done, total: run.actions ?? 0 });
    return { run, done };
  }
  const started = await database.transaction((session) =>
    runs.start(session, database, layout.configuration, options.ticket),
  );
  emit({ kind: 'planning', run: started.id });
  const run = await plan(database, layout, started);
  emit({ kind: 'planned', run: run.id, total: run.actions ?? 0 });
  return { run, done: 0 };
}

/** A run that was cut short while it planned has no decisions yet: it is forgotten. */
async function findUnfinished(
  session: Parameters<RunTable['all']>[0],
  runs: RunTable,
): Promise<Run | undefined> {
  const all = await runs.all(session);
  for (const run of all.filter(({ state }) => state === 'planning')) await runs.forget(session, run);
  return all.find(isUnfinished);
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

async function plan(database: Database, layout: Layout, run: Run): Promise<Run> {
  const { dialect: sql } = database;
  const planned = await database.transaction(
    async (session) => {
      await session.run(planStatement(layout, sql, run).sql);
      const [counts] = await session.rows<{ decisions: string; actions: string }>(
        `SELECT ${sql.text('COUNT(*)')} AS decisions, ${sql.text(`COALESCE(SUM(${sql.asNumber("action <> 'none'")}), 0)`)} AS actions
           FROM ${sql.journal('decision')} WHERE run_id = ${sql.literal(run.id)}`,
      );
      return new RunTable(database).planned(session, run, {
        decisions: Number(counts?.decisions ?? 0),
        actions: Number(counts?.actions ?? 0),
      });
    },
    { largeJoins: true },
  );
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

async function applyAll(
  database: Database,
  layout: Layout,
  run: Run,
  done: number,
  options: RunOptions,
  emit: (event: RunEvent) => void,
) {
  const total = run.actions ?? 0;
  const size = new BatchSize(options.batchSize);
  const result = { created: 0, linked: 0, stale: 0 };
  let from = done + 1;
  while (from <= total && !options.signal.aborted) {
    const to = Math.min(total, from + size.rows - 1);
    const started = performance.now();
    const batch = await applyBatch(database, layout, run, { from, to });
    size.took(to - from + 1, performance.now() - started);
    result.created += batch.created;
    result.linked += batch.linked;
    result.stale += batch.stale;
    from = to + 1;
    emit({ kind: 'applied', done: to, total });
  }
  return { result, isInterrupted: from <= total };
}
