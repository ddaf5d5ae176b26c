import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import type { RehearsalStep } from '../../src/model/rehearsal.js';
import { databases, serverDatabases, type TestDatabase } from '../support/databases.js';
import { copiesOf, rehearsalOf, rehearseOn, stepsWith, wordsOf } from '../support/rehearsals.js';
import { sample } from '../support/sample.js';
import type { Kind } from '../support/servers/server.js';

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
    const [last] =
      await database.query(`SELECT last_name FROM operator WHERE kind = 'person' AND person_id IS NULL
       AND NOT archived GROUP BY last_name HAVING COUNT(*) = 1 ORDER BY last_name LIMIT 1`);
    expect(last).toBeDefined();
    await database.query('ALTER TABLE person ADD COLUMN badge varchar(20)');
    await database.query('CREATE UNIQUE INDEX one_badge ON person (badge)');
    const pinned = `NEW.badge ${kind === 'mysql' ? '' : ':'}= 'pinned'`;
    await database.query(
      trigger(kind, 'pin', 'BEFORE INSERT', 'person', `${kind === 'mysql' ? 'SET ' : ''}${pinned}`),
    );
    const { failed, words } = await failing(database);
    expect(failed).toContain('resume');
    expect(words('resume')).toMatch(/the database refused \d+ operators/);
    expect(words('resume')).toContain('one_badge');
    expect(words('resume')).not.toContain('pinned');
  });

  it('an operator that is deleted in the middle', async () => {
    const database = await fresh(sample);
    const victim = `(SELECT id FROM (SELECT id FROM operator WHERE person_id IS NULL AND kind = 'person' ORDER BY id DESC LIMIT 1) AS last)`;
    await database.query('CREATE TABLE gone (id integer PRIMARY KEY)');
    expect(victim).toBeTruthy();
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

  it('a row of the journal that lies', async () => {
    const database = await marked();
    const change = kind === 'postgres' ? 'onecard.change' : 'onecard_change';
    const run = kind === 'postgres' ? 'onecard.run' : 'onecard_run';
    const over = { is: false };
    const lying = (async () => {
      while (!over.is) {
        const [done] = await database.query(`SELECT id FROM ${run} WHERE state = 'done'`).catch(() => []);
        if (done !== undefined) {
          await database.query(`UPDATE ${change} SET operator = 'nobody' WHERE position = 1`);
          return;
        }
        await sleep(10);
      }
    })();
    const { failed, words } = await failing(database, ['--in-place']);
    over.is = true;
    await lying;
    expect(failed).toContain('verify');
    expect(words('verify')).toMatch(/Every row of the journal is as it was written/);
  });
});
