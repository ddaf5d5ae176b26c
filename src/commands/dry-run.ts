import { renderRunSql } from '../apply/preview.js';
import { copiedColumns } from '../config/card-fields.js';
import type { Layout } from '../config/layout.js';
import type { Database } from '../database/database.js';
import type { Trigger } from '../database/schema.js';
import { OnecardError } from '../errors.js';
import { pendingSchemaSteps, type SchemaStep } from '../journal/migrate.js';
import type { PlannedOperator, Tally } from '../model/decision.js';
import { ExitCode } from '../model/exit-code.js';
import type { FilledFile, HumanDecision } from '../model/human-decision.js';
import { renderOperator } from '../output/terminal/diff.js';
import { brushFor } from '../output/terminal/look.js';
import { createProgress } from '../output/terminal/progress.js';
import { renderSchemaSteps } from '../output/terminal/schema-steps.js';
import { renderHeadline, renderTally } from '../output/terminal/tables.js';
import { renderTriggers } from '../output/terminal/triggers.js';
import { findDecided } from '../plan/decided.js';
import { PlanFile } from '../plan/file.js';
import { streamPlan } from '../plan/plan.js';
import { proveReadOnly } from '../plan/read-only.js';
import { Tallies } from '../plan/tallies.js';
import { requirePrivileges } from '../privileges/require.js';
import { checkedDecisions } from '../review/check.js';
import { findTriggers } from '../scan/readiness.js';
import type { MigrateFlags } from './migrate-flags.js';
import { pendingCode } from './outcome.js';
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

/** What a run would do beside the plan: to the schema, and by the application's own triggers. */
interface Besides {
  readonly steps: readonly SchemaStep[];
  readonly triggers: readonly Trigger[];
  readonly cardTriggers: readonly string[];
  /** Tables whose triggers cannot be seen. */
  readonly hidden: readonly string[];
}

/** Where a plan is shown, piece by piece as it is read. */
interface Presenter {
  show(planned: PlannedOperator): Promise<void>;
  /** @param left how many more the filters chose than were shown. */
  end(
    tallies: readonly Tally[],
    left: number,
    plan: { file: string; digest: string } | undefined,
  ): Promise<void>;
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
      if (!isChosen(planned, flags)) continue;
      chosen++;
      if (shown >= limit) continue;
      shown++;
      await presenter.show(planned);
    }
    if (flags.only !== undefined && chosen === 0) throw noSuchOperator(flags.only, flags, layout);
    return file?.finish(tallies.all());
  });
  const digest = await read.then(progress.succeed, async (error) => {
    await file?.discard();
    return progress.fail(error);
  });
  await presenter.end(
    tallies.all(),
    chosen - shown,
    digest === undefined || flags.planOut === undefined ? undefined : { file: flags.planOut, digest },
  );
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

class DiffPresenter implements Presenter {
  readonly #terminal: Terminal;
  readonly #flags: MigrateFlags;
  readonly #database: Database;
  readonly #layout: Layout;
  readonly #besides: Besides;
  #isBegun = false;

  constructor(terminal: Terminal, flags: MigrateFlags, { database, layout }: Opened, besides: Besides) {
    this.#terminal = terminal;
    this.#flags = flags;
    this.#database = database;
    this.#layout = layout;
    this.#besides = besides;
  }

  get #look() {
    return lookOf(this.#terminal.stdout, this.#terminal, this.#flags);
  }

  /** Not before there is something to show: an error leaves stdout empty. */
  async #begin(): Promise<void> {
    if (this.#isBegun) return;
    this.#isBegun = true;
    const { kind, version, database } = this.#database.identity;
    const brush = brushFor(this.#look);
    await this.#print(
      `${brush.strong('Dry run')} on ${kind} ${version}, database ${database}: nothing is written.\n`,
    );
  }

