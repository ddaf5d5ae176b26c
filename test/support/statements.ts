import { setTimeout as sleep } from 'node:timers/promises';
import type { OwnServer } from './servers/server.js';

/** The statements that a login has sent to its server, as the server's own log has them, in their order. */
export interface StatementLog {
  /** Runs the work, and tells what this login sent meanwhile. */
  during<T>(login: string, work: () => Promise<T>): Promise<{ result: T; statements: string[] }>;
}

/** Makes the server log every statement. */
export async function logStatements(server: OwnServer): Promise<StatementLog> {
  return server.kind === 'postgres' ? postgresLog(server) : mariadbLog(server);
}

async function postgresLog(server: OwnServer): Promise<StatementLog> {
  // Statements are of several lines: each entry begins with a mark, and its login.
  await server.query(`ALTER SYSTEM SET log_line_prefix = '@@%u@@'`);
  await server.query(`ALTER SYSTEM SET log_statement = 'all'`);
  await server.query('SELECT pg_reload_conf()');
  let marks = 0;
  /** What is logged is there as soon as what was logged after it. */
  const written = async (): Promise<number> => {
    const mark = `log mark ${++marks}`;
    const deadline = Date.now() + 10_000;
    while (Date.now() < deadline) {
      await server.query(`SELECT '${mark}'`);
      const log = await server.log();
      if (log.includes(mark)) return log.length;
      await sleep(20);
    }
    throw new Error('PostgreSQL does not log its statements.');
  };
  return {
    async during(login, work) {
      const from = await written();
      const result = await work();
      const to = await written();
      const entries = (await server.log()).slice(from, to).split(/^@@/m);
      const own = entries.flatMap((entry) => {
        const text = entry.replaceAll('\n\t', '\n');
        const [, said] = /^([^@]*)@@LOG: {2}(?:statement|execute [^:]*): /.exec(text) ?? [];
        return said === login ? [text.replace(/^[^@]*@@LOG: {2}[^:]*: /, '')] : [];
      });
      // One message may hold several; none of onecard's texts holds this between two.
      return { result, statements: own.flatMap((text) => text.split(';\n')).flatMap(bare) };
    },
  };
}

async function mariadbLog(server: OwnServer): Promise<StatementLog> {
  await server.query(`SET GLOBAL log_output = 'TABLE'; SET GLOBAL general_log = ON`);
  return {
    async during(login, work) {
      await server.query('TRUNCATE mysql.general_log');
      const result = await work();
      const rows = await server.query(
        `SELECT CONVERT(argument USING utf8mb4) AS argument FROM mysql.general_log
          WHERE command_type IN ('Query', 'Prepare', 'Execute') AND user_host LIKE '${login}[%'
          ORDER BY event_time`,
      );
      return { result, statements: rows.flatMap(({ argument }) => bare(String(argument))) };
    },
  };
}

/** Without comments and the white space around it; an empty one is none. */
function bare(statement: string): string[] {
  const text = statement
    .replace(/^\s*--.*$/gm, '')
    .trim()
    .replace(/;$/, '');
  return text === '' ? [] : [text];
}
