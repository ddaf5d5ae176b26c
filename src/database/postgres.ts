import { on } from 'node:events';
import { hostname } from 'node:os';
import knex, { type Knex } from 'knex';
import pg from 'pg';
import { OnecardError } from '../errors.js';
import type { TableName } from '../model/configuration.js';
import type {
  Database,
  DatabaseIdentity,
  JournalPlace,
  LockHolder,
  Obstacle,
  Patience,
  TransactionOptions,
} from './database.js';
import { type Dialect, JOURNAL_TABLE_NAMES, type JournalTable } from './dialect.js';
import { describeConnectFailure, described } from './failures.js';
import { silentLog } from './knex-log.js';
import { letterPairs } from './letters.js';
import { JOURNAL_SCHEMA, type LowerCasing, postgresDialect, postgresDialectFor } from './postgres-dialect.js';
import {
  foreignKeysToPostgres,
  inspectPostgres,
  leadsIndexPostgres,
  postgresTriggers,
} from './postgres-inspect.js';
import { postgresObstacles } from './postgres-obstacles.js';
import { refuseTransactionPooling } from './postgres-pooler.js';
import { PostgresPrivileges } from './postgres-privileges.js';
import type { Privileges } from './privileges.js';
import type { Triggers } from './schema.js';
import type { Mode, Query, Session } from './session.js';

/** The part of `pg.Client` that sessions use; the embedded database offers the same. */
export interface PostgresConnection {
  query(text: string, values?: readonly unknown[]): Promise<{ rows: object[]; rowCount: number | null }>;
}

/** Rows of a streamed result that are held at a time: enough for speed, few enough for memory. */
const FETCH = 2000;

/**
 * Said once per connection. Without `row_security = off` a role under a policy sees fewer operators and no
 * error. Just-in-time compilation costs seconds on statements of this length and saves none.
 */
export const settings = (mode: Mode) => `
  SET standard_conforming_strings = on;
  SET client_encoding = 'UTF8';
  SET row_security = off;
  SET jit = off;
  SET statement_timeout = 0;
  SET lock_timeout = '5s';
  -- A client that is gone is noticed within a second, not at the end of the statement (PostgreSQL 14).
  SELECT set_config(name, '1s', false) FROM pg_settings WHERE name = 'client_connection_check_interval';
  SET idle_in_transaction_session_timeout = 0;
  SET datestyle = 'ISO, YMD';
  SET default_transaction_read_only = ${mode === 'read' ? 'on' : 'off'};`;

/**
 * Said once per classification. Every join there meets whole tables, while the planner's estimates of grouped
 * expressions can be off by a million and then end in nested loops that take hours.
 */
const LARGE_JOINS = `
  SET LOCAL enable_nestloop = off;
  SET LOCAL work_mem = '128MB';
  SET LOCAL cursor_tuple_fraction = 1;`;

/**
 * Said once per batch. It meets a few rows of large tables, each by its key, while the journal grows faster than
 * its statistics: a planner that expects one row of it, or all, would join whole tables again for each batch.
 */
const batchSettings = ({ lockWait }: Patience) => `
  SET LOCAL lock_timeout = ${lockWait};
  SET LOCAL enable_seqscan = off;
  SET LOCAL enable_hashjoin = off;
  SET LOCAL enable_mergejoin = off;`;

/** A DBA sees it beside every session of this process, which in turn knows its own by it. */
const APPLICATION = `onecard ${process.pid}@${hostname()}`.slice(0, 63);

/** Any number does, as long as it stays: "onecard" in ASCII, its first bytes. */
const LOCK_KEY = '0x6f6e656361';

/** The granted lock of this database among `pg_locks AS k`. */
const LOCK = `k.locktype = 'advisory' AND k.granted
          AND k.database = (SELECT oid FROM pg_database WHERE datname = current_database())
          AND (CAST(k.classid AS bigint) << 32) | CAST(k.objid AS bigint) = ${BigInt(LOCK_KEY)}`;