  async show(planned: PlannedOperator): Promise<void> {
    await this.#begin();
    await this.#print(
      renderOperator(planned, {
        look: this.#look,
        configuration: this.#layout.configuration,
        copied: copiedColumns(this.#layout),
      }),
    );
    if (planned.action !== 'none' || planned.decision === 'review' || planned.decision === 'match')
      await this.#print('');
  }

  async end(
    tallies: readonly Tally[],
    left: number,
    plan: { file: string; digest: string } | undefined,
  ): Promise<void> {
    await this.#begin();
    const brush = brushFor(this.#look);
    if (left > 0)
      await this.#print(
        brush.quiet(
          `… and ${left.toLocaleString('en')} more: --limit 0 shows all, --plan-out FILE keeps them.\n`,
        ),
      );
    const isCloserLook = this.#flags.only !== undefined || this.#flags.decision !== undefined;
    if (!isCloserLook) await this.#print(`${renderTally(tallies, this.#look)}\n`);
    const { steps, triggers, cardTriggers, hidden } = this.#besides;
    if (steps.length > 0 && !isCloserLook) await this.#print(`${renderSchemaSteps(steps, this.#look)}\n`);
    if (triggers.length + hidden.length > 0 && !isCloserLook)
      await this.#print(`${renderTriggers({ triggers, cardTriggers, hidden }, this.#look)}\n`);
    if (plan) await this.#print(`The plan is in ${plan.file}, its digest is ${plan.digest}.`);
    await this.#print(renderHeadline(tallies, this.#look));
    await this.#print(this.#nextSteps(tallies));
  }

  #nextSteps(tallies: readonly Tally[]): string {
    const brush = brushFor(this.#look);
    const isReview = tallies.some(
      ({ decision, action }) => decision === 'review' || (decision === 'match' && action === 'none'),
    );
    const pending = tallies.some(({ action }) => action !== 'none');
    const lines = [
      ...(pending ? ['onecard migrate                               do this; it asks first'] : []),
      ...(isReview
        ? ['onecard review --output FILE                  what a human has to decide, as a spreadsheet']
        : []),
      'onecard migrate --dry-run --plan-out FILE     keep the whole plan',
      'onecard migrate --dry-run --sql               the statements, for review',
    ];
    return `\n${brush.strong('Next:')}\n${lines.map((line) => `  ${line}`).join('\n')}`;
  }

  #print(text: string): Promise<void> {
    return write(this.#terminal.stdout, `${text}\n`);
  }
}

/** One JSON document, written as it is read: `operators` can be a million long. */
class JsonPresenter implements Presenter {
  readonly #terminal: Terminal;
  readonly #head: object;
  #isFirst = true;

  constructor(terminal: Terminal, { database, layout }: Opened, { steps, triggers, hidden }: Besides) {
    this.#terminal = terminal;
    this.#head = {
      database: database.identity,
      policies: layout.configuration.policies,
      configuration: layout.configuration.digest,
      schemaChanges: steps.map(({ sql, isApplication }) => ({ sql, isApplication })),
      triggers,
      hiddenTriggers: hidden,
    };
  }

  async show(planned: PlannedOperator): Promise<void> {
    await write(this.#terminal.stdout, `${this.#separator()}\n${JSON.stringify(planned)}`);
  }

  /** The head, too, comes with the first row: an error leaves stdout empty. */
  #separator(): string {
    if (!this.#isFirst) return ',';
    this.#isFirst = false;
    return `${JSON.stringify(this.#head).slice(0, -1)},"operators":[`;
  }

  end(
    tallies: readonly Tally[],
    left: number,
    plan: { file: string; digest: string } | undefined,
  ): Promise<void> {
    return write(
      this.#terminal.stdout,
      `${this.#isFirst ? this.#separator() : ''}],\n"notShown":${left},"totals":${JSON.stringify(tallies)}${plan ? `,"plan":${JSON.stringify(plan)}` : ''}}\n`,
    );
  }
}
