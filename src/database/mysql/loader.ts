import mysql, { type Connection, type ResultSetHeader } from 'mysql2/promise';
import { type DriverError, isDriverError, wordsOf } from '../driver-error.js';
import { kindOfFailure } from '../failure-kinds.js';
import { describeConnectFailure, described } from '../failures.js';
import { LeftOut, type Loader, Refused, textOf } from '../script/loader.js';
import { judgeMysql, judgeMysqlCommand } from './dump-rules.js';
import { MysqlGrammar } from './grammar.js';
import { identifier } from './quoting.js';

/** What a server or a user has set must not stop a load; a commit for every row would take a write each. */
const SETTINGS = [
  'SET NAMES utf8mb4',
  'SET SESSION TRANSACTION READ WRITE',
  'SET SESSION lock_wait_timeout = 30',
  'SET SESSION foreign_key_checks = 0, unique_checks = 0',
  'SET autocommit = 0',
];
/** Statements, and bytes of them, that are committed at once. */
const BATCH = { statements: 1_000, bytes: 32 * 1024 * 1024 };

/** A number out of range, a text that the character set does not have. */
const CHANGED_VALUES = [1264, 1366];

/** Databases of every server, that a view may well read. */
const VIRTUAL = ['information_schema', 'performance_schema', 'sys'];

export async function openMysqlLoader(url: string, env: NodeJS.ProcessEnv): Promise<Loader> {
  let connection: Connection | undefined;
  try {
    connection = await mysql.createConnection({
      uri: url.replace(/^mariadb:/, 'mysql:'),
      // One byte for each character of a statement, whatever the dump says they mean: the driver must not hear of it.
      charset: 'BINARY',
      flags: ['-SESSION_TRACK'],
      connectTimeout: 10_000,
      ...(env['MYSQL_PWD'] && new URL(url).password === '' && { password: env['MYSQL_PWD'] }),
    });
    // A connection that breaks fails the statement, too; the event would end the process.
    connection.on('error', () => undefined);
    for (const setting of SETTINGS) await connection.query(setting);
    const [facts] = await rowsOf(connection, 'SELECT DATABASE() AS name, @@max_allowed_packet AS packet');
    const databases = await rowsOf(connection, 'SELECT schema_name AS name FROM information_schema.schemata');
    const own = facts?.['name']?.toLowerCase();
    const others = databases
      .map(({ name }) => (name ?? '').toLowerCase())
      .filter((name) => name !== own && !VIRTUAL.includes(name));
    return new MysqlLoader(connection, new Set(others), Number(facts?.['packet']));
  } catch (error) {
    connection?.destroy();
    throw describeConnectFailure(error);
  }
}

class MysqlLoader implements Loader {
  readonly grammar = new MysqlGrammar();
  readonly judgeCommand = judgeMysqlCommand;
  readonly #connection: Connection;
  readonly #others: ReadonlySet<string>;
  readonly #largest: number;
  #statements = 0;
  #bytes = 0;

  /** @param largest the bytes that the server takes in one statement. */
  constructor(connection: Connection, others: ReadonlySet<string>, largest: number) {
    this.#connection = connection;
    this.#others = others;
    this.#largest = largest;
  }