/** @param url undefined leaves everything to PGHOST, PGSERVICE, .pgpass and their kin. */
export async function connectPostgres(url: string | undefined, mode: Mode): Promise<Database> {
  const connection = url === undefined ? {} : { connectionString: url };
  const login = { ...connection, application_name: APPLICATION, connectionTimeoutMillis: 10_000 };
  // Before anything is set for a session, which might be another client's by then.
  await refuseTransactionPooling(login);
  const pool = knex({
    client: 'pg',
    log: silentLog,
    connection: login,
    pool: {
      min: 0,
      max: 4,
      afterCreate: (client: PostgresConnection, done: (error: unknown, client: unknown) => void) => {
        client.query(settings(mode)).then(
          () => done(undefined, client),
          (error) => done(error, client),
        );
      },
    },
  });
  const identity = await identifyPostgres(pool, 'PostgreSQL');
  return new PostgresDatabase(pool, identity, await firstUse(pool, lowerCasing));
}

/** Checks that the server answers, and says who it is. */
export async function identifyPostgres(
  pool: Knex,
  kind: DatabaseIdentity['kind'],
): Promise<DatabaseIdentity> {
  return firstUse(pool, (session) => identify(session, kind));
}

async function firstUse<T>(pool: Knex, work: (session: Session) => Promise<T>): Promise<T> {
  try {
    return await onConnection(pool, work);
  } catch (error) {
    await pool.destroy();
    throw describeConnectFailure(error);
  }
}

async function identify(session: Session, kind: DatabaseIdentity['kind']): Promise<DatabaseIdentity> {
  const [row] = await session.rows<{ version: string; database: string; encoding: string; oid: string }>(
    `SELECT current_setting('server_version') AS version, current_database() AS database,
            current_setting('server_encoding') AS encoding, CAST(oid AS text) AS oid
       FROM pg_database WHERE datname = current_database()`,
  );
  if (row === undefined) throw new Error('the server does not know its own database');
  if (row.encoding !== 'UTF8') {
    throw new OnecardError(
      `The database ${row.database} has the encoding ${row.encoding}; onecard compares keys in UTF8.`,
      {
        remedy: "Rehearse on a copy in UTF8, made with CREATE DATABASE … ENCODING 'UTF8'.",
      },
    );
  }
  return {
    kind,
    version: row.version.split(' ')[0] ?? row.version,
    database: kind === 'embedded sample' ? 'sample' : row.database,
    server: `oid ${row.oid}`,
  };
}

/** Locales whose lower case knows neither languages nor neighbouring letters. */
const COLLATIONS = ['pg_c_utf8', 'C.utf8', 'C.UTF-8', 'en_US.utf8', 'en_US.UTF-8'];

/** Asks the server to lower-case every letter there is, and notes where it differs from the rule. */
async function lowerCasing(session: Session): Promise<LowerCasing | undefined> {
  const names = `ARRAY[${COLLATIONS.map((name) => `'${name}'`).join(', ')}]`;
  const [known] = await session.rows<{ collation: string }>(
    `SELECT quote_ident(collname) AS collation FROM pg_collation
      WHERE collnamespace = CAST('pg_catalog' AS regnamespace) AND collprovider IN ('b', 'c')
        AND collencoding IN (-1, pg_char_to_encoding('UTF8')) AND collname = ANY (${names})
      ORDER BY array_position(${names}, CAST(collname AS text)) LIMIT 1`,
  );
  if (known === undefined) return undefined;
  const collation = `pg_catalog.${known.collation}`;
  const rows = await session.rows<{ letter: string; small: string }>(
    `SELECT letter, lower(letter COLLATE ${collation}) AS small
       FROM (SELECT chr(n) COLLATE "C" AS letter FROM generate_series(128, 131071) AS n WHERE n NOT BETWEEN 55296 AND 57343) AS l
      WHERE lower(letter COLLATE ${collation}) <> letter`,
  );
  const given = new Map(rows.map(({ letter, small }) => [letter, small]));
  const { upper, lower } = letterPairs();
  const small = [...lower];
  const wanted = new Map([...upper].map((letter, index) => [letter, small[index] ?? letter]));
  const differing = [...new Set([...wanted.keys(), ...given.keys()])]
    .map((letter) => [letter, wanted.get(letter) ?? letter] as const)
    .filter(([letter, rule]) => letter > '\x7f' && (given.get(letter) ?? letter) !== rule);
  // They are replaced before the server lower-cases, hence what they become must stay.
  if (differing.some(([, rule]) => given.has(rule))) return undefined;
  return {
    collation,
    upper: differing.map(([letter]) => letter).join(''),
    lower: differing.map(([, rule]) => rule).join(''),
  };
}

interface KnexPool extends Knex {
  readonly client: Knex.Client & {
    acquireConnection(): Promise<PostgresConnection>;
    releaseConnection(connection: PostgresConnection): Promise<void>;
  };
}

