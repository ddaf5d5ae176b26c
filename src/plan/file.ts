import { createHash } from 'node:crypto';
import type { DatabaseIdentity } from '../database/database.js';
import type { Configuration } from '../model/configuration.js';
import type { PlannedOperator, Tally } from '../model/decision.js';
import { PrivateFile } from '../private-file.js';
import { VERSION } from '../version.js';

/** Raised when a reader of the former format would misread the new one. */
export const PLAN_FORMAT = 1;

/**
 * A plan as NDJSON: a header line, a line per operator, a totals line. The last ends with the SHA-256 of all
 * bytes before that line, so that an approval can name exactly this plan.
 */
export class PlanFile {
  readonly path: string;
  readonly #file: PrivateFile;
  readonly #hash = createHash('sha256');

  private constructor(file: PrivateFile) {
    this.path = file.path;
    this.#file = file;
  }

  /** @throws OnecardError where the file exists already or cannot be made. */
  static async create(
    path: string,
    identity: DatabaseIdentity,
    configuration: Configuration,
  ): Promise<PlanFile> {
    const file = new PlanFile(await PrivateFile.create(path));
    await file.#line({
      format: PLAN_FORMAT,
      tool: `onecard ${VERSION}`,
      database: identity,
      policies: configuration.policies,
      configuration: configuration.digest,
    });
    return file;
  }

  async add(planned: PlannedOperator): Promise<void> {
    const {
      operator,
      decision,
      action,
      reason,
      person,
      candidates,
      candidateCount,
      evidence,
      card,
      finding,
    } = planned;
    await this.#line({
      operator,
      decision,
      action,
      reason,
      person,
      candidates,
      evidence,
      card,
      // Only where they say more than the fields above.
      ...(candidateCount > candidates.length && { candidateCount }),
      ...(finding !== null && { finding }),
    });
  }

  /** @returns the digest that the totals line ends with. */
  async finish(tallies: readonly Tally[]): Promise<string> {
    const digest = this.#hash.digest('hex');
    await this.#file.write(`${JSON.stringify({ totals: tallies, digest })}\n`);
    await this.#file.finish();
    return digest;
  }

  /** Leaves no half of a plan behind. */
  discard(): Promise<void> {
    return this.#file.discard();
  }

  async #line(value: object): Promise<void> {
    const line = `${JSON.stringify(value)}\n`;
    this.#hash.update(line);
    await this.#file.write(line);
  }
}
