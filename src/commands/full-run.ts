import { preflight } from '../apply/preflight.js';
import { executeRun, type RunOptions } from '../apply/run.js';
import { checkRunsFolder } from '../audit/files.js';
import { RunTrail } from '../audit/trails.js';
import type { Layout } from '../config/layout.js';
import type { Database } from '../database/database.js';
import { ExitCode } from '../model/exit-code.js';
import { refuseDrift } from '../plan/drift.js';
import { isConfirmed } from './confirmation.js';
import type { MigrateFlags } from './migrate-flags.js';
import { pendingOf } from './outcome.js';
import { lookAhead, nothingToDo, refuseUnallowedSteps, showProspect } from './prospect.js';
import { finishRun, tellStopped } from './run-ending.js';
import { showRunEvent } from './run-progress.js';
import { inStages } from './stages.js';
import { stoppable } from './stopping.js';
import { type Request, type Terminal, warnOfSlowLookups, withDatabase, write } from './terminal.js';

/** Plans read-only, asks, and only then writes: journal, cards, links; verifies, and reports. */
export async function fullRun(
  terminal: Terminal,
  flags: MigrateFlags,
  request: Request,
  { approval, decisions }: Pick<RunOptions, 'approval' | 'decisions'>,
): Promise<ExitCode> {
  const prospect = await withDatabase(terminal, request, 'read', async ({ database, layout }) => {
    await warnOfSlowLookups(terminal, flags, { database, layout });
    return lookAhead(database, layout, approval, decisions);
  });
  const pending = prospect.drift?.approved ?? pendingOf(prospect.tallies);
  const isIdle = pending === 0 && prospect.unfinished === undefined && prospect.decisions.length === 0;
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
    work(terminal, flags, database, layout, { approval, decisions }),
  );
}

const FIRST_STAGE = { label: 'preparing the schema', done: 'schema ready' };

async function work(
  terminal: Terminal,
  flags: MigrateFlags,
  database: Database,
  layout: Layout,
  given: Pick<RunOptions, 'approval' | 'decisions'>,
): Promise<ExitCode> {
  const started = Date.now();
  return stoppable(terminal, database, 'The same command resumes the run.', async (signal) => {
    await preflight(database, layout);
    const trail = new RunTrail(database, terminal.folder);
    try {
      const options = { ...runOptions(flags, signal), ...given, follower: trail };
      const result = await inStages(terminal, flags, FIRST_STAGE, (stages) =>
        executeRun(database, layout, options, (event) => showRunEvent(event, stages)),
      );
      if (result.stopped !== undefined)
        return await tellStopped(terminal, flags, database, result, result.stopped);
      return await finishRun(terminal, flags, database, { ...result, trail }, started);
    } finally {
      await trail.leave();
    }
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