async function onConnection<T>(pool: Knex, work: (session: Session) => Promise<T>): Promise<T> {
  const { client } = pool as KnexPool;
  const connection = await client.acquireConnection();
  try {
    return await work(new PostgresSession(connection));
  } finally {
    await client.releaseConnection(connection);
  }
}

/**
 * The rows of a plain statement, the server held back while too many wait here. A cursor would be simpler, but
 * for cursors PostgreSQL makes no parallel plans.
 */
async function* rowsAsTheyCome<T extends object>(client: pg.Client, sql: string): AsyncIterable<T> {
  const { stream } = client.connection;
  const query = client.query(new pg.Query<T>(sql));
  const source = Object.assign(query, { pause: () => stream.pause(), resume: () => stream.resume() });
  // An error that comes after the reader has left is told by the next statement.
  source.on('error', () => undefined);
  try {
    for await (const [row] of on(source, 'row', {
      close: ['end'],
      highWaterMark: FETCH,
      lowWaterMark: FETCH / 2,
    })) {
      yield row;
    }
  } finally {
    stream.resume();
  }
}

class PostgresSession implements Session {
  readonly #connection: PostgresConnection;

  constructor(connection: PostgresConnection) {
    this.#connection = connection;
  }

  async rows<T extends object>(query: Query): Promise<T[]> {
    return (await this.#send(query)).rows as T[];
  }

  async run(query: Query): Promise<number> {
    return (await this.#send(query)).rowCount ?? 0;
  }

  async *stream<T extends object>(sql: string): AsyncIterable<T> {
    if (this.#connection instanceof pg.Client) {
      yield* rowsAsTheyCome<T>(this.#connection, sql);
      return;
    }
    await this.run(`DECLARE onecard_rows NO SCROLL CURSOR FOR ${sql}`);
    for (;;) {
      const rows = await this.rows<T>(`FETCH ${FETCH} FROM onecard_rows`);
      yield* rows;
      if (rows.length < FETCH) break;
    }
    await this.run('CLOSE onecard_rows');
  }

  #send(query: Query) {
    if (typeof query === 'string') return this.#connection.query(query);
    const { sql, bindings } = query.toSQL().toNative();
    return this.#connection.query(sql, bindings);
  }
}

export class PostgresDatabase implements Database {
  readonly identity: DatabaseIdentity;
  readonly dialect: Dialect;
  readonly knex: Knex;
  readonly journal: JournalPlace = {
    schema: JOURNAL_SCHEMA,
    prefix: '',
    tables: JOURNAL_TABLE_NAMES,
    table: postgresDialect.journal,
    longText: 'text',
    tableOptions: '',
  };

  readonly privileges: Privileges = new PostgresPrivileges((work) => this.#guarded(work));

  #lockConnection: PostgresConnection | undefined;
  /** The process of the server that holds the lock. */
  #lockProcess = 0;

  constructor(pool: Knex, identity: DatabaseIdentity, casing?: LowerCasing) {
    this.dialect = postgresDialectFor(casing);
    this.knex = pool;
    this.identity = identity;
  }

  inspect(name: TableName) {
    return this.#guarded((session) => inspectPostgres(session, name));
  }

  foreignKeysTo(name: Required<TableName>) {
    return this.#guarded((session) => foreignKeysToPostgres(session, name));
  }

  leadsIndex(name: Required<TableName>, column: string) {
    return this.#guarded((session) => leadsIndexPostgres(session, name, column));
  }

  snapshot<T>(work: (session: Session) => Promise<T>): Promise<T> {
    return this.#inTransaction('BEGIN ISOLATION LEVEL REPEATABLE READ', async (session) => {
      await session.run(LARGE_JOINS);
      return work(session);
    });
  }

  transaction<T>(work: (session: Session) => Promise<T>, options: TransactionOptions = {}): Promise<T> {
    return this.#inTransaction('BEGIN ISOLATION LEVEL READ COMMITTED', async (session) => {
      if (options.largeJoins) await session.run(LARGE_JOINS);
      if (options.patience) await session.run(batchSettings(options.patience));
      return work(session);
    });
  }

  lock(): Promise<LockHolder | undefined> {
    return described(() => this.#takeLock());
  }

  async #takeLock(): Promise<LockHolder | undefined> {
    const { client } = this.knex as KnexPool;
    await this.#releaseLock();
    // The lock lives as long as its connection, which is therefore kept until the end.
    const connection = await client.acquireConnection();
    const session = new PostgresSession(connection);
    const [taken] = await session.rows<{ taken: boolean; process: number }>(
      `SELECT pg_try_advisory_lock(CAST(${BigInt(LOCK_KEY)} AS bigint)) AS taken, pg_backend_pid() AS process`,
    );
    if (taken?.taken) {
      this.#lockConnection = connection;
      this.#lockProcess = taken.process;
      return undefined;
    }
    const holder = await this.lockHolder(session);
    await client.releaseConnection(connection);
    return holder ?? { description: 'a session that has just ended' };
  }

  async lockHolder(session: Session): Promise<LockHolder | undefined> {
    const [holder] = await session.rows<{ description: string }>(
      `SELECT format('process %s of %s on %s (%s), connected since %s', a.pid, a.usename,
                     coalesce(CAST(a.client_addr AS text), 'a local socket'), a.application_name,
                     to_char(a.backend_start, 'YYYY-MM-DD HH24:MI:SS')) AS description
         FROM pg_locks k JOIN pg_stat_activity a USING (pid)
        WHERE ${LOCK}`,
    );
    return holder;
  }

  async holdsLock(session: Session): Promise<boolean> {
    const [row] = await session.rows<{ held: boolean }>(
      `SELECT EXISTS (SELECT 1 FROM pg_locks k WHERE ${LOCK} AND k.pid = ${this.#lockProcess}) AS held`,
    );
    return row?.held === true;
  }

  async abort(): Promise<void> {
    await this.#guarded((session) =>
      session.run(
        `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
          WHERE application_name = ${this.dialect.literal(APPLICATION)} AND usename = current_user AND pid <> pg_backend_pid()`,
      ),
    );
  }

  async #releaseLock(): Promise<void> {
    if (this.#lockConnection) await (this.knex as KnexPool).client.releaseConnection(this.#lockConnection);
    this.#lockConnection = undefined;
  }

  journalTable(table: JournalTable): string {
    return `${JOURNAL_SCHEMA}.${table}`;
  }

  /** From the catalogs: to resolve the name would take privileges on the schema. */
  async hasJournal(): Promise<boolean> {
    const [row] = await this.#guarded((session) =>
      session.rows<{ found: boolean }>(
        `SELECT EXISTS (SELECT FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
                         WHERE n.nspname = '${JOURNAL_SCHEMA}' AND c.relname = 'change') AS found`,
      ),
    );
    return row?.found ?? false;
  }

  /** `IF NOT EXISTS` alone would ask for the privilege to make one, be it there or not. */
  async missingHome(): Promise<string | undefined> {
    const [row] = await this.#guarded((session) =>
      session.rows<{ found: boolean }>(
        `SELECT EXISTS (SELECT FROM pg_namespace WHERE nspname = '${JOURNAL_SCHEMA}') AS found`,
      ),
    );
    return row?.found ? undefined : `CREATE SCHEMA IF NOT EXISTS ${JOURNAL_SCHEMA}`;
  }

  obstacles(): Promise<Obstacle[]> {
    return this.#guarded(postgresObstacles);
  }

  triggers(table: Required<TableName>): Promise<Triggers> {
    return this.#guarded((session) => postgresTriggers(session, table));
  }

  async journalTables(): Promise<string[]> {
    const rows = await this.#guarded((session) =>
      session.rows<{ name: string }>(
        `SELECT c.relname AS name FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
          WHERE n.nspname = '${JOURNAL_SCHEMA}' AND c.relkind = 'r'
            AND c.relname IN (${this.journal.tables.map(this.dialect.literal).join(', ')})`,
      ),
    );
    return rows.map(({ name }) => name);
  }

  async close(): Promise<void> {
    await this.#releaseLock();
    await this.knex.destroy();
  }

  #guarded<T>(work: (session: Session) => Promise<T>): Promise<T> {
    return described(() => onConnection(this.knex, work));
  }

  #inTransaction<T>(begin: string, work: (session: Session) => Promise<T>): Promise<T> {
    return this.#guarded(async (session) => {
      await session.run(begin);
      try {
        const result = await work(session);
        await session.run('COMMIT');
        return result;
      } catch (error) {
        // A connection that is gone has rolled back by itself.
        await session.run('ROLLBACK').catch(() => undefined);
        throw error;
      }
    });
  }
}
