import type { Approval } from '../apply/approval.js';
import { driftedCount } from '../model/drift.js';
import { ExitCode } from '../model/exit-code.js';
import type { FilledFile } from '../model/human-decision.js';
import { renderDrift } from '../output/terminal/drift.js';
import { brushFor } from '../output/terminal/look.js';
import { refuseDrift } from '../plan/drift.js';
import { comparePlan } from '../plan/plan.js';
import { proveReadOnly } from '../plan/read-only.js';
import { checkedDecisions } from '../review/check.js';
import { refuseOtherOrigin } from './approved-plan.js';
import type { MigrateFlags } from './migrate-flags.js';
import { lookOf, type Request, type Terminal, withDatabase, write } from './terminal.js';

/** So many of each kind are shown, unless `--limit` says otherwise; all that are listed at most. */
const SHOWN = 20;

/** Shows how the database differs from a plan by now. The session is read-only. */
export function showPlanDrift(
  terminal: Terminal,
  flags: MigrateFlags,
  request: Request,
  approval: Approval,
  file: FilledFile | undefined,
): Promise<ExitCode> {
  return withDatabase(terminal, request, 'read', async ({ database, layout }) => {
    refuseOtherOrigin(approval, database, layout.configuration);
    await proveReadOnly(database);
    const { plan, isStrict } = approval;
    const { drift } = await database.snapshot(async (session) =>
      comparePlan(session, layout, database, plan, await checkedDecisions(session, database, layout, file)),
    );
    if (flags.json) {
      const document = { database: database.identity, plan: { file: plan.path, digest: plan.digest, drift } };
      await write(terminal.stdout, `${JSON.stringify(document)}\n`);
    } else {
      const look = lookOf(terminal.stdout, terminal, flags);
      const { kind, version, database: name } = database.identity;
      await write(
        terminal.stdout,
        [
          `${brushFor(look).strong('Dry run')} on ${kind} ${version}, database ${name}: nothing is written.`,
          `The plan ${plan.path} has the digest ${plan.digest}.`,
          '',
          renderDrift(drift, look, (flags.limit ?? SHOWN) || Number.POSITIVE_INFINITY),
          '',
        ].join('\n'),
      );
    }
    if (isStrict) refuseDrift(drift);
    return flags.detailedExitcode && driftedCount(drift) > 0 ? ExitCode.Pending : ExitCode.Done;
  });
}
