import type { PlannedOperator, Tally } from '../model/decision.js';
import type { Besides, Presenter, Written } from './plan-presenter.js';
import { type Opened, type Terminal, write } from './terminal.js';

/** One JSON document, written as it is read: `operators` can be a million long. */
export class JsonPresenter implements Presenter {
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

  end(totals: readonly Tally[], notShown: number, { plan, report }: Written): Promise<void> {
    const rest = { notShown, totals, ...(plan && { plan }), ...(report && { report }) };
    return write(
      this.#terminal.stdout,
      `${this.#isFirst ? this.#separator() : ''}],\n${JSON.stringify(rest).slice(1)}\n`,
    );
  }
}
