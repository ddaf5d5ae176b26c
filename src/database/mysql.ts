import knex, { type Knex } from 'knex';
import type { Connection } from 'mysql2';
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
import { codePoints, DOTTED_CAPITAL_I, lowerCase } from './letters.js';
import { JOURNAL_PREFIX, type LowerCasing, mysqlDialect } from './mysql-dialect.js';
import { foreignKeysToMysql, inspectMysql, leadsIndexMysql, mysqlTriggers } from './mysql-inspect.js';
import { DECISIVE, mysqlObstacles } from './mysql-obstacles.js';
import { MysqlPrivileges } from './mysql-privileges.js';
import type { Privileges } from './privileges.js';
import type { Triggers } from './schema.js';
import type { Mode, Query, Session } from './session.js';

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
  const pool = knex({
    client: 'mysql2',
    log: silentLog,
    connection: {
      uri: url.replace(/^mariadb:/, 'mysql:'),
      charset: 'utf8mb4',
      connectTimeout: 10_000,
      supportBigNumbers: true,
      bigNumberStrings: true,
      dateStrings: true,
      jsonStrings: true,
      // What the URL says goes before.
      ...(env['MYSQL_PWD'] && new URL(url).password === '' && { password: env['MYSQL_PWD'] }),
    } as Knex.MySql2ConnectionConfig,
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
  });
  try {
    return await onConnection(pool, async (session) => {
      const identity = await identify(session);
      return new MysqlDatabase(pool, identity, mysqlDialect(await lowerCasing(session)), threads);
    });
  } catch (error) {
    await pool.destroy();
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

/** From the newest Unicode tables to the oldest; MySQL 8 and each MariaDB know some of them. */
const COLLATIONS = ['utf8mb4_uca1400_as_cs', 'utf8mb4_0900_as_cs', 'utf8mb4_unicode_520_ci'];

/**
 * Asks the server to lower-case every letter there is, in one statement, and notes where it differs from the
 * rule. Both cases of such a letter count as unsure, since either side of a comparison may hold either.
 */
async function lowerCasing(session: Session): Promise<LowerCasing> {
  const known = await session.rows<{ name: string }>(
    `SELECT COLLATION_NAME AS name FROM information_schema.COLLATIONS
      WHERE COLLATION_NAME IN (${COLLATIONS.map((name) => `'${name}'`).join(', ')})
      UNION SELECT CONCAT('utf8mb4_', COLLATION_NAME) FROM information_schema.COLLATIONS
      WHERE COLLATION_NAME IN (${COLLATIONS.map((name) => `'${name.replace('utf8mb4_', '')}'`).join(', ')})`,
  );
  const names = new Set(known.map(({ name }) => name));
  const collation = COLLATIONS.find((name) => names.has(name)) ?? 'utf8mb4_bin';
  const letters = [...codePoints()].filter((codePoint) => codePoint > 0x7f);
  const [row] = await session.rows<{ lower: string }>(
    `SELECT LOWER('${letters.map((letter) => String.fromCodePoint(letter)).join(' ')}' COLLATE ${collation}) AS \`lower\``,
  );
  const given = (row?.lower ?? '').split(' ');
  const unsure = letters.flatMap((letter, index) => {
    const wanted = String.fromCodePoint(lowerCase(letter));
    return given[index] === wanted ? [] : [String.fromCodePoint(letter), wanted];
  });
  return { collation, unsureLetters: [DOTTED_CAPITAL_I, ...unsure].join('') };
}

interface KnexPool extends Knex {
  readonly client: Knex.Client & {
    acquireConnection(): Promise<Connection>;
    releaseConnection(connection: Connection): Promise<void>;
  };
}

async function onConnection<T>(
  pool: Knex,
  work: (session: Session, connection: Connection) => Promise<T>,
): Promise<T> {
  const { client } = pool as KnexPool;
  const connection = await client.acquireConnection();
  try {
    return await work(new MysqlSession(connection), connection);
  } finally {
    await client.releaseConnection(connection);
  }
}

/**
 * InnoDB counts waits for locks in whole seconds; statements can be bounded in milliseconds. MySQL bounds reading
 * statements alone: there, the second of the session has to do.
 */
const boundStatements = (patience: Patience | undefined) =>
  `SET SESSION max_statement_time = ${patience === undefined ? 0 : (patience.lockWait + patience.work) / 1000}`;

class MysqlSession implements Session {
  readonly #connection: Connection;

  constructor(connection: Connection) {
    this.#connection = connection;
  }

  async rows<T extends object>(query: Query): Promise<T[]> {
    return (await this.#send(query)) as T[];
  }

  async run(query: Query): Promise<number> {
    const result = await this.#send(query);
    return 'affectedRows' in result ? Number(result.affectedRows) : 0;
  }

  async *stream<T extends object>(sql: string): AsyncIterable<T> {
    const rows = this.#connection.query(sql).stream({ highWaterMark: 500 });
    // The driver tells of a lost connection to who waits for a whole result; who reads a stream would wait for ever.
    const onLost = (error: Error) => rows.destroy(error);
    this.#connection.once('error', onLost);
    try {
      yield* rows as AsyncIterable<T>;
    } finally {
      this.#connection.off('error', onLost);
    }
  }

  async #send(query: Query): Promise<object> {
    const { sql, bindings } =
      typeof query === 'string' ? { sql: query, bindings: [] } : query.toSQL().toNative();
    const [result] = await this.#connection
      .promise()
      .query(sql, bindings.length > 0 ? [...bindings] : undefined);
    return result;
  }
}

class MysqlDatabase implements Database {
  readonly identity: DatabaseIdentity;
  readonly dialect: Dialect;
  readonly knex: Knex;
  readonly journal: JournalPlace;
  readonly privileges: Privileges;

  readonly #threads: readonly number[];
  #lockConnection: Connection | undefined;

  /** @param threads every connection of this process, as the server numbers them. */
  constructor(pool: Knex, identity: DatabaseIdentity, dialect: Dialect, threads: readonly number[]) {
    this.#threads = threads;
    this.knex = pool;
    this.identity = identity;
    this.dialect = dialect;
    this.privileges = new MysqlPrivileges((work) => this.#guarded(work), dialect, identity.database);
    this.journal = {
      schema: undefined,
      prefix: JOURNAL_PREFIX,
      tables: JOURNAL_TABLE_NAMES.map((name) => `${JOURNAL_PREFIX}${name}`),
      table: dialect.journal,
      longText: 'longtext',
      tableOptions: ' ENGINE=InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin',
    };
  }

  inspect(name: TableName) {
    return this.#guarded((session) => inspectMysql(session, name));
  }

  foreignKeysTo(name: Required<TableName>) {
    return this.#guarded((session) => foreignKeysToMysql(session, name));
  }

  leadsIndex(name: Required<TableName>, column: string) {
    return this.#guarded((session) => leadsIndexMysql(session, name, column));
  }

  snapshot<T>(work: (session: Session) => Promise<T>): Promise<T> {
    return this.#inTransaction('REPEATABLE READ', 'START TRANSACTION WITH CONSISTENT SNAPSHOT', work);
  }

  /** Large joins need nothing here: derived tables are indexed as they are made. */
  transaction<T>(work: (session: Session) => Promise<T>, { patience }: TransactionOptions = {}): Promise<T> {
    return this.#inTransaction('READ COMMITTED', 'START TRANSACTION', work, patience);
  }

  lock(): Promise<LockHolder | undefined> {
    return described(() => this.#takeLock());
  }

  async #takeLock(): Promise<LockHolder | undefined> {
    const { client } = this.knex as KnexPool;
    await this.#releaseLock();
    // It lives as long as its connection, which is therefore kept until the end.
    const connection = await client.acquireConnection();
    const session = new MysqlSession(connection);
    const name = this.#lockName();
    const [row] = await session.rows<{ taken: number | null }>(`SELECT GET_LOCK(${name}, 0) AS taken`);
    if (Number(row?.taken) === 1) {
      this.#lockConnection = connection;
      return undefined;
    }
    const holder = await this.lockHolder(session);
    await client.releaseConnection(connection);
    return holder ?? { description: 'a session that has just ended' };
  }

  async lockHolder(session: Session): Promise<LockHolder | undefined> {
    const [lock] = await session.rows<{ holder: string | null }>(
      `SELECT CAST(IS_USED_LOCK(${this.#lockName()}) AS CHAR) AS holder`,
    );
    if (lock?.holder == null) return undefined;
    // Without the privilege PROCESS, a session sees those of its own user alone.
    const [holder] = await session.rows<{ description: string }>(
      `SELECT CONCAT('connection ', ID, ' of ', USER, ' on ', HOST, ', since ', NOW() - INTERVAL TIME SECOND) AS description
         FROM information_schema.PROCESSLIST WHERE ID = ${Number(lock.holder)}`,
    );
    return holder ?? { description: `connection ${lock.holder}` };
  }

  async holdsLock(session: Session): Promise<boolean> {
    const [row] = await session.rows<{ held: number | null }>(
      `SELECT IS_USED_LOCK(${this.#lockName()}) = ${this.#lockConnection?.threadId ?? 0} AS held`,
    );
    return Number(row?.held) === 1;
  }

  async abort(): Promise<void> {
    await onConnection(this.knex, async (session, { threadId }) => {
      for (const id of this.#threads) {
        // One that has ended by itself is unknown to the server.
        if (id !== threadId) await session.run(`KILL ${id}`).catch(() => undefined);
      }
    });
  }

  /** GET_LOCK is server-wide, hence the database in its name, cut to the 64 characters that MySQL allows. */
  #lockName(): string {
    return this.dialect.literal(`onecard ${this.identity.database}`.slice(0, 64));
  }

  async #releaseLock(): Promise<void> {
    if (this.#lockConnection) await (this.knex as KnexPool).client.releaseConnection(this.#lockConnection);
    this.#lockConnection = undefined;
  }

  journalTable(table: JournalTable): string {
    return `${JOURNAL_PREFIX}${table}`;
  }

  async hasJournal(): Promise<boolean> {
    const [row] = await this.#guarded((session) =>
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
    return this.#guarded(async (session) => {
      const names = DECISIVE.map(this.dialect.literal).join(', ');
      const rows = await session.rows<{ Variable_name: string; Value: string }>(
        `SHOW VARIABLES WHERE Variable_name IN (${names})`,
      );
      return mysqlObstacles(new Map(rows.map((row) => [row.Variable_name, row.Value])));
    });
  }

  triggers(table: Required<TableName>): Promise<Triggers> {
    return this.#guarded((session) => mysqlTriggers(session, table));
  }

  async journalTables(): Promise<string[]> {
    const rows = await this.#guarded((session) =>
      session.rows<{ name: string }>(
        `SELECT TABLE_NAME AS name FROM information_schema.TABLES
          WHERE TABLE_SCHEMA = DATABASE() AND TABLE_NAME IN (${this.journal.tables.map(this.dialect.literal).join(', ')})`,
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

  #inTransaction<T>(
    isolation: string,
    begin: string,
    work: (session: Session) => Promise<T>,
    patience?: Patience,
  ): Promise<T> {
    return this.#guarded(async (session) => {
      await session.run(`SET TRANSACTION ISOLATION LEVEL ${isolation}`);
      if (this.identity.kind === 'MariaDB') await session.run(boundStatements(patience));
      await session.run(begin);
      try {
        const result = await work(session);
        await session.run('COMMIT');
        return result;
      } catch (error) {
        // After a lock time-out the transaction is still open, and half of it could be committed.
        await session.run('ROLLBACK').catch(() => undefined);
        throw error;
      }
    });
  }
}
