import { on } from 'node:events';
import pg from 'pg';
import type { Query, Session } from '../session.js';

/** The part of `pg.Client` that sessions use; the embedded database offers the same. */
export interface PostgresConnection {
  query(text: string, values?: readonly unknown[]): Promise<{ rows: object[]; rowCount: number | null }>;
}

/** Rows of a streamed result that are held at a time: enough for speed, few enough for memory. */
const FETCH = 2000;

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

/** Statements on one connection, of a server or of the embedded database. */
export class PostgresSession implements Session {
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
