import knex, { type Knex } from 'knex';
import type { Connection } from 'mysql2';
import { OnecardError } from '../../errors.js';
import type { TableName } from '../../model/configuration.js';
import { ConnectionPool } from '../connection-pool.js';
import type { Database, DatabaseIdentity, JournalPlace, Obstacle, TransactionOptions } from '../database.js';
import { type Dialect, JOURNAL_TABLE_NAMES, type JournalTable } from '../dialect.js';
import { describeConnectFailure } from '../failures.js';
import { silentLog } from '../knex-log.js';
import type { Privileges } from '../privileges.js';
import type { Triggers } from '../schema.js';
import { ServerDatabase } from '../server-database.js';
import type { Mode, Session } from '../session.js';
import { readMysqlCatalog } from './catalog.js';
import { type Abilities, JOURNAL_PREFIX, mysqlDialect } from './dialect.js';
import { identifiersMysql } from './identifiers.js';
import {
  foreignKeysToMysql,
  inspectMysql,
  leadsIndexMysql,
  mysqlTriggers,
  tableNamesMysql,
} from './inspect.js';
import { mysqlLock } from './lock.js';
import { connectionOptions } from './login.js';
import { mysqlLowerCasing } from './lower-casing.js';
import { DECISIVE, mysqlObstacles } from './obstacles.js';
import { MysqlPrivileges } from './privileges.js';
import { rulesMysql } from './rules.js';
import { MysqlSession } from './session.js';
import { sizesMysql } from './sizes.js';
import { storedTablesMysql } from './stored-tables.js';

/**
 * Said once per connection. Strict, whatever the server's default: otherwise it cuts values that do not fit,
 * with a warning that nobody reads. `SET SESSION` for read-only, since a read-only transaction alone lets
 * DDL through.
 */
const settings = (mode: Mode) => [
  `SET SESSION sql_mode = 'STRICT_ALL_TABLES,NO_ENGINE_SUBSTITUTION'`,
  `SET SESSION group_concat_max_len = 16777216`,
  `SET SESSION innodb_lock_wait_timeout = ${mode === 'read' ? 5 : 1}`,
  // Of another's DDL, or for ours: it gives up soon, and tries again.
  `SET SESSION lock_wait_timeout = ${mode === 'read' ? 30 : 1}`,
  `SET SESSION tmp_table_size = 134217728, max_heap_table_size = 134217728`,
  `SET SESSION TRANSACTION ${mode === 'read' ? 'READ ONLY' : 'READ WRITE'}`,
];

export async function connectMysql(url: string, mode: Mode, env: NodeJS.ProcessEnv): Promise<Database> {
  const threads: number[] = [];
  const pool = new ConnectionPool<Connection>(
    knex({
      client: 'mysql2',
      log: silentLog,
      connection: connectionOptions(url, env) as Knex.MySql2ConnectionConfig,
      pool: {
        min: 0,
        max: 4,
        afterCreate: (client: Connection, done: (error: unknown, client: unknown) => void) => {
          threads.push(client.threadId);
          prepare(new MysqlSession(client), mode).then(
            () => done(undefined, client),
            (error) => done(error, client),
          );
        },
      },
    }),
    (connection) => new MysqlSession(connection),
  );
  try {
    return await pool.use(async (session) => {
      const identity = await identify(session);
      const dialect = mysqlDialect(await mysqlLowerCasing(session), abilitiesOf(identity));
      return new MysqlDatabase(pool, identity, dialect, threads);
    });
  } catch (error) {
    await pool.knex.destroy();
    throw describeConnectFailure(error);
  }
}

async function prepare(session: Session, mode: Mode): Promise<void> {
  for (const setting of settings(mode)) await session.run(setting);
}

async function identify(session: Session): Promise<DatabaseIdentity> {
  const [row] = await session.rows<{ version: string; db: string | null; server: string }>(
    `SELECT VERSION() AS version, DATABASE() AS db, CONCAT(@@hostname, ':', @@port) AS server`,
  );
  if (row === undefined || row.db === null) {
    throw new OnecardError('The database URL names no database.', {
      remedy: 'Add it: mysql://user@host:3306/database.',
    });
  }
  const kind = row.version.includes('MariaDB') ? 'MariaDB' : 'MySQL';
  return { kind, version: row.version.split('-')[0] ?? row.version, database: row.db, server: row.server };
}

/** By the documentation of MySQL, which is not tried here. */
function abilitiesOf({ kind, version }: DatabaseIdentity): Abilities {
  if (kind === 'MySQL') return { bytewise: 'utf8mb4_0900_bin', returnsRows: false };
  const [major = 0, minor = 0] = version.split('.').map(Number);
  return { bytewise: 'utf8mb4_nopad_bin', returnsRows: major > 10 || (major === 10 && minor >= 5) };
}

/**
 * InnoDB counts waits for locks in whole seconds; statements can be bounded in milliseconds. MySQL bounds reading
 * statements alone: there, the second of the session has to do.
 */
