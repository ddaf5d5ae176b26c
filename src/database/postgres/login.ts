import pg from 'pg';
import { describeConnectFailure } from '../failures.js';
import { PostgresSession } from './session.js';

/** One connection. */
export interface Login {
  readonly session: PostgresSession;
  /** Has the statement that is under way cancelled, over another connection. */
  cancel(): Promise<void>;
  close(): Promise<void>;
}

/** The same server and user, another database; where there is no URL, the rest stays with PGHOST and its kin. */
export function urlOf(database: string, url: string | undefined): string {
  const changed = new URL(url ?? 'postgres:///');
  changed.pathname = `/${encodeURIComponent(database)}`;
  return changed.href;
}

/** Who would connect where, by the URL and by PostgreSQL's own variables; nothing is asked of the server. */
export const clientFor = (url: string | undefined) =>
  new pg.Client({
    ...(url !== undefined && { connectionString: url }),
    application_name: `onecard ${process.pid}`,
    connectionTimeoutMillis: 10_000,
    // It has nothing to say while a dump is made and restored.
    keepAlive: true,
  });

/** @throws OnecardError; the driver's error is its cause. */
export async function logIn(url: string | undefined): Promise<Login> {
  const client = clientFor(url);
  // A connection that the server cuts also fails the statement; the event would end the process.
  client.on('error', () => undefined);
  const session = new PostgresSession(client);
  try {
    await client.connect();
    const [row] = await session.rows<{ pid: string }>('SELECT CAST(pg_backend_pid() AS text) AS pid');
    await session.run(SETTINGS);
    return { session, cancel: () => cancel(url, row?.pid ?? ''), close: () => client.end() };
  } catch (error) {
    await client.end().catch(() => undefined);
    throw describeConnectFailure(error);
  }
}

async function cancel(url: string | undefined, backend: string): Promise<void> {
  const { session, close } = await logIn(url);
  await session.run(`SELECT pg_cancel_backend(${backend})`).finally(close);
}

const SETTINGS = `
  SET standard_conforming_strings = on;
  SET client_encoding = 'UTF8';
  SET statement_timeout = 0;
  SET lock_timeout = '10s';
  -- PostgreSQL 14.
  SELECT set_config(name, '0', false) FROM pg_settings WHERE name = 'idle_session_timeout';
  SET default_transaction_read_only = off;`;
