import pg from 'pg';
import type { Client, Connection, Login, Rows } from './server.js';

type Query = (sql: string) => Promise<Rows>;

export const postgresClient: Client = {
  defaultPort: 5432,
  connect,
  quoteName,
  dropDatabase,
  createRole,
  dropRole,
};

/** How PostgreSQL, embedded or not, hands over values: see `Server.query`. */
export const parsers: Record<number, (text: string) => unknown> = {
  [pg.types.builtins.INT8]: exactNumberOrText,
  [pg.types.builtins.DATE]: String,
  [pg.types.builtins.TIMESTAMP]: String,
  [pg.types.builtins.TIMESTAMPTZ]: String,
};

async function connect(url: string): Promise<Connection> {
  const client = new pg.Client({
    connectionString: url,
    connectionTimeoutMillis: 10_000,
    types: {
      getTypeParser: (oid: number, format?: 'text' | 'binary') =>
        parsers[oid] ?? pg.types.getTypeParser(oid, format as 'text'),
    },
  });
  // A connection that the server cuts also fails the query; the event would end the process.
  client.on('error', () => {});
  await client.connect();
  return {
    async query(sql) {
      const results: pg.QueryResult | pg.QueryResult[] = await client.query(sql);
      return Array.isArray(results) ? (results.at(-1)?.rows ?? []) : results.rows;
    },
    close: () => client.end(),
  };
}

function quoteName(name: string): string {
  return pg.escapeIdentifier(name);
}

async function dropDatabase(query: Query, name: string): Promise<void> {
  await query(`DROP DATABASE IF EXISTS ${quoteName(name)} WITH (FORCE)`);
}

function createRole({ name, password }: Login): string {
  return `CREATE ROLE ${quoteName(name)} LOGIN PASSWORD ${pg.escapeLiteral(password)}`;
}

function dropRole(name: string): string {
  return `DROP ROLE IF EXISTS ${quoteName(name)}`;
}

function exactNumberOrText(text: string): number | string {
  return Number.isSafeInteger(Number(text)) ? Number(text) : text;
}
