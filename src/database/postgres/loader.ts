import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import pg from 'pg';
import { from as copyFrom } from 'pg-copy-streams';
import { describeConnectFailure, described } from '../failures.js';
import { type LeftOut, type Loader, textOf } from '../script/loader.js';
import { judgePostgres, judgePostgresCommand } from './dump-rules.js';
import { PostgresGrammar } from './grammar.js';
import { refuseTransactionPooling } from './pooler.js';
import { refusedRows, refusedStatement } from './refusal.js';

/** What a role or a database sets must not stop a load; and nobody needs a scratch database after a crash. */
const SETTINGS = `
  SET client_encoding = 'UTF8';
  SET statement_timeout = 0;
  SET lock_timeout = 0;
  SET idle_in_transaction_session_timeout = 0;
  SET default_transaction_read_only = off;
  SET synchronous_commit = off;
  -- A client that is gone is noticed within a second, not at the end of the statement (PostgreSQL 14).
  SELECT set_config(name, '1s', false) FROM pg_settings WHERE name = 'client_connection_check_interval';`;

/** @param url undefined leaves everything to PGHOST, .pgpass and their kin. */
export async function openPostgresLoader(url: string | undefined): Promise<Loader> {
  const login = {
    ...(url !== undefined && { connectionString: url }),
    application_name: 'onecard load',
    connectionTimeoutMillis: 10_000,
  };
  // The settings of the dump would become those of another client.
  await refuseTransactionPooling(login);
  const client = new pg.Client(login);
  // A connection that breaks fails the statement, too; the event would end the process.
  client.on('error', () => undefined);
  try {
    await client.connect();
    await client.query(SETTINGS);
  } catch (error) {
    await client.end().catch(() => undefined);
    throw describeConnectFailure(error);
  }
  return new PostgresLoader(client);
}

class PostgresLoader implements Loader {
  readonly grammar = new PostgresGrammar();
  readonly judge = judgePostgres;
  readonly judgeCommand = judgePostgresCommand;
  readonly #client: pg.Client;

  constructor(client: pg.Client) {
    this.#client = client;
  }

  async run(sql: string): Promise<number | LeftOut> {
    const text = textOf(sql);
    try {
      // Of several statements in one, only the first would be judged: this protocol takes one.
      const single: pg.QueryConfig & { queryMode: 'extended' } = { text, queryMode: 'extended' };
      const result = await this.#client.query(single);
      return result.command === 'INSERT' ? (result.rowCount ?? 0) : 0;
    } catch (error) {
      return refusedStatement(error, text);
    }
  }

  async copy(sql: string, rows: AsyncIterable<Buffer>): Promise<number> {
    const copying = this.#client.query(copyFrom(textOf(sql)));
    try {
      await pipeline(Readable.from(rows, { objectMode: false }), copying);
    } catch (error) {
      throw await refusedRows(error);
    }
    return copying.rowCount;
  }

  async finish(): Promise<void> {
    // Where the dump has begun a transaction, and not ended it.
    await described(() => this.#client.query('COMMIT'));
    await described(() => this.#client.query('ANALYZE'));
  }

  abort(): void {
    this.#client.connection.stream.destroy();
  }

  async close(): Promise<void> {
    await this.#client.end();
  }
}
