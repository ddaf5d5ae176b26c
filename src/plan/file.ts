import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { createWriteStream, type WriteStream } from 'node:fs';
import { rm } from 'node:fs/promises';
import { finished } from 'node:stream/promises';
import type { DatabaseIdentity } from '../database/database.js';
import { OnecardError } from '../errors.js';
import type { Configuration } from '../model/configuration.js';
import type { PlannedOperator, Tally } from '../model/decision.js';
import { VERSION } from '../version.js';

/** Raised when a reader of the former format would misread the new one. */
export const PLAN_FORMAT = 1;

/** Text gathered before it is handed to the file: many small writes are slow. */
const CHUNK = 1 << 16;

/**
 * A plan as NDJSON: a header line, a line per operator, a totals line. The last ends with the SHA-256 of all
 * bytes before that line, so that an approval can name exactly this plan.
 */
export class PlanFile {
  readonly #stream: WriteStream;
  readonly #hash = createHash('sha256');
  #chunk = '';
  #failure: unknown;

  private constructor(stream: WriteStream) {
    this.#stream = stream;
    stream.on('error', (error) => {
      this.#failure = error;
    });
  }

  /** @throws OnecardError where the file exists already or cannot be made. */
  static async create(
    path: string,
    identity: DatabaseIdentity,
    configuration: Configuration,
  ): Promise<PlanFile> {
    const stream = createWriteStream(path, { flags: 'wx', mode: 0o600 });
    try {
      await once(stream, 'open');
    } catch (cause) {
      throw unwritable(path, cause);
    }
    const file = new PlanFile(stream);
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
    await this.#flush();
    const digest = this.#hash.digest('hex');
    this.#stream.end(`${JSON.stringify({ totals: tallies, digest })}\n`);
    await finished(this.#stream);
    return digest;
  }

  /** Leaves no half of a plan behind. */
  async discard(): Promise<void> {
    this.#stream.destroy();
    await rm(this.#stream.path, { force: true });
  }

  async #line(value: object): Promise<void> {
    this.#chunk += `${JSON.stringify(value)}\n`;
    if (this.#chunk.length >= CHUNK) await this.#flush();
  }

  async #flush(): Promise<void> {
    if (this.#failure !== undefined) throw unwritable(String(this.#stream.path), this.#failure);
    const chunk = Buffer.from(this.#chunk);
    this.#chunk = '';
    this.#hash.update(chunk);
    if (!this.#stream.write(chunk)) await once(this.#stream, 'drain');
  }
}

function unwritable(path: string, cause: unknown): OnecardError {
  const code = cause instanceof Error && 'code' in cause ? cause.code : undefined;
  if (code === 'EEXIST') {
    return new OnecardError(`The file ${path} exists already, and is not overwritten.`, {
      remedy: 'Name another file, or remove it first.',
      cause,
    });
  }
  return new OnecardError(`The file ${path} cannot be written (${code ?? cause}).`, {
    remedy: 'Check the folder, its rights and its space.',
    cause,
  });
}
