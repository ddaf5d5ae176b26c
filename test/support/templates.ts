import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createReadStream, createWriteStream } from 'node:fs';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { inject } from 'vitest';
import type { Template } from './databases.js';
import { findProgram } from './servers/daemon.js';
import { templatePrefix } from './servers/run.js';
import type { Kind, Server } from './servers/server.js';
import { shared } from './shared.js';

/** Creates the database `name` with the content of the template; returns its URL. */
export function cloneTemplate(server: Server, template: Template, name: string): Promise<string> {
  return clones[server.kind](server, template, name);
}

type Clone = typeof cloneTemplate;

const clones = { postgres: copyDatabase, mysql: loadDump } satisfies Record<Kind, Clone>;

async function copyDatabase(server: Server, template: Template, name: string): Promise<string> {
  const source = templateDatabase(template);
  await shared(`postgres-${template.name}`, () => fillAnew(server, template, source));
  return server.createDatabase(name, `TEMPLATE "${source}"`);
}

/** A dump is the one copy that keeps foreign keys, triggers and generated columns as they are. */
async function loadDump(server: Server, template: Template, name: string): Promise<string> {
  const folder = await shared(`mysql-${template.name}`, async (folder) => {
    const source = templateDatabase(template);
    await fillAnew(server, template, source);
    const options = ['--routines', '--events', '--hex-blob', '--single-transaction', source];
    const dump = client(server, ['mariadb-dump', 'mysqldump'], options);
    await Promise.all([pipeline(dump.stdout, createWriteStream(join(folder, 'dump.sql'))), success(dump)]);
    await server.dropDatabase(source);
  });
  const url = await server.createDatabase(name);
  const load = client(server, ['mariadb', 'mysql'], [name]);
  await Promise.all([pipeline(createReadStream(join(folder, 'dump.sql')), load.stdin), success(load)]);
  return url;
}

/** Another run may use the same server. */
function templateDatabase({ name }: Template): string {
  return `${templatePrefix(inject('sharedFolder'))}${name}`;
}

async function fillAnew(server: Server, template: Template, database: string): Promise<void> {
  await server.dropDatabase(database);
  await server.createDatabase(database);
  await template.fill((sql) => server.query(sql, database), server.kind);
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
