import { OnecardError } from '../errors.js';
import type { ExitCode } from '../model/exit-code.js';
import { readApproval } from './approved-plan.js';
import { readDecisionsFile } from './decisions-file.js';
import type { MigrateFlags } from './migrate-flags.js';
import { announceSample, readRequest, type Terminal } from './terminal.js';

/** Flags that only look: with them and without `--dry-run`, somebody means another thing than would happen. */
const LOOKING = ['only', 'decision', 'planOut', 'report', 'sql'] as const;
const FLAG = {
  only: '--only',
  decision: '--decision',
  planOut: '--plan-out',
  report: '--report',
  sql: '--sql',
};

export async function migrate(terminal: Terminal, flags: MigrateFlags): Promise<ExitCode> {
  const looking = LOOKING.find((flag) => flags[flag] !== undefined);
  if (!flags.dryRun && looking !== undefined) {
    throw new OnecardError(
      `${FLAG[looking]} is about what a dry run shows; a run always does the whole plan.`,
      {
        remedy: 'Add --dry-run, or leave the flag out.',
      },
    );
  }
  const request = readRequest(terminal, flags);
  const approval = await readApproval(flags);
  const decisions = flags.decisions === undefined ? undefined : await readDecisionsFile(flags.decisions);
  announceSample(terminal, flags, request);
  if (!flags.dryRun)
    return (await import('./full-run.js')).fullRun(terminal, flags, request, { approval, decisions });
  if (approval === undefined)
    return (await import('./dry-run.js')).dryRun(terminal, flags, request, decisions);
  return (await import('./plan-drift.js')).showPlanDrift(terminal, flags, request, approval, decisions);
}
