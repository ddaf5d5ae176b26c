import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, inject, onTestFinished, TestRunner } from 'vitest';
import { copySample, withSample } from './embedded.js';
import {
  type Connection,
  connectTo,
  type Kind,
  type Login,
  type Rows,
  type Server,
} from './servers/server.js';
import { cloneTemplate } from './templates.js';

/** A fresh database that belongs to one test and goes with it. */
export interface TestDatabase {
  readonly kind: Kind;
  readonly name: string;
  /** The superuser's; undefined for the embedded database, which is found through its folder. */
  readonly url: string | undefined;
  /** A temporary working folder in which to run the command line. */
  readonly folder: string;
  /** See `Server.query`. */
  query(sql: string): Promise<Rows>;
  /** See `Server.connect`; not for the embedded database. */
  connect(): Promise<Connection>;
  /** A login without any privilege, and its URL of this database; not for the embedded database. */
  createRole(): Promise<Login & { readonly url: string }>;
  close(): Promise<void>;
}

/** What a database starts from. Made once per server and run: the name stands for the content. */
export interface Template {
  readonly name: string;
  fill(query: (sql: string) => Promise<Rows>, kind: Kind): Promise<void>;
}

export interface DatabaseUnderTest {
  readonly name: 'PostgreSQL' | 'MariaDB' | 'embedded';
  readonly kind: Kind;
  /** Closed after the test that asked for it, or after its file when asked for in `beforeAll`. */
  fresh(template?: Template): Promise<TestDatabase>;
}

/** The servers of this run; undefined where it has none. */
export const postgres = serverOf('postgres');
export const mariadb = serverOf('mysql');

/** Every database of this run: `describe.each(databases)('… on $name', ({ fresh }) => …)`. */
export const databases: readonly DatabaseUnderTest[] = [
  ...(postgres ? [onServer('PostgreSQL', postgres)] : []),
  ...(mariadb ? [onServer('MariaDB', mariadb)] : []),
  { name: 'embedded', kind: 'postgres', fresh: async (template) => tidiedUp(await freshSample(template)) },
];

/** Those of them that are servers, with roles and many connections. */
export const serverDatabases = databases.filter(({ name }) => name !== 'embedded');

const open = new Set<TestDatabase>();

afterAll(async () => {
  await Promise.all([...open].map((database) => database.close()));
});

function serverOf(kind: Kind): Server | undefined {
  const facts = inject('servers').find((server) => server.kind === kind);
  return facts && connectTo(facts);
}

function onServer(name: 'PostgreSQL' | 'MariaDB', server: Server): DatabaseUnderTest {
  return {
    name,
    kind: server.kind,
    fresh: async (template) => tidiedUp(await freshOnServer(server, template)),
  };
}

async function freshOnServer(server: Server, template: Template | undefined): Promise<TestDatabase> {
  const name = uniqueName();
  const url = template ? await cloneTemplate(server, template, name) : await server.createDatabase(name);
  const folder = await workingFolder();
  const roles: string[] = [];

  return {
    kind: server.kind,
    name,
    url,
    folder,
    query: (sql) => server.query(sql, name),
    connect: () => server.connect(name),
    async createRole() {
      const login = await server.createRole(uniqueName());
      roles.push(login.name);
      const itsUrl = new URL(url);
      itsUrl.username = login.name;
      itsUrl.password = login.password;
      return { ...login, url: itsUrl.href };
    },
    async close() {
      await server.dropDatabase(name);
      for (const role of roles) await server.dropRole(role);
      await removeFolder(folder);
    },
  };
}

async function freshSample(template: Template | undefined): Promise<TestDatabase> {
  const folder = await workingFolder();
  const fill =
    template && ((there: string) => withSample(there, (query) => template.fill(query, 'postgres')));
  await copySample(folder, fill, template?.name);

  return {
    kind: 'postgres',
    name: 'sample',
    url: undefined,
    folder,
    query: (sql) => withSample(folder, (query) => query(sql)),
    connect: () => Promise.reject(new Error('The embedded database has one process at a time.')),
    createRole: () => Promise.reject(new Error('The embedded database has no logins.')),
    close: () => removeFolder(folder),
  };
}

function tidiedUp(database: TestDatabase): TestDatabase {
  let closed: Promise<void> | undefined;
  const once: TestDatabase = {
    ...database,
    close() {
      open.delete(once);
      closed ??= database.close();
      return closed;
    },
  };
  open.add(once);
  if (TestRunner.getCurrentTest()) onTestFinished(() => once.close());
  return once;
}

function uniqueName(): string {
  return `test_${randomBytes(6).toString('hex')}`;
}

function workingFolder(): Promise<string> {
  return mkdtemp(join(inject('sharedFolder'), 'test-'));
}

function removeFolder(folder: string): Promise<void> {
  return rm(folder, { recursive: true, force: true, maxRetries: 5 });
}
