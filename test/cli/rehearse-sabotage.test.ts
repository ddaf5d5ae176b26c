import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { RehearsalStep } from '../../src/model/rehearsal.js';
import { journalTable } from '../support/contents.js';
import { databases, serverDatabases, type TestDatabase } from '../support/databases.js';
import { copiesOf, rehearsalOf, rehearseOn, stepsWith, wordsOf } from '../support/rehearsals.js';
import { sample } from '../support/sample.js';
import { mariadbIsInstalled, startMariadb } from '../support/servers/mariadb.js';
import { postgresIsInstalled, startPostgres, startStandby } from '../support/servers/postgres.js';
import type { Kind, OwnServer } from '../support/servers/server.js';
import { triggerSql as trigger } from '../support/triggers.js';

/** Of one operator alone, who gets a card. */
const ONE_NAME = 'Bourne';

async function failing(
  database: TestDatabase,
  args: readonly string[] = [],
): Promise<{ failed: RehearsalStep[]; words(step: RehearsalStep): string }> {
  const result = await rehearseOn(database, ['--json', ...args]);
  const rehearsal = rehearsalOf(result);
  expect(result.code).toBe(3);
  expect(rehearsal.passed).toBe(false);
  expect(await copiesOf(database)).toEqual([]);
  expect(result.left).toEqual([]);
  return { failed: stepsWith(rehearsal, 'failed'), words: (step) => wordsOf(rehearsal, step) };
}

describe.each(databases)('a rehearsal on $name finds', ({ fresh, kind }) => {
  it('a trigger that changes another table', async () => {
    const database = await fresh(sample);
    await database.query('CREATE TABLE seen (id integer)');
    await database.query(trigger(kind, 'see_it', 'AFTER UPDATE', 'operator', 'INSERT INTO seen VALUES (1)'));
    const { failed, words } = await failing(database);
    expect(failed).toEqual(['only-planned-rows', 'as-before']);
    expect(words('only-planned-rows')).toMatch(/seen.*98/);
    expect(words('only-planned-rows')).toContain('see_it');
  });
});

describe.each(serverDatabases)('a rehearsal on $name', ({ fresh, kind }) => {
  it('lets those tables change that it is told of', async () => {
    const database = await fresh(sample);
    await database.query('CREATE TABLE seen (id integer)');
    await database.query(trigger(kind, 'see_it', 'AFTER UPDATE', 'operator', 'INSERT INTO seen VALUES (1)'));
    const ignored = await rehearseOn(database, ['--ignore-table', 'seen', '--quiet']);
    expect(ignored).toMatchObject({ code: 0, stdout: '' });
  });
});

describe.each(serverDatabases)('a rehearsal on $name finds', ({ fresh, kind }) => {
  it('a unique index that one card breaks', async () => {
    const database = await fresh(sample);
    const set = kind === 'mysql' ? "SET NEW.badge = 'pinned'" : "NEW.badge := 'pinned'";
    // No plan can know what a trigger writes.
    await database.query('ALTER TABLE person ADD COLUMN badge varchar(20)');
    await database.query('CREATE UNIQUE INDEX one_badge ON person (badge)');
    await database.query(
      "UPDATE person SET badge = 'pinned' WHERE id = (SELECT id FROM (SELECT MIN(id) AS id FROM person) AS first)".replace(
        'MIN(id)',
        kind === 'mysql' ? 'MIN(id)' : 'CAST(MIN(CAST(id AS text)) AS uuid)',
      ),
    );
    await database.query(
      trigger(kind, 'pin', 'BEFORE INSERT', 'person', `IF NEW.last_name = '${ONE_NAME}' THEN ${set}; END IF`),
    );
    const { failed, words } = await failing(database);
    expect(failed).toEqual(['resume', 'migrate-again']);
    expect(words('resume')).toMatch(/^the database refused 1 operator\n/);
    expect(words('resume')).toContain('one_badge');
    expect(words('resume')).not.toContain('pinned');
  });

  it('a foreign key without an index on a large table', async () => {
    const database = await fresh(sample);
    const numbers =
      kind === 'postgres'
        ? 'SELECT n FROM generate_series(1, 5000) AS s (n)'
        : 'SELECT seq AS n FROM seq_1_to_5000';
    await database.query('CREATE TABLE visit (id integer PRIMARY KEY, visitor_id char(36), other integer)');
    await database.query(`INSERT INTO visit (id) ${numbers}`);
    await database.query(kind === 'postgres' ? 'ANALYZE visit' : 'ANALYZE TABLE visit');
    await writeFile(
      join(database.folder, 'onecard.yaml'),
      'preset: sample\nreferences: [{ table: visit, column: visitor_id }]\n',
    );
    const { failed, words } = await failing(database);
    expect(failed).toEqual(['preflight']);
    expect(words('preflight')).toMatch(
      /visit\.visitor_id has no index: a rollback reads about 5,?0\d\d rows/,
    );
  });

  it('a step that takes too long', async () => {
    const database = await fresh(sample);
    const pause = kind === 'mysql' ? 'DO SLEEP(1)' : 'PERFORM pg_sleep(1)';
    await database.query(trigger(kind, 'dawdle', 'BEFORE INSERT', 'person', pause));
    const { failed, words } = await failing(database, ['--max-duration', '8s']);
    expect(failed).toEqual(['kill']);
    expect(words('kill')).toBe('stopped after 8 s, as --max-duration asks\n');
  });
});

