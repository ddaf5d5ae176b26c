import { existsSync, mkdirSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { PGlite } from '@electric-sql/pglite';
import knex, { type Knex } from 'knex';
import PostgresClient from 'knex/lib/dialects/postgres/index.js';
import { STANDARD_SIZE, sampleRows, sampleSchema } from '../../fixtures/sample/index.js';
import { OnecardError } from '../errors.js';
import type { ConnectionPool } from './connection-pool.js';
import type { Database, DatabaseIdentity } from './database.js';
import { lockFile } from './file-lock.js';
import { identifyPostgres, PostgresDatabase, postgresPool, settings } from './postgres/database.js';
import type { PostgresConnection } from './postgres/session.js';
import type { Mode } from './session.js';

/** Where the embedded sample is kept, below the working folder. */
export const EMBEDDED_FOLDER = '.onecard';

/**
 * Opens the embedded sample, and makes it first where there is none: PostgreSQL inside this process, for
 * trying onecard without a server. One process at a time.
 */
export async function connectEmbedded(folder: string, mode: Mode): Promise<Database> {
  const home = join(folder, EMBEDDED_FOLDER);
  const unlock = takeHome(home);
  try {
    const data = join(home, 'sample');
    if (!existsSync(data)) await makeSample(data);
    const engine = await openSample(data);
    const connection = new EmbeddedConnection(engine);
    await connection.query(settings(mode));
    const pool = postgresPool(knexOn(connection));
    return new EmbeddedDatabase(pool, await identifyPostgres(pool, 'embedded sample'), async () => {
      await engine.close();
      unlock();
    });
  } catch (error) {
    unlock();
    throw error;
  }
}

/** The folder of the embedded sample's data, made first where there is none, while no other process uses it. */
export async function withSampleLocked<T>(folder: string, work: (data: string) => Promise<T>): Promise<T> {
  const home = join(folder, EMBEDDED_FOLDER);
  const unlock = takeHome(home);
  try {
    const data = join(home, 'sample');
    if (!existsSync(data)) await makeSample(data);
    return await work(data);
  } finally {
    unlock();
  }
}

/** @throws OnecardError where the folder cannot be written to, or another process uses the sample. */
export function takeHome(home: string): () => void {
  try {
    mkdirSync(home, { recursive: true });
    return lockFile(join(home, 'lock'));
  } catch (error) {
    if (error instanceof OnecardError || !(error instanceof Error && 'code' in error)) throw error;
    throw new OnecardError(`The embedded sample cannot be kept in ${home} (${error.code}).`, {
      remedy: 'Run onecard in a folder where you may write, or set DATABASE_URL for a database of your own.',
      cause: error,
    });
  }
}

async function openSample(data: string): Promise<PGlite> {
  try {
    return await PGlite.create(data);
  } catch (cause) {
    throw new OnecardError(`The embedded sample in ${data} is damaged.`, {
      remedy: 'Remove that folder: the next command makes it anew.',
      cause,
    });
  }
}

/** In a folder of its own until it is whole, so that an interrupted start leaves nothing half-made. */
async function makeSample(data: string): Promise<void> {
  const unfinished = `${data}.unfinished`;
  rmSync(unfinished, { recursive: true, force: true });
  const engine = await PGlite.create(unfinished);
  for (const statement of sampleSchema('postgres')) await engine.exec(statement);
  for (const statement of sampleRows('postgres', STANDARD_SIZE)) await engine.exec(statement);
  await engine.exec('ANALYZE');
  await engine.close();
  renameSync(unfinished, data);
}

class EmbeddedDatabase extends PostgresDatabase {
  readonly #after: () => Promise<void>;

  constructor(
    pool: ConnectionPool<PostgresConnection>,
    identity: DatabaseIdentity,
    after: () => Promise<void>,
  ) {
    super(pool, identity);
    this.#after = after;
  }

  /** The lock file has seen to that. */
  override async lock(): Promise<undefined> {
    return undefined;
  }

  override async lockHolder(): Promise<undefined> {
    return undefined;
  }

  override async holdsLock(): Promise<boolean> {
    return true;
  }

  /** There is no server: everything ends with this process. */
  override async abort(): Promise<void> {}

  override async close(): Promise<void> {
    await super.close();
    await this.#after();
  }
}

/** PGlite in the words of `pg.Client`, as far as knex and the sessions use it. */
class EmbeddedConnection implements PostgresConnection {
  readonly #engine: PGlite;

  constructor(engine: PGlite) {
    this.#engine = engine;
  }

  query(text: string, values?: readonly unknown[]): Promise<EmbeddedResult>;
  query(config: { text: string; values?: readonly unknown[] }, done: Callback): void;
  query(query: string | { text: string; values?: readonly unknown[] }, rest?: readonly unknown[] | Callback) {
    const text = typeof query === 'string' ? query : query.text;
    const values = typeof query === 'string' ? (Array.isArray(rest) ? rest : []) : (query.values ?? []);
    const result = this.#send(text, values);
    if (typeof rest !== 'function') return result;
    result.then(
      (response) => rest(null, response),
      (error) => rest(error),
    );
    return undefined;
  }

  async #send(text: string, values: readonly unknown[]): Promise<EmbeddedResult> {
    // The simple protocol takes several statements at once, the extended one takes values.
    const result =
      values.length > 0
        ? await this.#engine.query<object>(text, [...values])
        : (await this.#engine.exec(text)).at(-1);
    const rows = (result?.rows ?? []) as object[];
    return {
      rows,
      rowCount: result?.affectedRows || rows.length,
      command: text.trim().split(/\s/, 1)[0]?.toUpperCase() ?? '',
    };
  }

  on(): void {}
}

interface EmbeddedResult {
  rows: object[];
  rowCount: number;
  command: string;
}
type Callback = (error: unknown, response?: EmbeddedResult) => void;

function knexOn(connection: EmbeddedConnection): Knex {
  class EmbeddedClient extends PostgresClient {
    override acquireRawConnection() {
      return Promise.resolve(connection);
    }
    override destroyRawConnection() {
      return Promise.resolve();
    }
    _driver() {
      return {};
    }
  }
  return knex({
    client: EmbeddedClient as typeof Knex.Client,
    version: '15',
    connection: {},
    pool: { min: 1, max: 1 },
  });
}
