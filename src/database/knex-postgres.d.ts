/** knex's own PostgreSQL client, which the embedded database extends. */
declare module 'knex/lib/dialects/postgres/index.js' {
  import type { Knex } from 'knex';

  export default class PostgresClient extends Knex.Client {
    constructor(config: Knex.Config);
  }
}