describe.each(serverDatabases)('a rehearsal in place on $name finds', ({ fresh, kind }) => {
  const marked = async () => {
    const database = await fresh(sample);
    await database.query('CREATE TABLE onecard_disposable (note varchar(100))');
    return database;
  };

  it('a privilege that is missing', async () => {
    const database = await marked();
    const role = await database.createRole();
    const grants =
      kind === 'postgres'
        ? [
            `GRANT USAGE ON SCHEMA public TO "${role.name}"`,
            `GRANT SELECT ON ALL TABLES IN SCHEMA public TO "${role.name}"`,
          ]
        : [`GRANT SELECT ON \`${database.name}\`.* TO '${role.name}'`];
    for (const grant of grants) await database.query(grant);
    const { failed, words } = await failing({ ...database, url: role.url }, ['--in-place']);
    expect(failed).toContain('preflight');
    expect(words('preflight')).toMatch(/privileges? missing: .*INSERT/s);
    expect(words('preflight')).toMatch(/→ GRANT/);
    if (kind === 'postgres') await database.query(`DROP OWNED BY "${role.name}"`);
  });

  it('a table that another session has locked', async () => {
    const database = await marked();
    const other = await database.connect();
    if (kind === 'postgres') await other.query('BEGIN; LOCK TABLE operator IN ACCESS EXCLUSIVE MODE');
    else await other.query('LOCK TABLES operator WRITE');
    const result = await rehearseOn(database, ['--in-place', '--json']);
    await other.close();
    expect(result.code).not.toBe(0);
    expect(stepsWith(rehearsalOf(result), 'failed')).toContain('load');
    expect(wordsOf(rehearsalOf(result), 'load')).toMatch(/lock/i);
  });

  /** Does this once, as soon as there is a row for it. */
  const meanwhile = (database: TestDatabase, found: string, act: (value: string) => Promise<unknown>) => {
    const over = new AbortController();
    const watching = (async () => {
      while (!over.signal.aborted) {
        const [row] = await database.query(found).catch(() => []);
        const value = row?.['value'];
        if (value != null) return act(String(value));
        await sleep(10);
      }
      throw new Error('it never came to that');
    })();
    watching.catch(() => undefined);
    const done = () => {
      over.abort();
      return watching;
    };
    return { done };
  };
  const journal = (table: string) => journalTable(kind, table);

  it('an operator that is deleted in the middle', async () => {
    const database = await marked();
    const decisions = journal('decision');
    const last = `SELECT operator AS value FROM ${decisions}
      WHERE position = (SELECT MAX(position) FROM ${decisions} WHERE action <> 'none')
        AND EXISTS (SELECT 1 FROM ${journal('change')})`;
    const deleting = meanwhile(database, last, (operator) =>
      database.query(`DELETE FROM operator WHERE id = '${operator}'`),
    );
    const { failed, words } = await failing(database, ['--in-place']);
    await deleting.done();
    expect(failed).toEqual(expect.arrayContaining(['resume', 'only-planned-rows', 'as-before']));
    expect(words('resume')).toMatch(/1 operator changed or vanished while the run worked/);
    expect(words('as-before')).toMatch(/operator: 1 row fewer/);
  });

  it('a row of the journal that lies', async () => {
    const database = await marked();
    const done = `SELECT id AS value FROM ${journal('run')} WHERE state = 'done'`;
    const lying = meanwhile(database, done, () =>
      database.query(`UPDATE ${journal('change')} SET operator = 'nobody' WHERE position = 1`),
    );
    const { failed, words } = await failing(database, ['--in-place']);
    await lying.done();
    expect(failed).toContain('verify');
    expect(words('verify')).toMatch(/Every row of the journal is as it was written/);
  });
});

