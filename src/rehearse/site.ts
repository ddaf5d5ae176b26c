import type { Database } from '../database/database.js';
import { environmentFor } from '../database/environment.js';
import { openDatabase } from '../database/open.js';
import type { Scratch } from '../database/scratch.js';
import { Onecard } from './onecard.js';

/** What a rehearsal works with. */
export interface Surroundings {
  readonly env: NodeJS.ProcessEnv;
  /** A temporary folder, in which the commands work and leave their reports. */
  readonly workplace: string;
  /** Ends whatever is under way, in good order. */
  readonly signal: AbortSignal;
  /** Ends it at once. */
  readonly atOnce: AbortSignal;
}

/** A database to rehearse on, and the command line pointed at it. */
export class Site {
  readonly scratch: Scratch;
  readonly onecard: Onecard;
  readonly #surroundings: Surroundings;

  constructor(scratch: Scratch, surroundings: Surroundings) {
    this.scratch = scratch;
    this.#surroundings = surroundings;
    const { workplace, env } = surroundings;
    this.onecard = new Onecard({
      ...surroundings,
      folder: workplace,
      env: environmentFor(scratch.target, env),
    });
  }

  /** Looks at the database, read-only; nothing stays connected to it. */
  async inspect<T>(work: (database: Database) => Promise<T>): Promise<T> {
    const { env, workplace, signal } = this.#surroundings;
    signal.throwIfAborted();
    const database = await openDatabase(this.scratch.target, 'read', env, workplace);
    const abort = () => void database.abort().catch(() => undefined);
    signal.addEventListener('abort', abort);
    try {
      return await work(database);
    } catch (error) {
      // What a statement says that was ended is of no account.
      signal.throwIfAborted();
      throw error;
    } finally {
      signal.removeEventListener('abort', abort);
      await database.close();
    }
  }
}
