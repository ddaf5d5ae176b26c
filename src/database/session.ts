import type { Knex } from 'knex';

export type Row = Record<string, string | null>;

/** SQL text as it is sent, or a knex query. */
export type Query = string | Knex.QueryBuilder;

/** One connection. Statements run one after the other; text goes to the server as it is. */
export interface Session {
  rows<T extends object = Row>(query: Query): Promise<T[]>;
  /** @returns the number of rows written. */
  run(query: Query): Promise<number>;
  /** Reads a large result piece by piece; only inside a transaction, and to the end. */
  stream<T extends object = Row>(sql: string): AsyncIterable<T>;
}

/** `read`: the database itself refuses every write of the session. */
export type Mode = 'read' | 'write';
