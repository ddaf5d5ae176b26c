import { existsSync } from 'node:fs';
import { chmod, mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, inject, it, onTestFinished } from 'vitest';
import { environmentFor } from '../../src/database/environment.js';
import type { Scratch } from '../../src/database/scratch.js';
import type { Target } from '../../src/database/target.js';
import { copyDatabase } from '../../src/snapshot/copy.js';
import { createScratch } from '../../src/snapshot/empty.js';
import { inPlace } from '../../src/snapshot/in-place.js';
import { leftovers } from '../../src/snapshot/leftovers.js';
import { contents } from '../support/contents.js';
import { databases, mariadb, postgres, type TestDatabase } from '../support/databases.js';
import { withSample } from '../support/embedded.js';
import { fillHardMariadb, fillHardPostgres } from '../support/hard-databases.js';
import { sample } from '../support/sample.js';
import { type Connection, connectTo, type Kind, type Server } from '../support/servers/server.js';
import { until } from '../support/watching.js';

const env = { ...process.env };

function targetOf({ kind, url }: Pick<TestDatabase, 'kind' | 'url'>): Target {
  return url === undefined ? { kind: 'embedded' } : { kind, url };
}

async function workplace(): Promise<string> {
  const folder = await mkdtemp(join(inject('sharedFolder'), 'workplace-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

/** It goes with the test, whatever becomes of it. */
function owned(scratch: Scratch): Scratch {
  onTestFinished(() => scratch.drop());
  return scratch;
}

/** Its content, by a connection of the tests' own. */
function reading(kind: Kind, scratch: Scratch, folder: string) {
  const { target } = scratch;
  if (target.kind === 'embedded') {
    return { kind, query: (sql: string) => withSample(folder, (query) => query(sql)) };
  }
  const server = connectTo({ kind, url: target.url ?? '' });
  return { kind, query: (sql: string) => server.query(sql) };
}

/** What is aborted ends before anything that it waits for gives up by itself. */
function soon<T>(work: Promise<T>): Promise<T | 'too late'> {
  return Promise.race([work, sleep(5000, 'too late' as const)]);
}

async function scratchesOn(server: Server, of: string): Promise<string[]> {
  const rows = await server.query(
    server.kind === 'postgres'
      ? 'SELECT datname AS name FROM pg_database'
      : 'SELECT schema_name AS name FROM information_schema.schemata',
  );
  return rows.map(({ name }) => String(name)).filter((name) => name.startsWith(`${of}_rehearsal_`));
}

function serverDatabase(wanted: string) {
  const found = databases.find(({ name }) => name === wanted);
  if (found === undefined) throw new Error(`${wanted} is not here`);
  return found;
}

const serverOf = (kind: Kind): Server | undefined => (kind === 'postgres' ? postgres : mariadb);

describe.each(databases)('a scratch database on $name', ({ name, kind, fresh }) => {
  let original: TestDatabase;

  beforeAll(async () => {
    original = await fresh(sample);
  });

  it('is a copy with every row, apart from the original, and goes as a whole', async () => {
    const folder = await workplace();
    const before = await contents(original);
    const scratch = owned(
      await copyDatabase(targetOf(original), { env, folder: original.folder, workplace: folder }),
    );
    const copy = reading(kind, scratch, folder);
    expect(await contents(copy)).toEqual(before);

    await copy.query('DELETE FROM incident');
    expect(await contents(original)).toEqual(before);

    await scratch.drop();
    await scratch.drop();
    const server = serverOf(kind);
    if (name === 'embedded') expect(existsSync(join(folder, '.onecard'))).toBe(false);
    else if (server) expect(await scratchesOn(server, original.name)).toEqual([]);
  });

  it('is empty where it is made for a dump', async () => {
    const folder = await workplace();
    const target = name === 'embedded' ? undefined : targetOf(original);
    const scratch = owned(await createScratch(target, { env, workplace: folder }));
    const copy = reading(kind, scratch, folder);
    expect(await contents(copy)).toEqual(new Map());
    await copy.query('CREATE TABLE person (id integer)');
  });

  it('does not begin once it is aborted', async () => {
    const options = { env, folder: original.folder, workplace: await workplace() };
    const signal = AbortSignal.abort(new Error('enough'));
    await expect(copyDatabase(targetOf(original), { ...options, signal })).rejects.toThrow('enough');
    expect(existsSync(join(options.workplace, '.onecard'))).toBe(false);
  });
});

it.each([
  [{ kind: 'embedded' }, {}],
  [
    { kind: 'postgres', url: 'postgres:///copy' },
    { DATABASE_URL: 'postgres:///copy', PGHOST: 'here' },
  ],
  [{ kind: 'postgres', url: undefined }, { PGHOST: 'here' }],
] satisfies [Target, object][])('a process finds %o through its environment alone', (target, finding) => {
  const around = { DATABASE_URL: 'postgres://elsewhere/original', DATABASE_URL_FILE: '/elsewhere' };
  const login = { PATH: '/bin', PGPASSWORD: 'kept' };
  expect(environmentFor(target, { ...around, ...login, PGHOST: 'here' })).toEqual({ ...login, ...finding });
});

/** As the server does when their process is killed. */
async function endSessionsIn(kind: Kind, database: string): Promise<void> {
  const server = serverOf(kind);
  if (kind === 'postgres') {
    await server?.query(
      `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '${database}'`,
    );
    return;
  }
  const rows = await server?.query(
    `SELECT ID AS id FROM information_schema.PROCESSLIST WHERE DB = '${database}'`,
  );
  for (const { id } of rows ?? []) await server?.query(`KILL ${id}`);
}

describe.each(databases.filter(({ name }) => name !== 'embedded'))('in place on $name', ({ kind, fresh }) => {
  it('is the database itself, and only where it is marked as disposable', async () => {
    const database = await fresh();
    const options = { env, folder: database.folder };
    await expect(inPlace(targetOf(database), options)).rejects.toMatchObject({
      message: `The database ${database.name} is not marked as disposable, and --in-place writes to it.`,
      remedy: expect.stringContaining('CREATE TABLE onecard_disposable (id int)'),
      exitCode: 2,
    });
    await database.query('CREATE TABLE onecard_disposable (note varchar(100))');
    const scratch = await inPlace(targetOf(database), options);
    expect(scratch).toMatchObject({ target: targetOf(database), name: database.name });
    await scratch.drop();
    expect(await database.query('SELECT note FROM onecard_disposable')).toEqual([]);
  });

  it('leaves what a killed process has left to be found, unless somebody is connected', async () => {
    const database = await fresh();
    const scratch = owned(await createScratch(targetOf(database), { env, workplace: database.folder }));
    const found = async () => (await leftovers(targetOf(database), env)).join('; ');
    // A rehearsal is at work.
    expect(await found()).not.toContain(scratch.name);
    await endSessionsIn(kind, scratch.name);
    await until('nobody is in it', async () => (await found()).includes(scratch.name));
    expect(await found()).toMatch(new RegExp(`DROP DATABASE IF EXISTS .${scratch.name}`));
    const { url } = scratch.target as { url: string };
    const connection = await connectTo({ kind, url }).connect();
    try {
      expect(await found()).not.toContain(scratch.name);
      // Dropped all the same, whatever that session has open.
      await connection.query('CREATE TABLE held (id integer)');
      await connection.query('BEGIN; INSERT INTO held VALUES (1)');
      await scratch.drop();
    } finally {
      await connection.close();
    }
    expect(await found()).not.toContain(scratch.name);
  });
});

it('is not the embedded sample in place', async () => {
  await expect(inPlace({ kind: 'embedded' }, { env, folder: '.' })).rejects.toMatchObject({ exitCode: 2 });
});

it('copies the embedded sample from where none is yet, and waits for nobody who uses it', async () => {
  const folder = await workplace();
  const { lockFile } = await import('../../src/database/file-lock.js');
  const options = { env, folder: join(folder, 'user'), workplace: folder };
  const first = await copyDatabase({ kind: 'embedded' }, options);
  expect(existsSync(join(options.workplace, '.onecard', 'sample', 'PG_VERSION'))).toBe(true);
  await first.drop();
  const unlock = lockFile(join(options.folder, '.onecard', 'lock'));
  try {
    // The lock counts within a process, too.
    await expect(copyDatabase({ kind: 'embedded' }, options)).rejects.toThrow('using the embedded sample');
  } finally {
    unlock();
  }
  expect(existsSync(join(options.workplace, '.onecard'))).toBe(false);
});

describe.runIf(postgres)('a copy on PostgreSQL', () => {
  const server = postgres as Server;
  const name = `Help"desk Ünïcode ${'long '.repeat(4)}${process.pid % 10000}`;
  const startOfName = name.slice(0, 40);
  const withoutMappings = 'without its user mappings, by which foreign tables write to other servers';
  let url: string;

  beforeAll(async () => {
    url = await server.createDatabase(name);
    await fillHardPostgres((sql) => server.query(sql, name));
  });

  afterAll(() => server.dropDatabase(name));

  const freshSample = () => serverDatabase('PostgreSQL').fresh(sample);
  const original = () => ({ kind: 'postgres' as const, query: (sql: string) => server.query(sql, name) });
  const copy = async (target: Target = { kind: 'postgres', url }, more = {}) =>
    owned(await copyDatabase(target, { env, folder: '.', workplace: '.', ...more }));
  const left = async () =>
    (await server.query('SELECT datname AS name FROM pg_database')).filter(
      (row) => String(row['name']).startsWith(startOfName) && row['name'] !== name,
    );

  async function isWhole(scratch: Scratch): Promise<void> {
    const read = reading('postgres', scratch, '');
    expect(await contents(read)).toEqual(await contents(original()));
    expect(await read.query('SELECT FROM pg_user_mappings')).toEqual([]);
    const facts = `
      SELECT current_setting('search_path') AS path, current_setting('onecard_test.word') AS word,
             (SELECT count(*)::int FROM pg_constraint WHERE contype = 'f') AS keys,
             (SELECT count(*)::int FROM pg_trigger WHERE NOT tgisinternal) AS triggers,
             (SELECT string_agg(feeling || ':' || count, ',' ORDER BY feeling) FROM moods) AS moods,
             (SELECT string_agg(name, ',' ORDER BY id) FROM people) AS people,
             (SELECT last_value::int FROM person_id_seq) AS last,
             convert_from(lo_get(4711), 'UTF8') AS large,
             (SELECT count(*)::int FROM pg_partitioned_table) AS partitioned,
             (SELECT datcollate || datctype || encoding FROM pg_database WHERE datname = current_database()) AS locale`;
    expect(await read.query(facts)).toEqual(await original().query(facts));
    const logs = await original().query('SELECT count(*) FROM log');
    await read.query(`INSERT INTO person (name) VALUES ('new')`);
    expect(await read.query(`SELECT count(*)::int AS n FROM log WHERE what = 'new'`)).toEqual([{ n: 1 }]);
    expect(await original().query('SELECT count(*) FROM log')).toEqual(logs);
  }

  it('is refused where a function calls dblink, which could still work on the original', async () => {
    const database = await serverDatabase('PostgreSQL').fresh();
    await database.query(`CREATE EXTENSION dblink`);
    const target = targetOf(database);
    await (await copy(target)).drop();
    await database.query(
      `CREATE FUNCTION noted() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
         PERFORM public.dblink_exec('dbname=desk', 'INSERT INTO note VALUES (1)'); RETURN NEW; END $$`,
    );
    await expect(copy(target)).rejects.toMatchObject({
      message: 'The function noted() calls dblink: in a copy, it could still work on the original.',
      exitCode: 2,
    });
    expect(await scratchesOn(server, database.name)).toEqual([]);
  });

  it('is made by the server, with what the server keeps beside it, and open to nobody else', async () => {
    const scratch = await copy();
    expect(scratch.origin).toBe(`a copy of ${name}, made by the server, ${withoutMappings}`);
    expect(Buffer.byteLength(scratch.name)).toBeLessThanOrEqual(63);
    await isWhole(scratch);
    const role = await server.createRole(`copies_${process.pid}`);
    onTestFinished(() => server.dropRole(role.name));
    const asRole = new URL((scratch.target as { url: string }).url);
    asRole.username = role.name;
    asRole.password = role.password;
    await expect(connectTo({ kind: 'postgres', url: asRole.href }).query('SELECT 1')).rejects.toThrow(
      /permission denied for database/,
    );
    await scratch.drop();
    expect(await left()).toEqual([]);
  });

  describe('while others are connected', () => {
    let other: Connection;
    beforeAll(async () => {
      other = await server.connect(name);
    });
    afterAll(() => other.close());

    it('is dumped and restored', async () => {
      const scratch = await copy();
      expect(scratch.origin).toBe(`a copy of ${name}, by pg_dump and pg_restore, ${withoutMappings}`);
      await isWhole(scratch);
    });

    it('says how many they are where there is no pg_dump of its age', async () => {
      const { dumpPrograms } = await import('../../src/database/postgres/programs.js');
      expect(await dumpPrograms(99, env, undefined)).toBeUndefined();
    });

    it('leaves nothing behind when the dump waits for a lock in vain, and says so', async () => {
      await other.query('BEGIN; LOCK TABLE person IN ACCESS EXCLUSIVE MODE');
      try {
        await expect(copy()).rejects.toMatchObject({
          message: expect.stringMatching(/cannot be dumped and restored: pg_dump: error: .*timeout/),
          exitCode: 1,
        });
      } finally {
        await other.query('ROLLBACK');
      }
      expect(await left()).toEqual([]);
    });

    it('leaves nothing behind when it is aborted in the middle', async () => {
      await other.query('BEGIN; LOCK TABLE person IN ACCESS EXCLUSIVE MODE');
      const abort = new AbortController();
      try {
        const copying = copy(undefined, { signal: abort.signal });
        await expect.poll(left, { timeout: 10_000 }).toHaveLength(1);
        await dumping();
        abort.abort(new Error('enough'));
        await expect(soon(copying)).rejects.toThrow('enough');
      } finally {
        await other.query('ROLLBACK');
      }
      expect(await left()).toEqual([]);
      await expect.poll(async () => (await sessions()).length).toBe(1);
    });
  });

  const sessions = () =>
    server.query(
      `SELECT pid FROM pg_stat_activity WHERE datname = $n$${name}$n$ AND backend_type = 'client backend'`,
    );
  const dumping = () =>
    expect
      .poll(async () =>
        server.query(
          `SELECT 1 AS one FROM pg_stat_activity WHERE datname = $n$${name}$n$ AND wait_event_type = 'Lock'`,
        ),
      )
      .toHaveLength(1);

  it('is refused to a role that may not create databases, with what would help', async () => {
    const role = await server.createRole(`copies_"${process.pid}`);
    onTestFinished(() => server.dropRole(role.name));
    const asRole = new URL(url);
    asRole.username = encodeURIComponent(role.name);
    asRole.password = role.password;
    const target: Target = { kind: 'postgres', url: asRole.href };
    const refusal = {
      message: `The role ${role.name} may not create databases.`,
      remedy: expect.stringContaining(`ALTER ROLE "${role.name.replace('"', '""')}" CREATEDB`),
      exitCode: 2,
    };
    await expect(copy(target)).rejects.toMatchObject(refusal);
    await expect(createScratch(target, { env, workplace: '.' })).rejects.toMatchObject(refusal);
  });

  it('is dumped and restored for a role that may read all and owns nothing', async () => {
    const role = await server.createRole(`copies_reader_${process.pid}`);
    await server.query(`ALTER ROLE ${role.name} CREATEDB; GRANT pg_read_all_data TO ${role.name}`);
    onTestFinished(() => server.dropRole(role.name));
    const database = await freshSample();
    const asRole = new URL(database.url ?? '');
    asRole.username = role.name;
    asRole.password = role.password;
    const scratch = owned(await copy({ kind: 'postgres', url: asRole.href }));
    expect(scratch.origin).toContain('by pg_dump and pg_restore');
    expect(await contents(reading('postgres', scratch, ''))).toEqual(await contents(database));
    await scratch.drop();
  });

  it('leaves nothing behind when it is aborted while the server copies', async () => {
    const other = await server.connect();
    const abort = new AbortController();
    try {
      // Whoever copies the database waits until its name is settled.
      await other.query(`BEGIN; ALTER DATABASE "${name.replaceAll('"', '""')}" RENAME TO renamed`);
      const copying = copy(undefined, { signal: abort.signal });
      const creating = `SELECT 1 FROM pg_stat_activity WHERE query LIKE 'CREATE DATABASE%' AND wait_event_type = 'Lock'`;
      await expect.poll(() => server.query(creating), { timeout: 10_000 }).toHaveLength(1);
      abort.abort(new Error('enough'));
      await expect(soon(copying)).rejects.toThrow('enough');
      expect(await server.query(creating)).toEqual([]);
    } finally {
      await other.query('ROLLBACK');
      await other.close();
    }
    expect(await left()).toEqual([]);
  });

  it("is found where PostgreSQL's own variables lead", async () => {
    const { hostname, port, username, password } = new URL(url);
    const own = { PGHOST: hostname, PGPORT: port, PGUSER: username, PGPASSWORD: password, PGDATABASE: name };
    const before = Object.fromEntries(Object.keys(own).map((key) => [key, process.env[key]]));
    Object.assign(process.env, own);
    try {
      const target: Target = { kind: 'postgres', url: undefined };
      const scratch = await copyDatabase(target, { env: process.env, folder: '.', workplace: '.' });
      expect(environmentFor(target, process.env)).toMatchObject(own);
      expect(environmentFor(scratch.target, process.env)['DATABASE_URL']).toMatch(/^postgres:\/\/\/Help/);
      expect(await contents(reading('postgres', scratch, ''))).toEqual(await contents(original()));
      await scratch.drop();
    } finally {
      for (const [key, value] of Object.entries(before)) {
        if (value === undefined) delete process.env[key];
        else process.env[key] = value;
      }
    }
    expect(await left()).toEqual([]);
  });
});

describe.runIf(mariadb)('a copy on MariaDB', () => {
  const server = mariadb as Server;
  const name = `Help\`desk "Ünï" ${process.pid % 10000}`;
  let url: string;

  beforeAll(async () => {
    url = await server.createDatabase(name, 'CHARACTER SET latin1 COLLATE latin1_german2_ci');
    await server.query(`CREATE USER nobody@nowhere`);
    await fillHardMariadb((sql) => server.query(sql, name));
  });

  afterAll(async () => {
    await server.dropDatabase(name);
    await server.query('DROP USER nobody@nowhere');
  });

  const original = () => ({ kind: 'mysql' as const, query: (sql: string) => server.query(sql, name) });
  const copy = async (more = {}) =>
    owned(await copyDatabase({ kind: 'mysql', url }, { env, folder: '.', workplace: '.', ...more }));

  it('has everything: rows, keys, triggers, routines, views, sequences', async () => {
    const scratch = await copy();
    expect(scratch.origin).toBe(
      `a copy of ${name}, table by table, without its event, which would run, without the history of versioned tables, without what is broken in it: the view broken`,
    );
    const read = reading('mysql', scratch, '');
    expect(await contents(read)).toEqual(await contents(original()));
    const facts = `
      SELECT (SELECT GROUP_CONCAT(CONCAT(column_name, column_type, is_nullable, COALESCE(column_default, ''), extra,
                                         COALESCE(collation_name, ''))
                                  ORDER BY table_name, ordinal_position) FROM information_schema.columns
               WHERE table_schema = DATABASE() AND table_name NOT IN ('broken')) AS columns,
             (SELECT GROUP_CONCAT(CONCAT(constraint_name, table_name, referenced_table_name, delete_rule))
                FROM information_schema.referential_constraints WHERE constraint_schema = DATABASE()) AS foreign_keys,
             (SELECT GROUP_CONCAT(CONCAT(trigger_name, action_order, sql_mode) ORDER BY action_order)
                FROM information_schema.triggers WHERE trigger_schema = DATABASE()) AS triggers,
             (SELECT GROUP_CONCAT(CONCAT(routine_name, sql_mode) ORDER BY 1)
                FROM information_schema.routines WHERE routine_schema = DATABASE()) AS routines,
             (SELECT GROUP_CONCAT(CONCAT(table_name, partition_name) ORDER BY 1)
                FROM information_schema.partitions WHERE table_schema = DATABASE()) AS partitions,
             (SELECT CONCAT(default_character_set_name, default_collation_name)
                FROM information_schema.schemata WHERE schema_name = DATABASE()) AS charset,
             (SELECT GROUP_CONCAT(name, twice ORDER BY id) FROM b_people) AS people,
             (SELECT CONCAT_WS(' ', next_not_cached_value, start_value, minimum_value, maximum_value, increment,
                               cache_size, cycle_option) FROM numbers) AS numbers`;
    // Some of them name their own database.
    const text = (rows: object[]) => JSON.stringify(rows).replaceAll(/_rehearsal_[0-9a-f]{6}/g, '');
    expect(text(await read.query(facts))).toBe(text(await original().query(facts)));

    // Everything works on the copy.
    const before = await contents(original());
    const next = await original().query('SELECT next_not_cached_value AS n FROM numbers');
    await read.query(`
      INSERT INTO operator (person_id) VALUES (0);
      INSERT INTO \`Pers\`\`on "é"\` (id, name, kind) VALUES (70, 'numbered', 'a')`);
    expect(await read.query('SELECT what FROM log WHERE at >= 30 ORDER BY at DESC')).toEqual([
      { what: expect.stringMatching(/^first \\\d+$/) },
      { what: 'second' },
    ]);
    await expect(read.query('INSERT INTO operator (person_id) VALUES (12345)')).rejects.toThrow('to person');
    await read.query(`UPDATE a_people SET name = 'seen through' WHERE id = 70`);
    expect(await read.query(`SELECT name FROM \`Pers\`\`on "é"\` WHERE id = 70`)).toEqual([
      { name: 'seen through' },
    ]);
    expect(await contents(original())).toEqual(before);
    expect(await original().query('SELECT next_not_cached_value AS n FROM numbers')).toEqual(next);

    await scratch.drop();
    expect(await scratchesOn(server, name)).toEqual([]);
  });

  it('keeps its files away from those of the original', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'onecard-tables-'));
    await chmod(folder, 0o777);
    const there = `DATA DIRECTORY = '${folder}' INDEX DIRECTORY = '${folder}'`;
    await server.query(`CREATE TABLE elsewhere (n int) ENGINE = MyISAM ${there}`, name);
    try {
      const before = await readdir(folder);
      const scratch = await copy();
      expect(await readdir(folder)).toEqual(before);
      await scratch.drop();
      expect(await readdir(folder)).toEqual(before);
    } finally {
      await server.query('DROP TABLE elsewhere', name);
      await rm(folder, { recursive: true });
    }
  });

  it('locks no row of the original', async () => {
    const other = await server.connect(name);
    try {
      await other.query(`BEGIN; UPDATE operator SET person_id = NULL WHERE id = 7`);
      const scratch = await copy();
      // What is not committed is not there.
      expect(
        await reading('mysql', scratch, '').query('SELECT person_id FROM operator WHERE id = 7'),
      ).toEqual([{ person_id: 5 }]);
    } finally {
      await other.query('ROLLBACK');
      await other.close();
    }
  });

  it.each([
    [
      'trigger',
      (own: string) =>
        `CREATE TRIGGER reach BEFORE DELETE ON log FOR EACH ROW DELETE FROM ${own} . operator WHERE id = OLD.at`,
      'DROP TRIGGER reach',
    ],
    ['procedure', (own: string) => `CREATE PROCEDURE reach() DELETE FROM ${own}.log`, 'DROP PROCEDURE reach'],
    [
      'procedure',
      () => `CREATE PROCEDURE reach() BEGIN PREPARE p FROM 'DELETE FROM mysql.user'; EXECUTE p; END`,
      'DROP PROCEDURE reach',
    ],
    ['view', () => 'CREATE VIEW reach AS SELECT user FROM mysql.user', 'DROP VIEW reach'],
  ])('is refused where a %s names a database', async (kind, make, unmake) => {
    const own = `\`${name.replaceAll('`', '``')}\``;
    await original().query(make(own));
    try {
      await expect(copy()).rejects.toMatchObject({
        message: expect.stringContaining(`The ${kind} reach names the database`),
        remedy: expect.stringContaining('Leave out'),
        exitCode: 2,
      });
    } finally {
      await original().query(unmake);
    }
    expect(await scratchesOn(server, name)).toEqual([]);
  });

  it('is refused where a trigger belongs to an account that is gone, and would fail in the original', async () => {
    await original().query(
      'CREATE DEFINER = gone@nowhere TRIGGER orphan BEFORE DELETE ON log FOR EACH ROW SET @orphan = 1',
    );
    try {
      await expect(copy()).rejects.toMatchObject({
        message:
          'The trigger orphan belongs to gone@nowhere, which is no account of this server: it refuses every row of log that it fires for.',
        remedy: expect.stringContaining('with a DEFINER that exists'),
      });
      await expect(original().query('DELETE FROM log')).rejects.toThrow(/definer/i);
    } finally {
      await original().query('DROP TRIGGER orphan');
    }
  });

  it('is refused where a foreign key leads to another database', async () => {
    const elsewhere = `elsewhere_${process.pid}`;
    await server.createDatabase(elsewhere);
    onTestFinished(() => server.dropDatabase(elsewhere));
    await server.query('CREATE TABLE site (id int PRIMARY KEY)', elsewhere);
    await original().query(
      `CREATE TABLE sited (id int PRIMARY KEY, CONSTRAINT site FOREIGN KEY (id) REFERENCES ${elsewhere}.site (id))`,
    );
    try {
      await expect(copy()).rejects.toThrow(`The table sited names the database ${elsewhere}`);
    } finally {
      await original().query('DROP TABLE sited');
    }
  });

  it('takes words in texts and comments for what they are', async () => {
    await original().query(
      `CREATE PROCEDURE talk() /* mysql.user */ SELECT 'mysql.user', "it's \\" mysql.user", NULL AS \`a mysql.user\` # mysql.user`,
    );
    try {
      await copy();
    } finally {
      await original().query('DROP PROCEDURE talk');
    }
  });

  it('leaves nothing behind when it is aborted in the middle', async () => {
    const other = await server.connect(name);
    const abort = new AbortController();
    try {
      await other.query('LOCK TABLES log WRITE');
      const copying = copy({ signal: abort.signal });
      const waiting = `SELECT 1 FROM information_schema.processlist WHERE state LIKE 'Waiting for table%' AND info LIKE 'INSERT%'`;
      await expect.poll(() => server.query(waiting), { timeout: 10_000 }).toHaveLength(1);
      expect(await scratchesOn(server, name)).toHaveLength(1);
      abort.abort(new Error('enough'));
      await expect(soon(copying)).rejects.toThrow('enough');
      expect(await scratchesOn(server, name)).toEqual([]);
    } finally {
      await other.query('UNLOCK TABLES');
      await other.close();
    }
  });

  it('is refused to a user that may not create databases, with what would help', async () => {
    const role = await server.createRole(`copies_${process.pid}`);
    onTestFinished(() => server.dropRole(role.name));
    const asRole = new URL(url);
    asRole.username = role.name;
    asRole.password = role.password;
    const own = `\`${name.replaceAll('`', '``')}\``;
    await server.query(`GRANT SELECT, SHOW VIEW ON ${own}.* TO ${role.name}@'%'`);
    const copying = () =>
      copyDatabase({ kind: 'mysql', url: asRole.href }, { env, folder: '.', workplace: '.' });
    await expect(copying()).rejects.toMatchObject({
      message: expect.stringContaining('is not shown whether the table'),
      remedy: expect.stringContaining('GRANT TRIGGER'),
    });
    await server.query(`GRANT TRIGGER ON ${own}.* TO ${role.name}@'%'`);
    await expect(copying()).rejects.toMatchObject({
      message: `The user ${role.name}@% may not create databases.`,
      remedy: expect.stringContaining(`GRANT ALL PRIVILEGES ON \``),
      exitCode: 2,
    });
    // Enough to begin with it, not to end it.
    await server.query(`GRANT EXECUTE ON ${own}.* TO ${role.name}@'%'`);
    await server.query(
      `GRANT CREATE, DROP, SELECT, INSERT, ALTER ON ${own.slice(0, -1).replaceAll('_', '\\_')}\\_rehearsal\\_%\`.* TO ${role.name}@'%'`,
    );
    await expect(copying()).rejects.toThrow('The definition of the function doubled is not shown');
    await server.query(`GRANT SELECT ON mysql.proc TO ${role.name}@'%'`);
    await expect(copying()).rejects.toThrow(/denied/);
    expect(await scratchesOn(server, name)).toEqual([]);
  });

  it('needs no database in the URL to make an empty one, and takes the password from MYSQL_PWD', async () => {
    const bare = new URL(server.url);
    bare.pathname = '';
    bare.password = '';
    const scratch = owned(
      await createScratch(
        { kind: 'mysql', url: bare.href },
        { env: { ...env, MYSQL_PWD: server.password }, workplace: '.' },
      ),
    );
    expect(scratch.target).toMatchObject({ url: expect.not.stringContaining(server.password) });
    expect(
      await server.query(
        'SELECT COUNT(*) AS n FROM information_schema.tables WHERE table_schema = DATABASE()',
        scratch.name,
      ),
    ).toEqual([{ n: 0 }]);
  });
});
