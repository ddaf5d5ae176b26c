import type { Approval } from '../apply/approval.js';
import type { Database } from '../database/database.js';
import { OnecardError } from '../errors.js';
import type { Configuration } from '../model/configuration.js';
import { ApprovedPlan } from '../plan/approved-plan.js';
import type { MigrateFlags } from './migrate-flags.js';

/** Flags that show a plan as it is made; with `--plan` there is one already. */
const MAKING = { only: '--only', decision: '--decision', planOut: '--plan-out', sql: '--sql' } as const;

/**
 * The approved plan, where one is given, before any connection is made.
 * @throws OnecardError with exit code 2 for flags that do not go together and a file that cannot be read; with 5
 *   for a file that is no whole, unaltered plan, or not the one whose digest is given.
 */
export async function readApproval(flags: MigrateFlags): Promise<Approval | undefined> {
  refuseOddFlags(flags);
  if (flags.plan === undefined) return undefined;
  const plan = await ApprovedPlan.open(flags.plan);
  if (flags.planDigest !== undefined) plan.refuseOtherDigest(flags.planDigest);
  return { plan, isStrict: flags.strict ?? false };
}

function refuseOddFlags(flags: MigrateFlags): void {
  const { plan, planDigest, strict, yes, dryRun } = flags;
  if (plan === undefined) {
    if (planDigest === undefined && !strict) return;
    throw new OnecardError(`${strict ? '--strict' : '--plan-digest'} is about an approved plan.`, {
      remedy: 'Add --plan FILE, or leave it out.',
    });
  }
  const making = (Object.keys(MAKING) as (keyof typeof MAKING)[]).find((flag) => flags[flag] !== undefined);
  if (dryRun && making !== undefined) {
    throw new OnecardError(`${MAKING[making]} does not go with --plan, which shows what drifted since.`, {
      remedy: 'Leave one of them out.',
    });
  }
  if (yes && !dryRun && planDigest === undefined) {
    throw new OnecardError('With --yes nobody confirms the plan: its digest has to be given.', {
      remedy:
        'Add --plan-digest with the digest that `onecard migrate --dry-run --plan-out FILE` printed when the plan was made.',
    });
  }
}

/** @throws OnecardError with exit code 5 where the plan was made of another database, or with another configuration. */
export function refuseOtherOrigin(
  { plan }: Approval,
  { identity }: Database,
  configuration: Configuration,
): void {
  plan.refuseOtherDatabase(identity);
  plan.refuseOtherConfiguration(configuration);
}
