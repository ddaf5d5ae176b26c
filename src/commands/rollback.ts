import { join } from 'node:path';
import { foresee } from '../apply/preflight.js';
import { checkRunsFolder, RUNS_FOLDER } from '../audit/files.js';
import { writeSummary } from '../audit/summary.js';
import { RollbackTrail } from '../audit/trails.js';
import type { Layout } from '../config/layout.js';
import { findReferences, labelOf, type Reference } from '../config/references.js';
import type { Database } from '../database/database.js';
import { ExitCode } from '../model/exit-code.js';
import { renderRollbackMarkdown } from '../output/markdown.js';
import { formatCount } from '../output/terminal/amounts.js';
import { renderTakenBack } from '../output/terminal/diff/taken-back.js';
import { brushFor } from '../output/terminal/look.js';
import { renderNext } from '../output/terminal/next-steps.js';
import { printable } from '../output/terminal/printable.js';
import { proveReadOnly } from '../plan/read-only.js';
import { requireSightOfReferences } from '../privileges/require.js';
import { checkReadBack } from '../rollback/preflight.js';
import { streamProspects } from '../rollback/preview.js';
import {
  endRollback,
  executeRollback,
  type RollbackEvent,
  type RollbackOptions,
  type RollbackResult,
} from '../rollback/rollback.js';
import { type Found, findSubject, noSuchRun, type Subject } from '../rollback/subject.js';
import { type Progress, progressOf } from '../rollback/totals.js';
import { isConfirmed } from './confirmation.js';
import { Remarks, type RollbackSummary, renderProspects, renderRollbackSummary } from './rollback-summary.js';
import { samePlace } from './same-flags.js';
import { inStages, type Stages } from './stages.js';
import { stoppable } from './stopping.js';
import {
  announceSample,
  lookOf,
  readRequest,
  type SharedFlags,
  type Terminal,
  withDatabase,
  write,
} from './terminal.js';

export interface RollbackFlags extends SharedFlags {
  readonly only?: string;
  readonly dryRun?: boolean;
  readonly yes?: boolean;
  readonly ticket?: string;
  readonly batchSize?: number;
  /** Milliseconds. */
  readonly batchTime: number;
  /** Milliseconds. */
  readonly lockTimeout: number;
}

/** What was found read-only, before anybody is asked. */
interface Outlook {
  readonly database: string;
  readonly found: Found;
  readonly progress: Progress;
  readonly references: readonly Reference[];
  readonly layout: Layout;
}

/** A person reads so many changes at most; the rest is counted. */
const SHOWN = 500;

/** Takes a run back, or shows what that would do. */
export async function rollback(terminal: Terminal, run: string, flags: RollbackFlags): Promise<ExitCode> {
  const request = readRequest(terminal, flags);
  announceSample(terminal, flags, request);
  const subject: Subject = { run, only: flags.only };
  if (flags.dryRun)
    return withDatabase(terminal, request, 'read', ({ database, layout }) =>
      dryRun(terminal, flags, database, layout, subject),
    );
  const outlook = await withDatabase(terminal, request, 'read', async ({ database, layout }) => {
    const ahead = await lookAhead(database, layout, subject);
    await foresee('rollback', database, layout);
    return ahead;
  });
  await showOutlook(terminal, flags, outlook);
  checkRunsFolder(terminal.folder);
  const question = `Type the name of the run, ${run}, to take this back: `;
  if (!(await isConfirmed(terminal, flags, { command: `rollback ${run}`, question, answer: run }))) {
    await write(terminal.stderr, 'Nothing was changed.\n');
    return ExitCode.Interrupted;
  }
  return withDatabase(terminal, request, 'write', ({ database, layout }) =>
    work(terminal, flags, database, layout, subject),
  );
}

async function lookAhead(database: Database, layout: Layout, subject: Subject): Promise<Outlook> {
  if (!(await database.hasJournal())) throw noSuchRun(database, subject.run, []);
  const { found, progress } = await database.snapshot(async (session) => {
    const found = await findSubject(session, database, subject);
    const progress = await progressOf(session, database, found.run);
    return { found, progress: found.position === undefined ? progress : { done: 0, total: 1 } };
  });
  checkReadBack(layout, found.run);
  const references = await findReferences(database, layout);
  return { database: database.identity.database, found, progress, references, layout };
}

