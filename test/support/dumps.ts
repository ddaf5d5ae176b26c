import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { findProgram, foldersIn } from './servers/daemon.js';
import type { Server } from './servers/server.js';

const run = promisify(execFile);
const MOST = 64 * 1024 * 1024;

/** What pg_dump prints of a database. */
export function pgDump(server: Server, database: string, options: string[] = []): Promise<string> {
  return print(newestPostgres('pg_dump'), [...options, database], {
    PGHOST: server.host,
    PGPORT: String(server.port),
    PGUSER: server.superuser,
    PGPASSWORD: server.password,
  });
}

/** What pg_dumpall prints of the roles of a server. */
export function pgDumpAll(server: Server): Promise<string> {
  return print(newestPostgres('pg_dumpall'), ['--globals-only'], {
    PGHOST: server.host,
    PGPORT: String(server.port),
    PGUSER: server.superuser,
    PGPASSWORD: server.password,
  });
}

/** What mariadb-dump prints, with routines, triggers and events. */
export function mariadbDump(server: Server, options: string[]): Promise<string> {
  const login = [
    '--no-defaults',
    '--protocol=tcp',
    `--host=${server.host}`,
    `--port=${server.port}`,
    `--user=${server.superuser}`,
  ];
  return print(
    program(['mariadb-dump', 'mysqldump']),
    [...login, '--routines', '--events', '--single-transaction', ...options],
    { MYSQL_PWD: server.password },
  );
}

/** One byte for each character: values may be in no encoding at all. */
async function print(tool: string, args: string[], env: NodeJS.ProcessEnv): Promise<string> {
  const { stdout } = await run(tool, args, {
    env: { PATH: process.env['PATH'], ...env },
    encoding: 'latin1',
    maxBuffer: MOST,
  });
  return stdout;
}

function newestPostgres(name: string): string {
  const newestFirst = foldersIn('/usr/lib/postgresql').sort((a, b) => Number(b) - Number(a));
  return program(
    [name],
    newestFirst.map((version) => `/usr/lib/postgresql/${version}/bin`),
  );
}

function program(names: string[], folders: string[] = []): string {
  const found = findProgram(names, folders);
  if (found === undefined) throw new Error(`No ${names.join(' or ')} here`);
  return found;
}
