import { type Approval, refuseOtherPlan } from '../apply/approval.js';
import { refuseOtherDecisions } from '../apply/decisions.js';
import { foresee } from '../apply/preflight.js';
import type { Layout } from '../config/layout.js';
import type { Database } from '../database/database.js';
import { OnecardError } from '../errors.js';
import { RunTable } from '../journal/journal.js';
import { pendingSchemaSteps, type SchemaStep } from '../journal/migrate.js';
import { isUnfinished, type Run } from '../journal/run.js';
import type { Tally } from '../model/decision.js';
import { type Drift, driftedCount } from '../model/drift.js';
import { ExitCode } from '../model/exit-code.js';
import type { FilledFile, HumanDecision } from '../model/human-decision.js';
import { countOf } from '../output/terminal/amounts.js';
import { renderDrift } from '../output/terminal/drift.js';
import { brushFor, type Look } from '../output/terminal/look.js';
import { printable } from '../output/terminal/printable.js';
import { renderSchemaSteps } from '../output/terminal/schema-steps.js';
import { renderHeadline, renderTally } from '../output/terminal/tables.js';
import { comparePlan, tallyPlan } from '../plan/plan.js';
import { inOrder } from '../plan/tallies.js';
import { checkedDecisions } from '../review/check.js';
import { refuseOtherOrigin } from './approved-plan.js';
import type { MigrateFlags } from './migrate-flags.js';
import { leftForReview } from './outcome.js';
import { lookOf, type Terminal, write } from './terminal.js';

/** What was found read-only, before anybody is asked. */
export interface Prospect {
  readonly database: string;
  readonly tallies: readonly Tally[];
  readonly steps: readonly SchemaStep[];
  readonly unfinished: Run | undefined;
  /** How the database differs from the approved plan; undefined without one, and while a run is half-way. */
  readonly drift: Drift | undefined;
  /** A run that has applied the approved plan to its end. */
  readonly earlier: Run | undefined;
  /** What humans have decided since the last run. */
  readonly decisions: readonly HumanDecision[];
}

/** Of what drifted since the approved plan, so many of each kind are shown. */
const NAMED = 5;

/** Looks at everything that a run depends on. */
export async function lookAhead(
  database: Database,
  layout: Layout,
  approval: Approval | undefined,
  file: FilledFile | undefined,
): Promise<Prospect> {
  await foresee('migrate', database, layout);
  if (approval !== undefined) refuseOtherOrigin(approval, database, layout.configuration);
  const hasJournal = await database.hasJournal();
  const steps = await pendingSchemaSteps(database, layout);
  return database.snapshot(async (session) => {
    const runs = hasJournal ? await new RunTable(database).all(session) : [];
    const unfinished = runs.find(isUnfinished);
    if (unfinished !== undefined) {
      refuseOtherPlan(unfinished, approval);
      await refuseOtherDecisions(session, database, layout, unfinished, file);
    }
    const decisions = unfinished === undefined ? await checkedDecisions(session, database, layout, file) : [];
    const compared =
      approval === undefined || unfinished !== undefined
        ? { tallies: await tallyPlan(session, layout, database, { decisions }), drift: undefined }
        : await comparePlan(session, layout, database, approval.plan, decisions);
    return {
      database: database.identity.database,
      tallies: inOrder(compared.tallies),
      steps,
      unfinished,
      drift: compared.drift,
      decisions,
      earlier: runs.find(
        ({ state, planDigest }) =>
          state === 'done' && planDigest !== null && planDigest === approval?.plan.digest,
      ),
    };
  });
}

export async function nothingToDo(
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
export async function showProspect(
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
  if (flags.decisions !== undefined && prospect.decisions.length > 0)
    await write(terminal.stderr, `${decidedWords(flags.decisions, prospect.decisions)}\n`);
  await write(terminal.stderr, `${wordsAbout(prospect, approval, look)}\n`);
}

function decidedWords(path: string, decisions: readonly HumanDecision[]): string {
  const who = [...new Set(decisions.map((decision) => printable(decision.who)))];
  const names = who.length > NAMED ? [...who.slice(0, NAMED), `${who.length - NAMED} more`] : who;
  return `${countOf(decisions.length, 'new decision')} of ${path}, by ${names.join(', ')}.`;
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

export function refuseUnallowedSteps(steps: readonly SchemaStep[], flags: MigrateFlags): void {
  const own = steps.filter(({ isApplication }) => isApplication);
  if (own.length === 0 || flags.allowSchemaChanges) return;
  throw new OnecardError(
    `The run would change the application's own tables:\n${own.flatMap(({ sql, meant }) => [`  ${sql}`, ...(meant === undefined ? [] : [`  (there is a column ${meant}: is it meant?)`])]).join('\n')}`,
    {
      remedy: 'Allow it with --allow-schema-changes; nothing was changed.',
    },
  );
}
