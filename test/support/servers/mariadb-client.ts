import mysql from 'mysql2/promise';
import type { Client, Connection, Login, Rows } from './server.js';

type Query = (sql: string) => Promise<Rows>;

export const mariadbClient: Client = {
  defaultPort: 3306,
  connect,
  quoteName,
  dropDatabase,
  createRole,
  dropRole,
};

async function connect(url: string): Promise<Connection> {
  const connection = await mysql.createConnection({
    uri: url,
    connectTimeout: 10_000,
    multipleStatements: true,
    supportBigNumbers: true,
    dateStrings: true,
  });
  // A connection that the server cuts also fails the query; the event would end the process.
  connection.on('error', () => {});
  return {
    async query(sql) {
      const [results, fields] = await connection.query(sql);
      return rowsOfTheLast(results, fields);
    },
    close: async () => connection.destroy(),
  };
}

function quoteName(name: string): string {
  return mysql.escapeId(name, true);
}

/** DROP DATABASE would wait for every open transaction in it. */
async function dropDatabase(query: Query, name: string): Promise<void> {
  const connections = await query(
    `SELECT id FROM information_schema.processlist WHERE db = ${mysql.escape(name)}`,
  );
  for (const { id } of connections) {
    await query(`KILL ${id}`).catch(ignoreAnEndedConnection);
  }
  await query(`DROP DATABASE IF EXISTS ${quoteName(name)}`);
}

function createRole({ name, password }: Login): string {
  return `CREATE USER ${mysql.escape(name)}@'%' IDENTIFIED BY ${mysql.escape(password)}`;
}

function dropRole(name: string): string {
  return `DROP USER IF EXISTS ${mysql.escape(name)}@'%'`;
}

function ignoreAnEndedConnection(error: { code?: string }): void {
  if (error.code !== 'ER_NO_SUCH_THREAD') throw error;
}

/** With several statements, mysql2 nests the results of each, and their fields alike. */
function rowsOfTheLast(results: unknown, fields: unknown): Rows {
  const several = Array.isArray(fields) && fields.some((of) => of === undefined || Array.isArray(of));
  const last: unknown = several && Array.isArray(results) ? results.at(-1) : results;
  return Array.isArray(last) ? last : [];
}
