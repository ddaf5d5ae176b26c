import type { Tally } from '../model/decision.js';
import type { BaselineComparison, Measures } from '../model/rehearsal.js';
import type { ApprovedPlan } from '../plan/approved-plan.js';
import { dropAll, restore } from './clean-up.js';
import { Cycle, type CycleOptions } from './cycle.js';
import { plural } from './judgements.js';
import { holdAgainstLimits, type Limits } from './limits.js';
import { type Loaded, type LoadOptions, load } from './loaded.js';
import { Site } from './site.js';
import type { Steps } from './steps.js';

export interface RehearsalOptions extends CycleOptions, LoadOptions {
  readonly limits: Limits;
  /** The database was there before, and stays. */
  readonly isInPlace: boolean;
  /** Leaves everything as it is at the end. */
  readonly isKept: boolean;
  /** Undefined where no baseline was given. */
  readonly compareBaseline: ((plan: ApprovedPlan) => Promise<BaselineComparison>) | undefined;
  /** Told of the plan of the first dry run. */
  onPlan(plan: ApprovedPlan): Promise<void>;
}

/** What was learned on the way. */
export interface Course {
  readonly database: Loaded['database'] | null;
  readonly decisions: readonly Tally[];
  readonly measures: Measures;
  readonly baseline: BaselineComparison | null;
}

/**
 * Takes a database through the whole migration: as it will be run, cut short, resumed, verified, taken back and run
 * again; and holds the data against what it was, between. Whatever happens, what was made for it goes in the end.
 */
export async function rehearse(options: RehearsalOptions, steps: Steps): Promise<Course> {
  let site: Site | undefined;
  let loaded: Loaded | undefined;
  const cycle = new Cycle(options, steps);
  await steps.inTurn(async () => {
    loaded = await steps.need('load', (findings) =>
      load(findings, options, (made) => {
        site = made;
      }),
    );
    await cycle.turn(loaded);
  });
  steps.skipUpTo('verify-again');
  try {
    const baseline = await judge(options, steps, cycle);
    const { decisions, measures } = cycle;
    return { database: loaded?.database ?? null, decisions, measures, baseline };
  } finally {
    await cleanUp(options, steps, site, loaded);
  }
}

/** Holds what was learned against what a pipeline asks for. */
async function judge(
  { limits, compareBaseline, onPlan }: RehearsalOptions,
  steps: Steps,
  { plan, decisions, measures, isWhole }: Cycle,
): Promise<BaselineComparison | null> {
  if (plan === undefined) {
    steps.skipUpTo('baseline');
    return null;
  }
  if (isWhole)
    await steps.take('limits', async (findings) =>
      holdAgainstLimits(findings, limits, { decisions, measures }),
    );
  else steps.skipUpTo('limits');
  let comparison: BaselineComparison | null = null;
  if (compareBaseline === undefined) steps.skip('baseline', 'no --baseline given');
  else
    await steps.take('baseline', async (findings) => {
      comparison = await compareBaseline(plan);
      const { same, changed, file } = comparison;
      findings.seen = `${plural(same, 'decision')} as in ${file}`;
      if (changed > 0) findings.problem(`${plural(changed, 'decision')} changed since ${file}`);
    });
  await onPlan(plan);
  return comparison;
}

/** Not by the signal that has ended the rest: this is what is left to be done then. */
async function cleanUp(
  options: RehearsalOptions,
  steps: Steps,
  site: Site | undefined,
  loaded: Loaded | undefined,
): Promise<void> {
  const { isKept, isInPlace, workplace } = options;
  if (isKept && site !== undefined) {
    const { target, name } = site.scratch;
    await site.scratch.keep();
    const where = target.kind === 'embedded' ? `the embedded database in ${workplace}` : name;
    return steps.skip('clean-up', `kept, as asked: ${where}; reports in ${workplace}`);
  }
  if (isInPlace && site !== undefined && loaded !== undefined) {
    const never = new AbortController().signal;
    const fresh = new Site(site.scratch, { ...options, signal: never, atOnce: never });
    await steps.take('clean-up', (findings) => restore(findings, fresh, loaded, options));
    return;
  }
  await steps.take('clean-up', (findings) =>
    dropAll(findings, isInPlace ? undefined : site, workplace, steps.error),
  );
}