async function dryRun(
  terminal: Terminal,
  flags: RollbackFlags,
  database: Database,
  layout: Layout,
  subject: Subject,
): Promise<ExitCode> {
  await proveReadOnly(database);
  await requireSightOfReferences(database, layout);
  const outlook = await lookAhead(database, layout, subject);
  await warnOfCosts(terminal, flags, outlook);
  const look = lookOf(terminal.stdout, terminal, flags);
  const remarks = new Remarks();
  const begin = flags.json
    ? `${JSON.stringify({ database: database.identity, run: subject.run }).slice(0, -1)},"changes":[`
    : `${brushFor(look).strong('Dry run')} of a rollback on ${database.identity.kind} ${database.identity.version}, database ${database.identity.database}: nothing is written.\n\n`;
  await write(terminal.stdout, begin);
  let left = 0;
  await database.snapshot(async (session) => {
    const prospects = streamProspects(session, database, layout, outlook.found, outlook.references);
    for await (const prospect of prospects) {
      const separator = remarks.total > 0 ? ',' : '';
      remarks.add(prospect);
      // What is kept, and why, is what a person looks for.
      if (!flags.json && remarks.total > SHOWN && prospect.reason === null) left++;
      else if (flags.json) await write(terminal.stdout, `${separator}\n${JSON.stringify(prospect)}`);
      else
        await write(
          terminal.stdout,
          `${renderTakenBack(prospect, { look, configuration: layout.configuration })}\n\n`,
        );
    }
  });
  if (left > 0)
    await write(terminal.stdout, `… and ${formatCount(left)} more to be taken back: --json gives all.\n\n`);
  const totals = remarks.totals();
  await write(
    terminal.stdout,
    flags.json
      ? `\n],"totals":${JSON.stringify(totals)}}\n`
      : `${renderProspects(totals, look)}\n\n${renderNext([[`rollback${samePlace(flags, { only: flags.only })} ${subject.run}`, 'do this; it asks first']], look)}\n`,
  );
  return ExitCode.Done;
}

/** Talk, not data: it goes to stderr, where the question stands, too. */
async function showOutlook(terminal: Terminal, flags: RollbackFlags, outlook: Outlook): Promise<void> {
  if (flags.quiet) return;
  const { found, progress, database } = outlook;
  const { run, position } = found;
  const left = formatCount(progress.total - progress.done);
  await write(
    terminal.stderr,
    position === undefined
      ? `${run.state === 'rolling-back' ? 'The rollback goes on where it stopped: ' : ''}${left} of ${formatCount(progress.total)} changes of run ${run.id} (${run.state}, started ${run.startedAt}) on ${database} are to be taken back: cards removed, links restored.\n`
      : `What run ${run.id} did for operator ${printable(flags.only ?? '')} is to be taken back.\n`,
  );
  await write(
    terminal.stderr,
    'Cards that were edited since, or that something refers to, are kept with their links, and listed.\n' +
      `\`onecard rollback ${run.id} --dry-run\` shows each of them.\n`,
  );
  await warnOfCosts(terminal, flags, outlook);
}

/** So few rows are read quickly, whatever the index. */
const FEW_ROWS = 1000;

/** To delete a card, the server looks for rows that refer to it: without an index it reads the whole table each time. */
async function warnOfCosts(
  terminal: Terminal,
  flags: RollbackFlags,
  { references, progress, layout }: Outlook,
): Promise<void> {
  if (flags.quiet) return;
  const brush = brushFor(lookOf(terminal.stderr, terminal, flags));
  const cards = progress.total - progress.done;
  for (const reference of references.filter(({ isIndexed }) => !isIndexed)) {
    const { estimatedRows, isDeclared } = reference;
    const cost =
      estimatedRows > FEW_ROWS
        ? `about ${formatCount(estimatedRows)} rows are read for each of ${formatCount(cards)} cards`
        : `its whole table, ${formatCount(estimatedRows)} rows by the statistics, is read for each of ${formatCount(cards)} cards`;
    await write(
      terminal.stderr,
      `${brush.warning(`${isDeclared ? 'The foreign key' : 'The reference'} ${printable(labelOf(reference, layout))} has no index: ${cost}. An index on it makes the rollback quick.`)}\n`,
    );
  }
}

