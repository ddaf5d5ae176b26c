import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createReadStream, createWriteStream } from 'node:fs';
import { pipeline } from 'node:stream/promises';
import { findProgram } from './daemon.js';
import type { Server } from './server.js';

/** A dump is the one copy that keeps foreign keys, triggers and generated columns as they are. */
export async function dumpDatabase(server: Server, database: string, file: string): Promise<void> {
  const options = ['--routines', '--events', '--hex-blob', '--single-transaction', database];
  const dump = client(server, ['mariadb-dump', 'mysqldump'], options);
  await Promise.all([pipeline(dump.stdout, createWriteStream(file)), success(dump)]);
}

/** Into an empty database. */
export async function loadDump(server: Server, file: string, database: string): Promise<void> {
  const load = client(server, ['mariadb', 'mysql'], [database]);
  await Promise.all([pipeline(createReadStream(file), load.stdin), success(load)]);
}

function client(server: Server, names: string[], options: string[]) {
  const program = findProgram(names);
  if (program === undefined) throw new Error(`No ${names[0]} here: apt-get install mariadb-client`);
  const { host, port, superuser, password } = server;
  const login = ['--no-defaults', `--host=${host}`, `--port=${port}`, `--user=${superuser}`];
  return spawn(program, [...login, '--protocol=tcp', '--default-character-set=utf8mb4', ...options], {
    env: { PATH: process.env['PATH'], MYSQL_PWD: password },
  });
}

async function success(child: ReturnType<typeof client>): Promise<void> {
  let complaint = '';
  child.stderr.on('data', (chunk) => (complaint += chunk));
  const [code] = await once(child, 'close');
  if (code !== 0) throw new Error(`${child.spawnfile} ended with ${code}: ${complaint}`);
}
