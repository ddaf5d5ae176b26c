import { type Approval, refuseOtherPlan } from '../apply/approval.js';
import type { StopReason } from '../apply/pace.js';
import { foresee, preflight } from '../apply/preflight.js';
import { executeRun, type RunEvent, type RunOptions, type RunResult } from '../apply/run.js';
import type { Layout } from '../config/layout.js';
import type { Database } from '../database/database.js';
import { OnecardError } from '../errors.js';
import { type AuditReport, checkRunsFolder, writeAudit, writeSummary } from '../journal/audit.js';
import { RunTable } from '../journal/journal.js';
import { pendingSchemaSteps, type SchemaStep } from '../journal/migrate.js';
import { isUnfinished, type Run } from '../journal/run.js';
import type { Tally } from '../model/decision.js';
import { type Drift, driftedCount } from '../model/drift.js';
import { ExitCode } from '../model/exit-code.js';
import { renderSummaryMarkdown } from '../output/markdown.js';
import { formatCount } from '../output/terminal/amounts.js';
import { renderDrift } from '../output/terminal/drift.js';
import { brushFor, type Look } from '../output/terminal/look.js';
import { createProgress, type Progress } from '../output/terminal/progress.js';
import { renderSchemaSteps } from '../output/terminal/schema-steps.js';
import { renderHeadline, renderTally } from '../output/terminal/tables.js';
import { refuseDrift } from '../plan/drift.js';
import { comparePlan, tallyPlan } from '../plan/plan.js';
import { inOrder } from '../plan/tallies.js';
import type { Verification } from '../verify/verification.js';
import { verifyDatabase } from '../verify/verify.js';
import { refuseOtherOrigin } from './approved-plan.js';
import { isConfirmed } from './confirmation.js';
import type { MigrateFlags } from './migrate-flags.js';
import { leftForReview, pendingOf } from './outcome.js';
import { type RunSummary, renderRunSummary } from './run-summary.js';
import { stoppable } from './stopping.js';
import { lookOf, type Request, type Terminal, withDatabase, write } from './terminal.js';

/** What was found read-only, before anybody is asked. */
interface Prospect {
  readonly database: string;
  readonly tallies: readonly Tally[];
  readonly steps: readonly SchemaStep[];
  readonly unfinished: Run | undefined;
  /** How the database differs from the approved plan; undefined without one, and while a run is half-way. */
  readonly drift: Drift | undefined;
  /** A run that has applied the approved plan to its end. */
  readonly earlier: Run | undefined;
}

/** Of what drifted since the approved plan, so many of each kind are shown. */
const NAMED = 5;

/** Plans read-only, asks, and only then writes: journal, cards, links; verifies, and reports. */
export async function fullRun(
  terminal: Terminal,
  flags: MigrateFlags,
  request: Request,
  approval: Approval | undefined,
): Promise<ExitCode> {
  const prospect = await withDatabase(terminal, request, 'read', ({ database, layout }) =>
    lookAhead(database, layout, approval),
  );
  const pending = prospect.drift?.approved ?? pendingOf(prospect.tallies);
  const isIdle = pending === 0 && prospect.unfinished === undefined;
  if (isIdle && prospect.drift === undefined) return nothingToDo(terminal, flags, prospect);
  if (isIdle && prospect.earlier !== undefined) return nothingToDo(terminal, flags, prospect);
  await showProspect(terminal, flags, prospect, approval);
  if (approval?.isStrict && prospect.drift !== undefined) refuseDrift(prospect.drift);
  if (isIdle) return nothingToDo(terminal, flags, prospect);
  refuseUnallowedSteps(prospect.steps, flags);
  checkRunsFolder(terminal.folder);
  const question = `Type the name of the database, ${prospect.database}, to write this to it: `;
  if (!(await isConfirmed(terminal, flags, { command: 'migrate', question, answer: prospect.database }))) {
    await write(terminal.stderr, 'Nothing was changed.\n');
    return ExitCode.Interrupted;
  }
  return withDatabase(terminal, request, 'write', ({ database, layout }) =>
    work(terminal, flags, database, layout, approval),
  );
}

async function lookAhead(
  database: Database,
  layout: Layout,
  approval: Approval | undefined,
): Promise<Prospect> {
  await foresee('migrate', database, layout);
  if (approval !== undefined) refuseOtherOrigin(approval, database, layout.configuration);
  const hasJournal = await database.hasJournal();
  const steps = await pendingSchemaSteps(database, layout);
  return database.snapshot(async (session) => {
    const runs = hasJournal ? await new RunTable(database).all(session) : [];
    const unfinished = runs.find(isUnfinished);
    if (unfinished !== undefined) refuseOtherPlan(unfinished, approval);
    const compared =
      approval === undefined || unfinished !== undefined
        ? { tallies: await tallyPlan(session, layout, database.dialect), drift: undefined }
        : await comparePlan(session, layout, database, approval.plan);
    return {
      database: database.identity.database,
      tallies: inOrder(compared.tallies),
      steps,
      unfinished,
      drift: compared.drift,
      earlier: runs.find(
        ({ state, planDigest }) =>
          state === 'done' && planDigest !== null && planDigest === approval?.plan.digest,
      ),
    };
  });
}

