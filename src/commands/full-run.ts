import { createInterface } from 'node:readline/promises';
import { preflight } from '../apply/preflight.js';
import { executeRun, type RunEvent, type RunResult } from '../apply/run.js';
import type { Layout } from '../config/layout.js';
import type { Database } from '../database/database.js';
import { OnecardError } from '../errors.js';
import { type AuditReport, checkRunsFolder, writeAudit, writeSummary } from '../journal/audit.js';
import { RunTable } from '../journal/journal.js';
import { pendingSchemaSteps, type SchemaStep } from '../journal/migrate.js';
import { isUnfinished, type Run } from '../journal/run.js';
import type { Tally } from '../model/decision.js';
import { ExitCode } from '../model/exit-code.js';
import { renderSummaryMarkdown } from '../output/markdown.js';
import { formatCount } from '../output/terminal/amounts.js';
import { brushFor } from '../output/terminal/look.js';
import { createProgress, type Progress } from '../output/terminal/progress.js';
import { renderSchemaSteps } from '../output/terminal/schema-steps.js';
import { renderHeadline, renderTally } from '../output/terminal/tables.js';
import { tallyPlan } from '../plan/plan.js';
import { inOrder } from '../plan/tallies.js';
import type { Verification } from '../verify/verification.js';
import { verifyDatabase } from '../verify/verify.js';
import type { MigrateFlags } from './migrate-flags.js';
import { leftForReview, pendingOf } from './outcome.js';
import { type RunSummary, renderRunSummary } from './run-summary.js';
import { lookOf, type Request, type Terminal, withDatabase, write } from './terminal.js';

/** What was found read-only, before anybody is asked. */
interface Prospect {
  readonly database: string;
  readonly tallies: readonly Tally[];
  readonly steps: readonly SchemaStep[];
  readonly unfinished: Run | undefined;
}

/** Plans read-only, asks, and only then writes: journal, cards, links; verifies, and reports. */
export async function fullRun(terminal: Terminal, flags: MigrateFlags, request: Request): Promise<ExitCode> {
  const prospect = await withDatabase(terminal, request, 'read', ({ database, layout }) =>
    lookAhead(database, layout),
  );
  if (pendingOf(prospect.tallies) === 0 && prospect.unfinished === undefined)
    return nothingToDo(terminal, flags, prospect);
  await showProspect(terminal, flags, prospect);
  refuseUnallowedSteps(prospect.steps, flags);
  checkRunsFolder(terminal.folder);
  if (!(await isConfirmed(terminal, flags, prospect))) {
    await write(terminal.stderr, 'Nothing was changed.\n');
    return ExitCode.Interrupted;
  }
  return withDatabase(terminal, request, 'write', ({ database, layout }) =>
    work(terminal, flags, database, layout),
  );
}

async function lookAhead(database: Database, layout: Layout): Promise<Prospect> {
  const hasJournal = await database.hasJournal();
  const steps = await pendingSchemaSteps(database, layout);
  return database.snapshot(async (session) => ({
    database: database.identity.database,
    tallies: inOrder(await tallyPlan(session, layout, database.dialect)),
    steps,
    unfinished: hasJournal ? (await new RunTable(database).all(session)).find(isUnfinished) : undefined,
  }));
}

async function nothingToDo(
  terminal: Terminal,
  flags: MigrateFlags,
  { tallies }: Prospect,
): Promise<ExitCode> {
  const look = lookOf(terminal.stdout, terminal, flags);
  if (flags.json) await write(terminal.stdout, `${JSON.stringify({ run: null, totals: tallies })}\n`);
  else if (!flags.quiet)
    await write(
      terminal.stdout,
      `${renderTally(tallies, look)}\n\n${brushFor(look).good('Nothing to do.')} ${renderHeadline(tallies)}\n`,
    );
  return flags.detailedExitcode && leftForReview(tallies) > 0 ? ExitCode.LeftForReview : ExitCode.Done;
}

/** Talk, not data: it goes to stderr, where the question stands, too. */
async function showProspect(
  terminal: Terminal,
  flags: MigrateFlags,
  { tallies, steps, unfinished }: Prospect,
): Promise<void> {
  if (flags.quiet) return;
  const look = lookOf(terminal.stderr, terminal, flags);
  await write(terminal.stderr, `${renderTally(tallies, look)}\n\n`);
  if (steps.length > 0) await write(terminal.stderr, `${renderSchemaSteps(steps, look)}\n\n`);
  await write(
    terminal.stderr,
    unfinished === undefined
      ? `${renderHeadline(tallies)}\n`
      : `The run ${unfinished.id} of ${unfinished.startedAt} is unfinished and goes on where it stopped.\n`,
  );
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

async function isConfirmed(
  terminal: Terminal,
  flags: MigrateFlags,
  { database }: Prospect,
): Promise<boolean> {
  if (flags.yes) return true;
  if (!terminal.stdin.isTTY || !terminal.stderr.isTTY || flags.input === false) {
    throw new OnecardError('A run asks before it writes, and there is no terminal to ask on.', {
      remedy: 'Add --yes once you have seen `onecard migrate --dry-run`; nothing was changed.',
    });
  }
  const prompt = createInterface({ input: terminal.stdin, output: terminal.stderr });
  try {
    const answer = await prompt.question(
      `\nType the name of the database, ${database}, to write this to it: `,
    );
    return answer.trim() === database;
  } catch {
    // Ctrl-C and the end of the input are answers, too.
    return false;
  } finally {
    prompt.close();
  }
}

async function work(
  terminal: Terminal,
  flags: MigrateFlags,
  database: Database,
  layout: Layout,
): Promise<ExitCode> {
  const started = Date.now();
  const stop = new AbortController();
  // The first signal ends the run after its batch; the second finds no handler and ends the process.
  const onSignal = () => {
    terminal.stderr.write('\nStopping after this batch; once more aborts at once.\n');
    stop.abort();
  };
  process.once('SIGINT', onSignal).once('SIGTERM', onSignal);
  try {
    await preflight(database, layout);
    const options = { ticket: flags.ticket, batchSize: flags.batchSize, signal: stop.signal };
    const result = await withProgress(terminal, flags, (emit) => executeRun(database, layout, options, emit));
    if (result.isInterrupted) return interrupted(terminal, result);
    return await finish(terminal, flags, database, result, started);
  } finally {
    process.off('SIGINT', onSignal).off('SIGTERM', onSignal);
  }
}

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

async function interrupted(terminal: Terminal, { run, applied }: RunResult): Promise<ExitCode> {
  const written = applied.created + applied.linked;
  await write(
    terminal.stderr,
    `Stopped on request: ${formatCount(written)} operators were written in this session, all of them whole.\n  → The same command resumes run ${run.id}.\n`,
  );
  return ExitCode.Interrupted;
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
    new RunTable(database).enter(session, result.run, 'done', { audit_head: report.head }),
  );
  if (flags.json) await write(terminal.stdout, `${JSON.stringify(summary)}\n`);
  else
    await write(
      terminal.stdout,
      `\n${renderRunSummary(summary, lookOf(terminal.stdout, terminal, flags))}\n`,
    );
  if (summary.violations > 0) return ExitCode.Pending;
  if (summary.stale > 0 || summary.pending > 0) return ExitCode.DoneWithFindings;
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
    totals: inOrder(closing),
    violations: verification.checks.reduce((total, check) => total + check.violationCount, 0),
    checks: verification.checks,
    report: report.folder,
    auditHead: report.head,
  };
}
