import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import type { RehearsalStep } from '../../src/model/rehearsal.js';
import { journalTable } from '../support/contents.js';
import { databases, serverDatabases, type TestDatabase } from '../support/databases.js';
import { copiesOf, rehearsalOf, rehearseOn, stepsWith, wordsOf } from '../support/rehearsals.js';
import { sample } from '../support/sample.js';
import { mariadbIsInstalled, startMariadb } from '../support/servers/mariadb.js';
import { postgresIsInstalled, startPostgres } from '../support/servers/postgres.js';
import type { Kind } from '../support/servers/server.js';

/** Of one operator alone, who gets a card. */
const ONE_NAME = 'Bourne';

/** A trigger of the application on a table, doing this for each row. */
function trigger(kind: Kind, name: string, when: string, table: string, body: string): string {
  if (kind === 'mysql') return `CREATE TRIGGER ${name} ${when} ON ${table} FOR EACH ROW BEGIN ${body}; END`;
  return `
    CREATE FUNCTION ${name}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN ${body}; RETURN NEW; END $$;
    CREATE TRIGGER ${name} ${when} ON ${table} FOR EACH ROW EXECUTE FUNCTION ${name}();`;
}

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
    const ignored = await rehearseOn(database, ['--ignore-table', 'seen', '--quiet']);
    expect(ignored).toMatchObject({ code: 0, stdout: '' });
  });

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
    expect(words('resume')).toMatch(/the database refused 1 operator\n/);
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
    return { done: () => (over.abort(), watching) };
  };
  const journal = (table: string) => journalTable(kind, table);

  it('an operator that is deleted in the middle', async () => {
    const database = await marked();
    const last = `SELECT operator AS value FROM ${journal('decision')} WHERE position = (SELECT MAX(position) FROM ${journal('decision')})
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

/** As large as the largest file that the servers below may write. */
const ROOM = 20 * 1024 * 1024;

describe.each([
  { name: 'PostgreSQL', kind: 'postgres' as const, isInstalled: postgresIsInstalled, start: startPostgres },
  { name: 'MariaDB', kind: 'mysql' as const, isInstalled: mariadbIsInstalled, start: startMariadb },
])('a rehearsal on a $name', ({ kind, isInstalled, start }) => {
  it.runIf(isInstalled)(
    'whose disk is full, or that is read-only, cannot load, and leaves nothing',
    async () => {
      const server = await start();
      onTestFinished(() => server.stop());
      const name = 'test_full';
      const url = await server.createDatabase(name);
      const folder = await mkdtemp(join(tmpdir(), 'onecard-full-'));
      onTestFinished(() => rm(folder, { recursive: true, force: true }));
      const database = {
        kind,
        name,
        url,
        folder,
        query: (sql: string) => server.query(sql, name),
      } as TestDatabase;
      await sample.fill(database.query, kind);
      await database.query(
        kind === 'postgres'
          ? 'CREATE TABLE ballast (id integer, filling text)'
          : 'CREATE TABLE ballast (id integer, filling longtext)',
      );
      for (let n = 0; n < 24; n++)
        await database.query(
          `INSERT INTO ballast VALUES (${n}, ${kind === 'postgres' ? `(SELECT string_agg(md5(i::text), '') FROM generate_series(1, 32768) AS s (i))` : 'REPEAT(MD5(RAND()), 32768)'})`,
        );
      execFileSync('prlimit', [`--fsize=${ROOM}`, `--pid=${server.pid}`]);
      const full = await rehearseOn(database, ['--json']);
      expect(full.code).not.toBe(0);
      expect(wordsOf(rehearsalOf(full), 'load')).toMatch(/too large|full/i);
      expect(full.left).toEqual([]);
      execFileSync('prlimit', ['--fsize=unlimited', `--pid=${server.pid}`]);
      expect(await copiesOf(database)).toEqual([]);
    },
  );
});
