import type { Knex } from 'knex';
import type { Session } from './session.js';

interface KnexPool<Connection> extends Knex {
  readonly client: Knex.Client & {
    acquireConnection(): Promise<Connection>;
    releaseConnection(connection: Connection): Promise<void>;
  };
}

/** A connection that belongs to whoever took it, until it is given back. */
export interface Lease<Connection> {
  readonly connection: Connection;
  readonly session: Session;
  release(): Promise<void>;
}

/** knex's connections, as sessions. */
export class ConnectionPool<Connection> {
  readonly knex: Knex;
  readonly #sessionOn: (connection: Connection) => Session;

  constructor(knex: Knex, sessionOn: (connection: Connection) => Session) {
    this.knex = knex;
    this.#sessionOn = sessionOn;
  }

  async lease(): Promise<Lease<Connection>> {
    const { client } = this.knex as KnexPool<Connection>;
    const connection = await client.acquireConnection();
    return {
      connection,
      session: this.#sessionOn(connection),
      release: () => client.releaseConnection(connection),
    };
  }

  async use<T>(work: (session: Session, connection: Connection) => Promise<T>): Promise<T> {
    const { session, connection, release } = await this.lease();
    try {
      return await work(session, connection);
    } finally {
      await release();
    }
  }
}
