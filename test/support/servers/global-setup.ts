import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestProject } from 'vitest/node';
import { chromiumIsInstalled } from '../page/browser.js';
import { watchOver } from './daemon.js';
import { mariadbIsInstalled, startMariadb } from './mariadb.js';
import { pgbouncerIsInstalled } from './pgbouncer.js';
import { postgresIsInstalled, startPostgres } from './postgres.js';
import { templatePrefix } from './run.js';
import { connectTo, type Kind, type OwnServer, type ServerFacts } from './server.js';

declare module 'vitest' {
  interface ProvidedContext {
    servers: ServerFacts[];
    /** A folder of this run: the working folders of its tests, and what they make once and share. */
    sharedFolder: string;
  }
}

/** One server of each kind for the whole run; a URL in the environment goes before starting one. */
export default async function startServers(project: TestProject): Promise<() => Promise<void>> {
  const begun = performance.now();
  const found = await Promise.all([
    obtain('postgres', process.env['TEST_POSTGRES_URL'], postgresIsInstalled, startPostgres),
    obtain('mysql', process.env['TEST_MARIADB_URL'], mariadbIsInstalled, startMariadb),
  ]);
  const servers = found.filter((server) => server !== undefined);
  console.log(`Test servers ready in ${Math.round(performance.now() - begun)} ms: ${describe(servers)}`);

  const warning = missing(servers);
  if (warning !== undefined) {
    if (process.env['CI'] === 'true') {
      await Promise.all(servers.map((server) => isOwn(server) && server.stop()));
      throw new Error(warning);
    }
    console.warn(`\n!!! ${warning}\n`);
  }

  const sharedFolder = await mkdtemp(join(tmpdir(), 'onecard-tests-'));
  const guard = watchOver(sharedFolder);
  project.provide(
    'servers',
    servers.map(({ kind, url }) => ({ kind, url })),
  );
  project.provide('sharedFolder', sharedFolder);

  // In watch mode, what the templates are made from may have been edited.
  project.onTestsRerun(async () => {
    for (const made of await readdir(sharedFolder)) await removeFolder(join(sharedFolder, made));
  });

  return async () => {
    await Promise.all(
      servers.map((server) => (isOwn(server) ? server.stop() : dropTemplates(server, sharedFolder))),
    );
    await removeFolder(sharedFolder);
    guard.dismiss();
  };
}

async function obtain(
  kind: Kind,
  url: string | undefined,
  installed: boolean,
  start: () => Promise<OwnServer>,
): Promise<ServerFacts | OwnServer | undefined> {
  if (url) return { kind, url };
  return installed ? start() : undefined;
}

/** Only PostgreSQL keeps them as databases for the whole run. */
async function dropTemplates(facts: ServerFacts, sharedFolder: string): Promise<void> {
  if (facts.kind !== 'postgres') return;
  const server = connectTo(facts);
  const prefix = templatePrefix(sharedFolder);
  const left = await server.query(`SELECT datname FROM pg_database WHERE starts_with(datname, '${prefix}')`);
  for (const { datname } of left) await server.dropDatabase(String(datname));
}

function removeFolder(folder: string): Promise<void> {
  return rm(folder, { recursive: true, force: true, maxRetries: 5 });
}

function isOwn(server: ServerFacts | OwnServer): server is OwnServer {
  return 'stop' in server;
}

function describe(servers: ServerFacts[]): string {
  return servers.map(({ kind, url }) => `${kind} at ${new URL(url).host}`).join(', ') || 'none';
}

/** What is not here, and with it the tests that need it. */
function missing(servers: ServerFacts[]): string | undefined {
  const kinds = servers.map(({ kind }) => kind);
  const names = [
    ...(kinds.includes('postgres') ? [] : ['PostgreSQL (or set TEST_POSTGRES_URL)']),
    ...(kinds.includes('mysql') ? [] : ['MariaDB (or set TEST_MARIADB_URL)']),
  ];
  const left = [
    ...(names.length === 0 ? [] : [`every test on ${names.join(' and ')}`]),
    ...(pgbouncerIsInstalled ? [] : ['those on PgBouncer']),
    ...(chromiumIsInstalled ? [] : ['those in Chromium']),
  ];
  if (left.length === 0) return undefined;
  return `LEFT OUT: ${left.join(', and ')}. To run them: apt-get install postgresql mariadb-server pgbouncer chromium`;
}