  judge(statement: string) {
    return judgeMysql(statement, this.#others, this.grammar.reading);
  }

  async run(sql: string): Promise<number | LeftOut> {
    if (sql.length >= this.#largest) throw tooLarge(sql.length, this.#largest);
    try {
      const [result] = await this.#connection.query(sql);
      if (isHeader(result) && result.warningStatus > 0) await this.#refuseChanged(sql);
      await this.#commitAtTimes(sql.length);
      return /^(?:INSERT|REPLACE)\b/i.test(sql) ? affected(result) : 0;
    } catch (error) {
      if (error instanceof Refused) throw error;
      return refused(error, sql);
    }
  }

  /** In the lax mode that dumps load in, the server puts something else in place of what does not fit, and warns. */
  async #refuseChanged(sql: string): Promise<void> {
    if (!/^(?:INSERT|REPLACE)\b/i.test(sql)) return;
    const warnings = await rowsOf(this.#connection, 'SHOW WARNINGS');
    const words = warnings.find(({ Code }) => CHANGED_VALUES.includes(Number(Code)))?.['Message'];
    if (words == null) return;
    throw new Refused(words, {
      linesBelow: linesBelow(words, sql),
      remedy:
        'Load it into a server of the kind and version that the dump is from, or make the dump in UTF-8.',
    });
  }

  async #commitAtTimes(bytes: number): Promise<void> {
    this.#statements++;
    this.#bytes += bytes;
    if (this.#statements < BATCH.statements && this.#bytes < BATCH.bytes) return;
    await this.#connection.query('COMMIT');
    this.#statements = 0;
    this.#bytes = 0;
  }

  copy(): Promise<number> {
    return Promise.reject(new Error('MySQL and MariaDB have no statement that rows follow'));
  }

  async finish(): Promise<void> {
    await described(async () => {
      await this.#connection.query('COMMIT');
      const tables = await rowsOf(
        this.#connection,
        `SELECT table_name AS name FROM information_schema.tables
          WHERE table_schema = DATABASE() AND table_type = 'BASE TABLE'`,
      );
      for (const { name } of tables) {
        await this.#connection.query(`ANALYZE LOCAL TABLE ${identifier(name ?? '')}`);
      }
    });
  }

  abort(): void {
    this.#connection.destroy();
  }

  async close(): Promise<void> {
    // The last it says may be refused where the connection broke.
    await this.#connection.end().catch(() => undefined);
  }
}

type TextRow = Record<string, string | null>;

/** Every value as text, its bytes one per character; see `charset`. */
async function rowsOf(connection: Connection, sql: string): Promise<TextRow[]> {
  const [rows] = await connection.query<mysql.RowDataPacket[]>({
    sql,
    typeCast: (field) => field.buffer()?.toString('latin1') ?? null,
  });
  return rows;
}

const affected = (result: unknown) => (isHeader(result) ? result.affectedRows : 0);
const isHeader = (result: unknown): result is ResultSetHeader =>
  typeof result === 'object' && result !== null && 'affectedRows' in result;

const tooLarge = (bytes: number, largest: number) =>
  new Refused(`the statement has ${bytes} bytes, and the server takes ${largest} (max_allowed_packet)`, {
    remedy: `Raise max_allowed_packet of the scratch server beyond ${bytes}, or make the dump with --net-buffer-length=1M.`,
  });

async function refused(error: unknown, sql: string): Promise<LeftOut> {
  nameError(error);
  if (!isDriverError(error) || error.sqlState === undefined || kindOfFailure(error) === 'lost') {
    return described(() => Promise.reject(error));
  }
  const forgivenAs = forgiven(error, sql);
  if (forgivenAs) return new LeftOut(forgivenAs.what);
  const words = textOf(wordsOf(error));
  const remedy = REMEDIES[error.code];
  throw new Refused(words, {
    linesBelow: linesBelow(words, sql),
    ...(remedy !== undefined && { remedy }),
    cause: error,
  });
}

/** The driver has no names for what MariaDB alone refuses. */
function nameError(error: unknown): void {
  if (!(error instanceof Error) || !('errno' in error) || !('sqlState' in error)) return;
  if (!('code' in error) || error.code === undefined) Object.assign(error, { code: `ERROR ${error.errno}` });
}

const REMEDIES: Readonly<Record<string, string>> = {
  ER_DBACCESS_DENIED_ERROR: 'Give the database user all privileges on its scratch database.',
  ER_TABLEACCESS_DENIED_ERROR: 'Give the database user all privileges on its scratch database.',
  ER_BINLOG_CREATE_ROUTINE_NEED_SUPER:
    'Set log_bin_trust_function_creators = 1 on the scratch server, or load as a user with SUPER.',
  ER_UNKNOWN_COLLATION: 'Load it into a server of the kind and version that the dump is from.',
  ER_UNKNOWN_STORAGE_ENGINE: 'Load it into a server of the kind and version that the dump is from.',
};

/** What need not be there in a scratch database, so that a refusal does no harm; false where it does. */
function forgiven({ code }: DriverError, sql: string): { readonly what: string | undefined } | false {
  const setting = /^(?:\/\*M?!\d*\s*)?SET\s+(?:@@?)?(?:SESSION[\s.]+)?(\w+)/i.exec(sql)?.[1];
  if (setting !== undefined && UNKNOWN_SETTING.includes(code)) {
    return { what: `settings that this server does not have (${setting})` };
  }
  const drops = /^(?:\/\*M?!\d*\s*)?DROP\s/i.test(sql) && NOTHING_THERE.includes(code);
  return drops ? { what: undefined } : false;
}

const UNKNOWN_SETTING = [
  'ER_UNKNOWN_SYSTEM_VARIABLE',
  'ER_WRONG_VALUE_FOR_VAR',
  'ER_SPECIFIC_ACCESS_DENIED_ERROR',
];
const NOTHING_THERE = ['ER_BAD_TABLE_ERROR', 'ER_TRG_DOES_NOT_EXIST', 'ER_SP_DOES_NOT_EXIST'];

/** The server counts the lines of a statement that it cannot read, and the rows of one that it can. */
function linesBelow(words: string, sql: string): number {
  const line = / at line (\d+)$/.exec(words)?.[1];
  if (line !== undefined) return Number(line) - 1;
  const row = / at row (\d+)$/.exec(words)?.[1];
  const values = /\bVALUES[ \t]*\n/i.exec(sql.slice(0, 20_000));
  // MariaDB writes a row to a line, in which no value breaks.
  if (row === undefined || values === null) return 0;
  return sql.slice(0, values.index).split('\n').length - 1 + Number(row);
}
