import { resolve } from 'node:path';
import type { Configuration } from '../model/configuration.js';
import type { BaselineComparison } from '../model/rehearsal.js';
import type { ApprovedPlan } from '../plan/approved-plan.js';
import type { Redactor } from '../redactor.js';
import { compareBaseline, refuseBaseline, refuseNewBaseline, writeBaseline } from '../rehearse/baseline.js';
import type { Terminal } from './terminal.js';

interface BaselineFlags {
  readonly baseline?: string;
  readonly writeBaseline?: string;
}

/** Where files in between may lie, and what the decisions were made with. */
interface Making {
  readonly configuration: Configuration;
  readonly workplace: string;
}

/** The baseline that a rehearsal is held against, and the one that it writes. */
export class RehearsalBaseline {
  readonly #terminal: Terminal;
  readonly #flags: BaselineFlags;
  /** Null where everything may be seen. */
  readonly #redactor: Redactor | null;

  constructor(terminal: Terminal, flags: BaselineFlags, redactor: Redactor | null) {
    this.#terminal = terminal;
    this.#flags = flags;
    this.#redactor = redactor;
  }

  /** Before a rehearsal has taken its time. @throws OnecardError where a file cannot be what it is to be. */
  async check(): Promise<void> {
    const { baseline, writeBaseline: written } = this.#paths;
    const { env } = this.#terminal;
    if (baseline !== undefined) await refuseBaseline(baseline, { env });
    if (written !== undefined) await refuseNewBaseline(written, { env, isRedacted: this.#redactor !== null });
  }

  /** Undefined where there is none. */
  comparison({
    configuration,
    workplace,
  }: Making): ((plan: ApprovedPlan) => Promise<BaselineComparison>) | undefined {
    const { baseline } = this.#paths;
    if (baseline === undefined) return undefined;
    const options = { configuration, env: this.#terminal.env, folder: workplace, redactor: this.#redactor };
    return async (plan) => ({
      ...(await compareBaseline(baseline, plan.lines(), options)),
      // As it was given: the folder is nobody's business.
      file: this.#flags.baseline ?? baseline,
    });
  }

  async write(plan: ApprovedPlan, { configuration, workplace }: Making): Promise<void> {
    const { writeBaseline: written } = this.#paths;
    if (written === undefined) return;
    await writeBaseline(written, plan.lines(), {
      configuration,
      env: this.#terminal.env,
      folder: workplace,
      isRedacted: this.#redactor !== null,
    });
  }

  get #paths(): BaselineFlags {
    const { baseline, writeBaseline: written } = this.#flags;
    const { folder } = this.#terminal;
    return {
      ...(baseline !== undefined && { baseline: resolve(folder, baseline) }),
      ...(written !== undefined && { writeBaseline: resolve(folder, written) }),
    };
  }
}
