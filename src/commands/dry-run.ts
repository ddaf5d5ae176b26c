import { renderRunSql } from '../apply/preview.js';
import { PlanReport } from '../audit/plan-report.js';
import type { Layout } from '../config/layout.js';
import { OnecardError } from '../errors.js';
import { pendingSchemaSteps } from '../journal/migrate.js';
import type { PlannedOperator, Tally } from '../model/decision.js';
import { ExitCode } from '../model/exit-code.js';
import type { FilledFile, HumanDecision } from '../model/human-decision.js';
import { renderPlanMarkdown } from '../output/markdown.js';
import { createProgress } from '../output/terminal/progress.js';
import { findDecided } from '../plan/decided.js';
import { PlanFile } from '../plan/file.js';
import { streamPlan } from '../plan/plan.js';
import { proveReadOnly } from '../plan/read-only.js';
import { Tallies } from '../plan/tallies.js';
import { requirePrivileges } from '../privileges/require.js';
import { checkedDecisions } from '../review/check.js';
import { findTriggers } from '../scan/readiness.js';
import { DiffPresenter } from './diff-presenter.js';
import { JsonPresenter } from './json-presenter.js';
import type { MigrateFlags } from './migrate-flags.js';
import { pendingCode } from './outcome.js';
import type { Presenter } from './plan-presenter.js';
import {
  lookOf,
  type Opened,
  type Request,
  type Terminal,
  warnOfSlowLookups,
  withDatabase,
  write,
} from './terminal.js';

/** A person reads so many operators at most; the rest is counted, and is in the plan file. */
const SHOWN = 500;

/** Shows what a run would do. The session is read-only: the database itself refuses to write. */
export function dryRun(
  terminal: Terminal,
  flags: MigrateFlags,
  request: Request,
  file: FilledFile | undefined,
): Promise<ExitCode> {
  return withDatabase(terminal, request, 'read', async ({ database, layout }) => {
    await requirePrivileges('dry-run', database, layout);
    await proveReadOnly(database);
    await warnOfSlowLookups(terminal, flags, { database, layout });
    const triggers = await findTriggers(database, layout);
    const steps = await pendingSchemaSteps(database, layout);
    if (flags.sql) {
      const decided = await database.snapshot((session) => findDecided(session, database));
      // A run has its decisions in the journal by then.
      const inRun = file === undefined ? decided : { isRemembered: true, file: [] };
      await write(terminal.stdout, renderRunSql(database, layout, steps, inRun));
      return ExitCode.Done;
    }
    const decisions = await database.snapshot((session) => checkedDecisions(session, database, layout, file));
    const presenter = flags.json
      ? new JsonPresenter(terminal, { database, layout }, { steps, ...triggers })
      : new DiffPresenter(terminal, flags, { database, layout }, { steps, ...triggers });
    const tallies = await readPlan(terminal, flags, { database, layout }, decisions, presenter);
    return flags.detailedExitcode ? pendingCode(tallies) : ExitCode.Done;
  });
}

async function readPlan(
  terminal: Terminal,
  flags: MigrateFlags,
  { database, layout }: Opened,
  decisions: readonly HumanDecision[],
  presenter: Presenter,
): Promise<Tally[]> {
  const file =
    flags.planOut === undefined
      ? undefined
      : await PlanFile.create(flags.planOut, database.identity, layout.configuration);
  const report = flags.report
    ? await PlanReport.create(terminal.folder, database.identity, layout.configuration, flags.ticket)
    : undefined;
  const limit = (flags.limit ?? (flags.json ? 0 : SHOWN)) || Number.POSITIVE_INFINITY;
  const tallies = new Tallies();
  let shown = 0;
  let chosen = 0;
  const progress = startProgress(terminal, flags);
  const read = database.snapshot(async (session) => {
    for await (const planned of streamPlan(session, layout, database, decisions)) {
      tallies.add(planned);
      progress.update(tallies.total);
      await file?.add(planned);
      await report?.add(planned);
      if (!isChosen(planned, flags)) continue;
      chosen++;
      if (shown >= limit) continue;
      shown++;
      await presenter.show(planned);
    }
    if (flags.only !== undefined && chosen === 0) throw noSuchOperator(flags.only, flags, layout);
    return {
      plan: file === undefined ? undefined : { file: file.path, digest: await file.finish(tallies.all()) },
      report: await report?.finish(tallies.all(), renderPlanMarkdown),
    };
  });
  const written = await read.then(progress.succeed, async (error) => {
    await file?.discard();
    await report?.discard();
    return progress.fail(error);
  });
  await presenter.end(tallies.all(), chosen - shown, written);
  return tallies.all();
}

/**
 * The database classifies for a while before the first operator comes; after that, the operators themselves
 * show on a terminal that it goes on.
 */
function startProgress(terminal: Terminal, flags: MigrateFlags) {
  const options = { animate: lookOf(terminal.stderr, terminal, flags).color, quiet: flags.quiet ?? false };
  const classifying = createProgress(terminal.stderr, { ...options, label: 'classifying' });
  const reading = terminal.stdout.isTTY
    ? undefined
    : createProgress(terminal.stderr, { ...options, animate: false, label: 'reading the plan' });
  return {
    update(done: number): void {
      if (done === 1) classifying.succeed('classified');
      if (done % 1000 === 0) reading?.update(done);
    },
    succeed<T>(result: T): T {
      classifying.succeed('classified');
      return result;
    },
    fail(error: unknown): never {
      classifying.fail('classifying was cut short');
      throw error;
    },
  };
}

function noSuchOperator(
  key: string,
  { decision }: MigrateFlags,
  { configuration, operators }: Layout,
): OnecardError {
  const which = decision === undefined ? '' : ` and the decision ${decision}`;
  return new OnecardError(`No operator has the key ${JSON.stringify(key)}${which}.`, {
    remedy: `--only takes the operator's key: the column ${configuration.operators.key} of ${operators.name.name}.`,
  });
}

/** Without a filter: whatever a person might want to see of this plan, which is not what stays as it is. */
function isChosen(planned: PlannedOperator, { only, decision, json }: MigrateFlags): boolean {
  if (only !== undefined && planned.operator !== only) return false;
  if (decision !== undefined) return planned.decision === decision;
  if (only !== undefined || json) return true;
  return (
    planned.action !== 'none' ||
    planned.decision === 'review' ||
    planned.decision === 'match' ||
    planned.finding !== null
  );
}
