import { hostname } from 'node:os';
import knex, { type Knex } from 'knex';
import { OnecardError } from '../../errors.js';
import type { TableName } from '../../model/configuration.js';
import { ConnectionPool } from '../connection-pool.js';
import type {
  Database,
  DatabaseIdentity,
  JournalPlace,
  Obstacle,
  Patience,
  TransactionOptions,
} from '../database.js';
import { type Dialect, JOURNAL_TABLE_NAMES, type JournalTable } from '../dialect.js';
import { describeConnectFailure } from '../failures.js';
import { silentLog } from '../knex-log.js';
import type { Privileges } from '../privileges.js';
import type { Triggers } from '../schema.js';
import { ServerDatabase } from '../server-database.js';
import type { Mode, Session } from '../session.js';
import { readPostgresCatalog } from './catalog.js';
import { JOURNAL_SCHEMA, type LowerCasing, postgresDialect, postgresDialectFor } from './dialect.js';
import { identifiersPostgres } from './identifiers.js';
import {
  foreignKeysToPostgres,
  inspectPostgres,
  leadsIndexPostgres,
  postgresTriggers,
  tableNamesPostgres,
} from './inspect.js';
import { postgresLock } from './lock.js';
import { postgresLowerCasing } from './lower-casing.js';
import { postgresObstacles } from './obstacles.js';
import { refuseTransactionPooling } from './pooler.js';
import { PostgresPrivileges } from './privileges.js';
import { rulesPostgres } from './rules.js';
import { type PostgresConnection, PostgresSession } from './session.js';
import { sizesPostgres } from './sizes.js';
import { storedTablesPostgres } from './stored-tables.js';

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

/** @param url undefined leaves everything to PGHOST, PGSERVICE, .pgpass and their kin. */
export async function connectPostgres(url: string | undefined, mode: Mode): Promise<Database> {
  const connection = url === undefined ? {} : { connectionString: url };
  const login = { ...connection, application_name: APPLICATION, connectionTimeoutMillis: 10_000 };
  // Before anything is set for a session, which might be another client's by then.
  await refuseTransactionPooling(login);
  const pool = postgresPool(
    knex({
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
    }),
  );
  const identity = await identifyPostgres(pool, 'PostgreSQL');
  return new PostgresDatabase(pool, identity, await firstUse(pool, postgresLowerCasing));
}

/** knex's connections to PostgreSQL, or to the embedded database. */
export const postgresPool = (knex: Knex) =>
  new ConnectionPool<PostgresConnection>(knex, (connection) => new PostgresSession(connection));

/** Checks that the server answers, and says who it is. */
export async function identifyPostgres(
  pool: ConnectionPool<PostgresConnection>,
  kind: DatabaseIdentity['kind'],
): Promise<DatabaseIdentity> {
  return firstUse(pool, (session) => identify(session, kind));
}

async function firstUse<T>(
  pool: ConnectionPool<PostgresConnection>,
  work: (session: Session) => Promise<T>,
): Promise<T> {
  try {
    return await pool.use(work);
  } catch (error) {
    await pool.knex.destroy();
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

export class PostgresDatabase extends ServerDatabase<PostgresConnection> implements Database {
  readonly dialect: Dialect;
  readonly journal: JournalPlace = {
    schema: JOURNAL_SCHEMA,
    prefix: '',
    tables: JOURNAL_TABLE_NAMES,
    table: postgresDialect.journal,
    longText: 'text',
    tableOptions: '',
  };

  readonly privileges: Privileges = new PostgresPrivileges((work) => this.guarded(work));

  constructor(pool: ConnectionPool<PostgresConnection>, identity: DatabaseIdentity, casing?: LowerCasing) {
    super(pool, identity, postgresLock);
    this.dialect = postgresDialectFor(casing);
  }

  inspect(name: TableName) {
    return this.guarded((session) => inspectPostgres(session, name));
  }

  catalog() {
    return this.guarded(readPostgresCatalog);
  }

  foreignKeysTo(name: Required<TableName>) {
    return this.guarded((session) => foreignKeysToPostgres(session, name));
  }

  tableNames() {
    return this.guarded(tableNamesPostgres);
  }

  storedTables(session: Session) {
    return storedTablesPostgres(session);
  }

  sizes() {
    return this.guarded(sizesPostgres);
  }

  identifiers() {
    return this.guarded(identifiersPostgres);
  }

  rules(name: Required<TableName>) {
    return this.guarded((session) => rulesPostgres(session, name));
  }

  leadsIndex(name: Required<TableName>, column: string) {
    return this.guarded((session) => leadsIndexPostgres(session, name, column));
  }

  snapshot<T>(work: (session: Session) => Promise<T>): Promise<T> {
    return this.inTransaction(['BEGIN ISOLATION LEVEL REPEATABLE READ', LARGE_JOINS], work);
  }

  transaction<T>(work: (session: Session) => Promise<T>, options: TransactionOptions = {}): Promise<T> {
    const begin = [
      'BEGIN ISOLATION LEVEL READ COMMITTED',
      ...(options.largeJoins ? [LARGE_JOINS] : []),
      ...(options.patience ? [batchSettings(options.patience)] : []),
      ...(options.timeLimit ? [`SET LOCAL statement_timeout = ${options.timeLimit}`] : []),
    ];
    return this.inTransaction(begin, work);
  }

  async abort(): Promise<void> {
    await this.guarded((session) =>
      session.run(
        `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
          WHERE application_name = ${this.dialect.literal(APPLICATION)} AND usename = current_user AND pid <> pg_backend_pid()`,
      ),
    );
  }

  journalTable(table: JournalTable): string {
    return `${JOURNAL_SCHEMA}.${table}`;
  }

  /** From the catalogs: to resolve the name would take privileges on the schema. */
  async hasJournal(): Promise<boolean> {
    const [row] = await this.guarded((session) =>
      session.rows<{ found: boolean }>(
        `SELECT EXISTS (SELECT FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
                         WHERE n.nspname = '${JOURNAL_SCHEMA}' AND c.relname = 'change') AS found`,
      ),
    );
    return row?.found ?? false;
  }

  /** `IF NOT EXISTS` alone would ask for the privilege to make one, be it there or not. */
  async missingHome(): Promise<string | undefined> {
    const [row] = await this.guarded((session) =>
      session.rows<{ found: boolean }>(
        `SELECT EXISTS (SELECT FROM pg_namespace WHERE nspname = '${JOURNAL_SCHEMA}') AS found`,
      ),
    );
    return row?.found ? undefined : `CREATE SCHEMA IF NOT EXISTS ${JOURNAL_SCHEMA}`;
  }

  obstacles(): Promise<Obstacle[]> {
    return this.guarded(postgresObstacles);
  }

  triggers(table: Required<TableName>): Promise<Triggers> {
    return this.guarded((session) => postgresTriggers(session, table));
  }

  async journalTables(): Promise<string[]> {
    const rows = await this.guarded((session) =>
      session.rows<{ name: string }>(
        `SELECT c.relname AS name FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
          WHERE n.nspname = '${JOURNAL_SCHEMA}' AND c.relkind = 'r'
            AND c.relname IN (${this.journal.tables.map(this.dialect.literal).join(', ')})`,
      ),
    );
    return rows.map(({ name }) => name);
  }
}
