import type { Connection } from 'mysql2';
import type { Query, Session } from '../session.js';

/** Statements on one connection. */
export class MysqlSession implements Session {
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
