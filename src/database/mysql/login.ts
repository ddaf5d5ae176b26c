import mysql, { type Connection } from 'mysql2';
import { describeConnectFailure } from '../failures.js';
import { MysqlSession } from './session.js';

/** How every connection is made: values come as exact texts, whatever their type. */
export function connectionOptions(url: string, env: NodeJS.ProcessEnv) {
  return {
    uri: url.replace(/^mariadb:/, 'mysql:'),
    charset: 'utf8mb4',
    connectTimeout: 10_000,
    supportBigNumbers: true,
    bigNumberStrings: true,
    dateStrings: true,
    jsonStrings: true,
    // What the URL says goes before.
    ...(env['MYSQL_PWD'] && new URL(url).password === '' && { password: env['MYSQL_PWD'] }),
  };
}

/** One connection. */
export interface Login {
  readonly session: MysqlSession;
  /** Has the statement that is under way cancelled, over another connection. */
  cancel(): Promise<void>;
  close(): Promise<void>;
}

/** The same server and user, another database; undefined for none. */
export function urlOf(database: string | undefined, url: string): string {
  const changed = new URL(url);
  changed.pathname = database === undefined ? '/' : `/${encodeURIComponent(database)}`;
  return changed.href;
}

/** @throws OnecardError; the driver's error is its cause. */
export async function logIn(url: string, env: NodeJS.ProcessEnv): Promise<Login> {
  const connection = mysql.createConnection(connectionOptions(url, env));
  // A connection that the server cuts also fails the statement; the event would end the process.
  connection.on('error', () => undefined);
  const session = new MysqlSession(connection);
  try {
    // The first statement tells of a connection that could not be made.
    for (const setting of SETTINGS) await session.run(setting);
    return { session, cancel: () => cancel(url, env, connection.threadId), close: () => end(connection) };
  } catch (error) {
    connection.destroy();
    throw describeConnectFailure(error);
  }
}

async function cancel(url: string, env: NodeJS.ProcessEnv, thread: number): Promise<void> {
  const { session, close } = await logIn(url, env);
  await session.run(`KILL QUERY ${thread}`).finally(close);
}

const SETTINGS = [
  `SET SESSION sql_mode = 'STRICT_ALL_TABLES,NO_ENGINE_SUBSTITUTION'`,
  // Of another's DDL, or of what another has open.
  `SET SESSION lock_wait_timeout = 10`,
];

async function end(connection: Connection): Promise<void> {
  // It has ended by itself where the server cut it.
  await connection
    .promise()
    .end()
    .catch(() => undefined);
}