const boundStatements = ({ patience, timeLimit }: TransactionOptions) =>
  `SET SESSION max_statement_time = ${patience === undefined ? (timeLimit ?? 0) / 1000 : (patience.lockWait + patience.work) / 1000}`;
const boundReading = ({ timeLimit }: TransactionOptions) =>
  `SET SESSION max_execution_time = ${timeLimit ?? 0}`;

class MysqlDatabase extends ServerDatabase<Connection> implements Database {
  readonly dialect: Dialect;
  readonly journal: JournalPlace;
  readonly privileges: Privileges;
  readonly #threads: readonly number[];

  /** @param threads every connection of this process, as the server numbers them. */
  constructor(
    pool: ConnectionPool<Connection>,
    identity: DatabaseIdentity,
    dialect: Dialect,
    threads: readonly number[],
  ) {
    super(pool, identity, mysqlLock(dialect, identity.database));
    this.#threads = threads;
    this.dialect = dialect;
    const { bytewise } = abilitiesOf(identity);
    this.privileges = new MysqlPrivileges((work) => this.guarded(work), dialect, identity.database);
    this.journal = {
      schema: undefined,
      prefix: JOURNAL_PREFIX,
      tables: JOURNAL_TABLE_NAMES.map((name) => `${JOURNAL_PREFIX}${name}`),
      table: dialect.journal,
      longText: 'longtext',
      tableOptions: ` ENGINE=InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE ${bytewise}`,
    };
  }

  inspect(name: TableName) {
    return this.guarded((session) => inspectMysql(session, name));
  }

  catalog() {
    return this.guarded((session) => readMysqlCatalog(session, this.identity.kind === 'MariaDB'));
  }

  foreignKeysTo(name: Required<TableName>) {
    return this.guarded((session) => foreignKeysToMysql(session, name));
  }

  tableNames() {
    return this.guarded(tableNamesMysql);
  }

  storedTables(session: Session) {
    return storedTablesMysql(session, this.journal.tables);
  }

  sizes() {
    return this.guarded((session) => sizesMysql(session, this.journal.tables));
  }

  identifiers() {
    return this.guarded(identifiersMysql);
  }

  rules(name: Required<TableName>) {
    return this.guarded((session) => rulesMysql(session, name));
  }

  leadsIndex(name: Required<TableName>, column: string) {
    return this.guarded((session) => leadsIndexMysql(session, name, column));
  }

  snapshot<T>(work: (session: Session) => Promise<T>): Promise<T> {
    return this.#begun('REPEATABLE READ', 'START TRANSACTION WITH CONSISTENT SNAPSHOT', {}, work);
  }

  /** Large joins need nothing here: derived tables are indexed as they are made. */
  transaction<T>(work: (session: Session) => Promise<T>, options: TransactionOptions = {}): Promise<T> {
    return this.#begun('READ COMMITTED', 'START TRANSACTION', options, work);
  }

  #begun<T>(
    isolation: string,
    begin: string,
    options: TransactionOptions,
    work: (session: Session) => Promise<T>,
  ): Promise<T> {
    const bound = this.identity.kind === 'MariaDB' ? boundStatements(options) : boundReading(options);
    return this.inTransaction([`SET TRANSACTION ISOLATION LEVEL ${isolation}`, bound, begin], work);
  }

  async abort(): Promise<void> {
    await this.pool.use(async (session, { threadId }) => {
      for (const id of this.#threads) {
        // One that has ended by itself is unknown to the server.
        if (id !== threadId) await session.run(`KILL ${id}`).catch(() => undefined);
      }
    });
  }

  journalTable(table: JournalTable): string {
    return `${JOURNAL_PREFIX}${table}`;
  }

  async hasJournal(): Promise<boolean> {
    const [row] = await this.guarded((session) =>
      session.rows<{ found: string }>(
        `SELECT CAST(COUNT(*) AS CHAR) AS found FROM information_schema.TABLES
          WHERE TABLE_SCHEMA = DATABASE() AND TABLE_NAME = '${JOURNAL_PREFIX}change'`,
      ),
    );
    return Number(row?.found) > 0;
  }

  /** The journal stands in the database itself. */
  async missingHome(): Promise<undefined> {
    return undefined;
  }

  obstacles(): Promise<Obstacle[]> {
    return this.guarded(async (session) => {
      const names = DECISIVE.map(this.dialect.literal).join(', ');
      const rows = await session.rows<{ Variable_name: string; Value: string }>(
        `SHOW VARIABLES WHERE Variable_name IN (${names})`,
      );
      return mysqlObstacles(new Map(rows.map((row) => [row.Variable_name, row.Value])));
    });
  }

  triggers(table: Required<TableName>): Promise<Triggers> {
    return this.guarded((session) => mysqlTriggers(session, table));
  }

  async journalTables(): Promise<string[]> {
    const rows = await this.guarded((session) =>
      session.rows<{ name: string }>(
        `SELECT TABLE_NAME AS name FROM information_schema.TABLES
          WHERE TABLE_SCHEMA = DATABASE() AND TABLE_NAME IN (${this.journal.tables.map(this.dialect.literal).join(', ')})`,
      ),
    );
    return rows.map(({ name }) => name);
  }
}