/** Rows of 1 MiB that nothing packs well: more than there is room for a second time. */
const BALLAST = {
  postgres: `CREATE TABLE ballast AS
    SELECT n, (SELECT string_agg(md5(n::text || i::text), '') FROM generate_series(1, 32768) AS s (i)) AS filling
      FROM generate_series(1, 60) AS t (n)`,
  mysql: `CREATE TABLE ballast AS SELECT seq AS n, REPEAT(MD5(RAND()), 32768) AS filling FROM seq_1_to_24`,
} satisfies Record<Kind, string>;

const servers = [
  { name: 'PostgreSQL', kind: 'postgres', isInstalled: postgresIsInstalled, start: startPostgres },
  {
    name: 'MariaDB',
    kind: 'mysql',
    isInstalled: mariadbIsInstalled,
    start: () =>
      startMariadb(['--innodb-data-file-path=ibdata1:12M:autoextend:max:60M', '--innodb-file-per-table=OFF']),
  },
] as const;

/** The server whose files cannot grow that far stands for a full disk. */
async function fillUp(server: OwnServer, database: string): Promise<void> {
  await server.query(BALLAST[server.kind], database);
  if (server.kind === 'mysql') return;
  await server.query('CHECKPOINT');
  await server.kill();
  await server.restart(20 * 1024 * 1024);
}

describe.each(servers)('a rehearsal on a $name server', ({ kind, isInstalled, start }) => {
  it.runIf(isInstalled)('that is full, or read-only, says so, and leaves nothing behind', async () => {
    const server = await start();
    onTestFinished(() => server.stop());
    const folder = await mkdtemp(join(tmpdir(), 'onecard-full-'));
    onTestFinished(() => rm(folder, { recursive: true, force: true }));
    const name = 'helpdesk';
    const url = await server.createDatabase(name);
    const on = (reached: string): TestDatabase => ({
      kind,
      name,
      url: reached,
      folder,
      query: (sql) => server.query(sql, name),
      connect: () => server.connect(name),
      createRole: () => Promise.reject(new Error('not needed')),
      close: () => Promise.resolve(),
    });
    const loading = async (database: TestDatabase) => {
      const result = await rehearseOn(database, ['--json']);
      const copies = await copiesOf(database);
      expect(stepsWith(rehearsalOf(result), 'failed')).toEqual(
        copies.length === 0 ? ['load'] : ['load', 'clean-up'],
      );
      expect(result.left).toEqual([]);
      return { code: result.code, words: wordsOf(rehearsalOf(result), 'load'), copies };
    };
    await sample.fill((sql) => server.query(sql, name), kind);

    const readOnly = await loading(on(await readOnlyUrl(server, url, name)));
    expect(readOnly).toMatchObject({ code: 1, copies: [] });
    expect(readOnly.words).toMatch(/read.only/i);
    if (kind === 'mysql') await server.query('SET GLOBAL read_only = OFF');

    await fillUp(server, name);
    const full = await loading(on(url));
    expect(full.code).toBe(1);
    expect(full.words).toMatch(/too large|full/i);
    // Where a server is so full that it cannot even drop, it is said how, later.
    for (const copy of full.copies) expect(full.words).toContain(`DROP DATABASE IF EXISTS \`${copy}\``);
    expect(full.copies).toHaveLength(kind === 'postgres' ? 0 : 1);
  });
});

/** A standby of the server; or the server itself, for a role that is no administrator. */
async function readOnlyUrl(server: OwnServer, url: string, name: string): Promise<string> {
  if (server.kind === 'postgres') {
    const standby = await startStandby(server);
    onTestFinished(() => standby.stop());
    return standby.url.replace(/[^/]*$/, name);
  }
  const role = await server.createRole('migrator');
  await server.query(`GRANT ALL ON \`${name}%\`.* TO migrator`);
  await server.query('SET GLOBAL read_only = ON');
  return url.replace(/\/\/[^@]*@/, `//${role.name}:${role.password}@`);
}