async function nothingToDo(
  terminal: Terminal,
  flags: MigrateFlags,
  { tallies, drift, earlier }: Prospect,
): Promise<ExitCode> {
  const look = lookOf(terminal.stdout, terminal, flags);
  const why =
    drift === undefined
      ? renderHeadline(tallies, look)
      : earlier === undefined
        ? 'Of what the plan would write, nothing is as it was when the plan was made.'
        : `The run ${earlier.id} has applied this plan.`;
  if (flags.json)
    await write(
      terminal.stdout,
      `${JSON.stringify({ run: null, totals: tallies, ...(drift !== undefined && { drift }) })}\n`,
    );
  else if (!flags.quiet)
    await write(
      terminal.stdout,
      `${renderTally(tallies, look)}\n\n${brushFor(look).good('Nothing to do.')} ${why}\n`,
    );
  if (drift !== undefined && earlier === undefined && driftedCount(drift) > 0)
    return ExitCode.DoneWithFindings;
  return flags.detailedExitcode && leftForReview(tallies) > 0 ? ExitCode.LeftForReview : ExitCode.Done;
}

/** Talk, not data: it goes to stderr, where the question stands, too. */
async function showProspect(
  terminal: Terminal,
  flags: MigrateFlags,
  prospect: Prospect,
  approval: Approval | undefined,
): Promise<void> {
  const { tallies, steps } = prospect;
  if (flags.quiet) return;
  const look = lookOf(terminal.stderr, terminal, flags);
  await write(terminal.stderr, `${renderTally(tallies, look)}\n\n`);
  if (steps.length > 0) await write(terminal.stderr, `${renderSchemaSteps(steps, look)}\n\n`);
  await write(terminal.stderr, `${wordsAbout(prospect, approval, look)}\n`);
}

function wordsAbout(
  { tallies, unfinished, drift }: Prospect,
  approval: Approval | undefined,
  look: Look,
): string {
  if (unfinished !== undefined) {
    const { id, startedAt, planDigest } = unfinished;
    const plan =
      planDigest === null
        ? ''
        : ` It was started with the approved plan ${planDigest}, and writes nothing else.`;
    return `The run ${id} of ${startedAt} is unfinished and goes on where it stopped.${plan}`;
  }
  if (drift === undefined || approval === undefined) return renderHeadline(tallies, look);
  const { path, digest } = approval.plan;
  return [
    `The plan ${path} has the digest ${digest}.`,
    renderDrift(drift, look, NAMED),
    ...(driftedCount(drift) === 0 ? [renderHeadline(tallies, look)] : []),
  ].join('\n');
}

function refuseUnallowedSteps(steps: readonly SchemaStep[], flags: MigrateFlags): void {
  const own = steps.filter(({ isApplication }) => isApplication);
  if (own.length === 0 || flags.allowSchemaChanges) return;
  throw new OnecardError(
    `The run would change the application's own tables:\n${own.map(({ sql }) => `  ${sql}`).join('\n')}`,
    {
      remedy: 'Allow it with --allow-schema-changes; nothing was changed.',
    },
  );
}

async function work(
  terminal: Terminal,
  flags: MigrateFlags,
  database: Database,
  layout: Layout,
  approval: Approval | undefined,
): Promise<ExitCode> {
  const started = Date.now();
  return stoppable(terminal, database, 'The same command resumes the run.', async (signal) => {
    await preflight(database, layout);
    const options = { ...runOptions(flags, signal), approval };
    const result = await withProgress(terminal, flags, (emit) => executeRun(database, layout, options, emit));
    if (result.stopped !== undefined) return stopped(terminal, result, result.stopped);
    return finish(terminal, flags, database, result, started);
  });
}

const runOptions = (flags: MigrateFlags, signal: AbortSignal): RunOptions => ({
  ticket: flags.ticket,
  lockTimeout: flags.lockTimeout,
  batchSize: { time: flags.batchTime, fixed: flags.batchSize },
  pace: {
    limit: flags.limit || undefined,
    stopAt: flags.stopAt,
    maxFailures: flags.maxFailures,
    pauseFile: flags.pauseFile,
    sleep: flags.sleep,
    signal,
  },
});

