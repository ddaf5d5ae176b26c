import { copiedColumns } from '../config/card-fields.js';
import type { Layout } from '../config/layout.js';
import type { Database } from '../database/database.js';
import type { PlannedOperator, Tally } from '../model/decision.js';
import { renderOperator } from '../output/terminal/diff.js';
import { brushFor } from '../output/terminal/look.js';
import { type NextStep, renderNext } from '../output/terminal/next-steps.js';
import { renderSchemaSteps } from '../output/terminal/schema-steps.js';
import { renderHeadline, renderTally } from '../output/terminal/tables.js';
import { renderTriggers } from '../output/terminal/triggers.js';
import type { MigrateFlags } from './migrate-flags.js';
import type { Besides, Presenter, Written } from './plan-presenter.js';
import { sameDecisions, samePolicies } from './same-flags.js';
import { lookOf, type Opened, type Terminal, write } from './terminal.js';

/** As a code review: operator after operator, then the totals, all DDL, and what to type next. */
export class DiffPresenter implements Presenter {
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

  async end(tallies: readonly Tally[], left: number, { plan, report }: Written): Promise<void> {
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
    if (report) await this.#print(`The audit report is in ${report.folder}, its head is ${report.head}.`);
    await this.#print(renderHeadline(tallies, this.#look));
    await this.#print(this.#nextSteps(tallies, plan));
  }

  #nextSteps(tallies: readonly Tally[], plan: Written['plan']): string {
    const isReview = tallies.some(
      ({ decision, action }) => decision === 'review' || (decision === 'match' && action === 'none'),
    );
    const pending = tallies.some(({ action }) => action !== 'none');
    const isApplication = this.#besides.steps.some((step) => step.isApplication);
    const flags = this.#flags;
    const run = sameDecisions(flags, {
      ...(plan !== undefined && { plan: plan.file, planDigest: plan.digest }),
      ...(isApplication && { allowSchemaChanges: true }),
    });
    const look = sameDecisions(flags, {});
    const steps: NextStep[] = [
      ...(pending
        ? [
            [
              `migrate${run}`,
              `do this${plan === undefined ? '' : ', and nothing else'}; it asks first`,
            ] as const,
          ]
        : []),
      ...(isReview
        ? [
            [
              `review${samePolicies(flags, { output: 'FILE' })}`,
              'what a human has to decide, as a spreadsheet',
            ] as const,
          ]
        : []),
      ...(plan === undefined
        ? [[`migrate --dry-run${look} --plan-out FILE`, 'keep the whole plan'] as const]
        : []),
      [`migrate --dry-run${look} --sql`, 'the statements, for review'],
    ];
    return `\n${renderNext(steps, this.#look)}`;
  }

  #print(text: string): Promise<void> {
    return write(this.#terminal.stdout, `${text}\n`);
  }
}
