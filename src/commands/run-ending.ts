import { join } from 'node:path';
import type { StopReason } from '../apply/pace.js';
import type { RunResult } from '../apply/run.js';
import { RUNS_FOLDER } from '../audit/files.js';
import { writeSummary } from '../audit/summary.js';
import type { RunTrail } from '../audit/trails.js';
import type { Database } from '../database/database.js';
import { HumanDecisionTable } from '../journal/human-decisions.js';
import { RunTable } from '../journal/journal.js';
import { findRefused } from '../journal/refused.js';
import type { Run } from '../journal/run.js';
import { RunReportTable } from '../journal/run-reports.js';
import { driftedCount } from '../model/drift.js';
import { ExitCode } from '../model/exit-code.js';
import { renderSummaryMarkdown } from '../output/markdown.js';
import { formatCount } from '../output/terminal/amounts.js';
import { inOrder } from '../plan/tallies.js';
import type { Verification } from '../verify/verification.js';
import { verifyDatabase } from '../verify/verify.js';
import type { MigrateFlags } from './migrate-flags.js';
import { leftForReview, pendingOf } from './outcome.js';
import { type RunSummary, renderRefused, renderRunSummary } from './run-summary.js';
import { lookOf, type Terminal, write } from './terminal.js';

/** Says why a run ended before all was applied, and how it goes on. */
export async function tellStopped(
  terminal: Terminal,
  flags: MigrateFlags,
  database: Database,
  { run, applied }: RunResult,
  reason: StopReason,
): Promise<ExitCode> {
  const { created, linked, failed, stale } = applied;
  const refused = failed === 0 ? [] : await findRefused(database, run);
  const written = created + linked;
  if (flags.json) {
    const actions = run.actions ?? 0;
    const document = { run: run.id, stopped: reason.kind, actions, written, stale, failed, refused };
    await write(terminal.stdout, `${JSON.stringify(document)}\n`);
  }
  if (failed > 0) {
    const look = lookOf(terminal.stderr, terminal, flags);
    await write(terminal.stderr, `${renderRefused({ failed, refused }, look)}\n`);
  }
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

/** Verifies the run, keeps its report, and says what it came to. */
export async function finishRun(
  terminal: Terminal,
  flags: MigrateFlags,
  database: Database,
  result: RunResult & { readonly trail: RunTrail },
  started: number,
): Promise<ExitCode> {
  const verification = await verifyDatabase(database, result.layout, { complete: false });
  const auditHead = await result.trail.finish();
  // The report is whole before the run is done: after a failure here, the same command writes it again.
  const closed = { ...result.run, finishedAt: new Date().toISOString() };
  const humanDecisions = await database.transaction((session) =>
    new HumanDecisionTable(database).takenBy(session, closed),
  );
  const summary = {
    ...summarize(database, closed, result, verification, auditHead, started),
    humanDecisions,
    refused: await findRefused(database, closed),
  };
  const text = await writeSummary(terminal.folder, closed.id, summary, renderSummaryMarkdown);
  await database.transaction(async (session) => {
    await new RunTable(database).enter(session, result.run, 'done', { auditHead });
    await new RunReportTable(database).finish(session, result.run, text);
  });
  if (flags.json) await write(terminal.stdout, `${JSON.stringify(summary)}\n`);
  else
    await write(
      terminal.stdout,
      `\n${renderRunSummary(summary, lookOf(terminal.stdout, terminal, flags), flags)}\n`,
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
  { applied, closing, times }: RunResult,
  verification: Verification,
  auditHead: string,
  started: number,
): Omit<RunSummary, 'humanDecisions' | 'refused'> {
  return {
    run: run.id,
    database: database.identity,
    ticket: run.ticket,
    startedAt: run.startedAt,
    finishedAt: run.finishedAt,
    milliseconds: Date.now() - started,
    ...times,
    decisions: run.decisions,
    ...applied,
    pending: pendingOf(closing),
    leftForReview: leftForReview(closing),
    closing: run.closing,
    totals: inOrder(closing),
    violations: verification.checks.reduce((total, check) => total + check.violationCount, 0),
    checks: verification.checks,
    plan: run.planDigest === null || run.drift === null ? null : { digest: run.planDigest, drift: run.drift },
    report: join(RUNS_FOLDER, run.id),
    auditHead,
  };
}