async function work(
  terminal: Terminal,
  flags: RollbackFlags,
  database: Database,
  layout: Layout,
  subject: Subject,
): Promise<ExitCode> {
  const started = Date.now();
  return stoppable(terminal, database, 'The same command goes on with the rollback.', async (signal) => {
    const trail = new RollbackTrail(database, terminal.folder);
    const options: RollbackOptions = {
      ticket: flags.ticket,
      follower: trail,
      lockTimeout: flags.lockTimeout,
      batchSize: { time: flags.batchTime, fixed: flags.batchSize },
      signal,
    };
    try {
      const result = await inStages(terminal, flags, FIRST_STAGE, (stages) =>
        executeRollback(database, layout, subject, options, (event) => showRollbackEvent(event, stages)),
      );
      if (result.isStopped) return await tellStopped(terminal, result);
      return await finish(terminal, flags, database, { ...result, trail }, Date.now() - started);
    } finally {
      await trail.leave();
    }
  });
}

const FIRST_STAGE = { label: 'taking back', done: 'checked' };

/** Turns what a rollback says into its progress line. */
function showRollbackEvent(event: RollbackEvent, { next, done, progress }: Stages): void {
  switch (event.kind) {
    case 'started':
      next('taking back', event.total);
      done('taken back');
      progress.update(event.done);
      break;
    case 'taken-back':
      progress.update(event.done);
      done(`went through ${formatCount(event.done)} of ${formatCount(event.total)} changes`);
      break;
    case 'retrying':
      progress.hold(`trying again: ${event.why}`);
      break;
    case 'refused':
      // Whom, and the server's words, which may hold values, stand in the summary.
      progress.note('one change is kept, since the database refused to take it back');
      break;
  }
}

/** Says how it goes on. */
async function tellStopped(terminal: Terminal, { run, takenBack }: RollbackResult): Promise<ExitCode> {
  const handled = takenBack.removed + takenBack.kept;
  await write(
    terminal.stderr,
    `Stopped on request: ${formatCount(handled)} changes are handled, all of them whole.\n  → onecard rollback ${run.id} takes back the rest.\n`,
  );
  return ExitCode.Interrupted;
}

/** Keeps its report, ends it, and says what it came to. */
async function finish(
  terminal: Terminal,
  flags: RollbackFlags,
  database: Database,
  result: RollbackResult & { readonly trail: RollbackTrail },
  milliseconds: number,
): Promise<ExitCode> {
  const { run, rollback, takenBack, times } = result;
  const auditHead = await result.trail.finish();
  const folder = join(run.id, `rollback-${rollback.number}`);
  const summary: RollbackSummary = {
    run: run.id,
    rollback: rollback.number,
    database: database.identity,
    state: rollback.operator === null ? 'rolled-back' : run.state,
    ...(rollback.operator !== null && { only: rollback.operator }),
    ticket: rollback.ticket,
    startedAt: rollback.startedAt,
    finishedAt: new Date().toISOString(),
    milliseconds,
    ...times,
    ...takenBack,
    report: join(RUNS_FOLDER, folder),
    auditHead,
  };
  const text = await writeSummary(terminal.folder, folder, summary, renderRollbackMarkdown);
  await endRollback(database, result, { auditHead, summary: text });
  if (flags.json) await write(terminal.stdout, `${JSON.stringify(summary)}\n`);
  else
    await write(
      terminal.stdout,
      `\n${renderRollbackSummary(summary, lookOf(terminal.stdout, terminal, flags), samePlace(flags))}\n`,
    );
  return takenBack.kept + takenBack.linksLeft > 0 ? ExitCode.DoneWithFindings : ExitCode.Done;
}
