import { join } from 'node:path';
import { inject } from 'vitest';
import type { Template } from './databases.js';
import { dumpDatabase, loadDump } from './servers/mariadb-dump.js';
import { templatePrefix } from './servers/run.js';
import type { Kind, Server } from './servers/server.js';
import { shared } from './shared.js';

/** Creates the database `name` with the content of the template; returns its URL. */
export function cloneTemplate(server: Server, template: Template, name: string): Promise<string> {
  return clones[server.kind](server, template, name);
}

type Clone = typeof cloneTemplate;

const clones = { postgres: copyDatabase, mysql: copyDump } satisfies Record<Kind, Clone>;

async function copyDatabase(server: Server, template: Template, name: string): Promise<string> {
  const source = templateDatabase(template);
  await shared(`postgres-${template.name}`, () => fillAnew(server, template, source));
  return server.createDatabase(name, `TEMPLATE "${source}"`);
}

async function copyDump(server: Server, template: Template, name: string): Promise<string> {
  const dumpIn = (folder: string) => join(folder, 'dump.sql');
  const folder = await shared(`mysql-${template.name}`, async (folder) => {
    const source = templateDatabase(template);
    await fillAnew(server, template, source);
    await dumpDatabase(server, source, dumpIn(folder));
    await server.dropDatabase(source);
  });
  const url = await server.createDatabase(name);
  await loadDump(server, dumpIn(folder), name);
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