/** Turns what the engine says into a progress line. */
async function withProgress(
  terminal: Terminal,
  flags: MigrateFlags,
  run: (emit: (event: RunEvent) => void) => Promise<RunResult>,
): Promise<RunResult> {
  const look = lookOf(terminal.stderr, terminal, flags);
  const options = { animate: look.color, quiet: flags.quiet ?? false };
  let progress: Progress = createProgress(terminal.stderr, { ...options, label: 'preparing the schema' });
  const next = (label: string, total?: number) => {
    progress.succeed(done);
    progress = createProgress(terminal.stderr, { ...options, label, total });
  };
  let done = 'schema ready';
  const emit = (event: RunEvent) => {
    switch (event.kind) {
      case 'schema':
        return;
      case 'planning':
        next('planning');
        done = `planned as run ${event.run}`;
        return;
      case 'planned':
        next('applying', event.total);
        progress.update(0);
        return;
      case 'resumed':
        next('applying', event.total);
        progress.note(
          `resuming run ${event.run} after ${formatCount(event.done)} of ${formatCount(event.total)} operators`,
        );
        progress.update(event.done);
        done = `applied ${formatCount(event.total)}`;
        return;
      case 'applied':
        progress.update(event.done);
        done = `applied ${formatCount(event.done)} of ${formatCount(event.total)}`;
        return;
      case 'retrying':
        progress.hold(`trying again: ${event.why}`);
        return;
      case 'paused':
        progress.hold(event.why);
        return;
      case 'failed':
        progress.note(`refused at ${formatCount(event.position)}: ${event.why}`);
        return;
      case 'closing':
        next('classifying once more');
        done = 'classified once more';
    }
  };
  try {
    const result = await run(emit);
    progress.succeed(done);
    return result;
  } catch (error) {
    progress.fail('stopped');
    throw error;
  }
}

async function stopped(
  terminal: Terminal,
  { run, applied }: RunResult,
  reason: StopReason,
): Promise<ExitCode> {
  const written = applied.created + applied.linked;
  await write(
    terminal.stderr,
    `${wordsFor(reason)}: ${formatCount(written)} of ${formatCount(run.actions ?? 0)} operators are written, all of them whole.\n  → The same command resumes run ${run.id}.\n`,
  );
  return reason.kind === 'signal' ? ExitCode.Interrupted : ExitCode.Failed;
}

function wordsFor(reason: StopReason): string {
  switch (reason.kind) {
    case 'signal':
      return 'Stopped on request';
    case 'limit':
      return `Stopped after ${formatCount(reason.limit)} operators, as --limit asks`;
    case 'time':
      return `Stopped at ${reason.at.toTimeString().slice(0, 5)}, as --stop-at asks`;
    case 'failures':
      return `Stopped after ${formatCount(reason.failures)} rows that the database refused, as --max-failures asks`;
  }
}

async function finish(
  terminal: Terminal,
  flags: MigrateFlags,
  database: Database,
  result: RunResult,
  started: number,
): Promise<ExitCode> {
  const verification = await verifyDatabase(database, result.layout, { complete: false });
  const report = await writeAudit(database, result.layout, result.run, terminal.folder);
  // The report is whole before the run is done: after a failure here, the same command writes it again.
  const closed = { ...result.run, finishedAt: new Date().toISOString() };
  const summary = summarize(database, closed, result, verification, report, started);
  await writeSummary(terminal.folder, closed, renderSummaryMarkdown(summary), summary);
  await database.transaction((session) =>
    new RunTable(database).enter(session, result.run, 'done', { auditHead: report.head }),
  );
  if (flags.json) await write(terminal.stdout, `${JSON.stringify(summary)}\n`);
  else
    await write(
      terminal.stdout,
      `\n${renderRunSummary(summary, lookOf(terminal.stdout, terminal, flags))}\n`,
    );
  return exitCodeOf(summary, flags);
}

function exitCodeOf(summary: RunSummary, flags: MigrateFlags): ExitCode {
  const { closing, checks, stale, failed, pending } = summary;
  const doubleLinks = closing?.doubleLinks.count ?? 0;
  const lateCandidates = closing?.lateCandidates.count ?? 0;
  const drifted = summary.plan === null ? 0 : driftedCount(summary.plan.drift);
  const broken = checks.filter(({ violationCount }) => violationCount > 0);
  // Others linked a person of this run once more: reported as what it is, not as a run that went wrong.
  const isOthersDoing = doubleLinks > 0 && broken.every(({ name }) => name === 'one-operator-per-person');
  if (broken.length > 0 && !isOthersDoing) return ExitCode.Pending;
  if (stale + failed + pending + doubleLinks + lateCandidates + drifted > 0) return ExitCode.DoneWithFindings;
  return flags.detailedExitcode && summary.leftForReview > 0 ? ExitCode.LeftForReview : ExitCode.Done;
}

function summarize(
  database: Database,
  run: Run,
  { applied, closing }: RunResult,
  verification: Verification,
  report: AuditReport,
  started: number,
): RunSummary {
  return {
    run: run.id,
    database: database.identity,
    ticket: run.ticket,
    startedAt: run.startedAt,
    finishedAt: run.finishedAt,
    milliseconds: Date.now() - started,
    decisions: run.decisions,
    ...applied,
    pending: pendingOf(closing),
    leftForReview: leftForReview(closing),
    closing: run.closing,
    totals: inOrder(closing),
    violations: verification.checks.reduce((total, check) => total + check.violationCount, 0),
    checks: verification.checks,
    plan: run.planDigest === null || run.drift === null ? null : { digest: run.planDigest, drift: run.drift },
    report: report.folder,
    auditHead: report.head,
  };
}
