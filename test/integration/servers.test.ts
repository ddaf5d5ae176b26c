import { describe, expect, it } from 'vitest';
import { contents, counters, difference } from '../support/contents.js';
import { databases, mariadb, postgres, serverDatabases, type Template } from '../support/databases.js';
import { mariadbIsInstalled, startMariadb } from '../support/servers/mariadb.js';
import { catchUp, postgresIsInstalled, startPostgres, startStandby } from '../support/servers/postgres.js';
import { connectTo, type OwnServer } from '../support/servers/server.js';

const people: Template = {
  name: 'harness-people',
  async fill(query) {
    await query(`
      CREATE TABLE person (id INTEGER PRIMARY KEY, name VARCHAR(40));
      CREATE TABLE operator (
        id INTEGER PRIMARY KEY,
        person_id INTEGER,
        CONSTRAINT operator_person FOREIGN KEY (person_id) REFERENCES person (id)
      );
      CREATE TABLE note (text VARCHAR(40));
      INSERT INTO person VALUES (1, 'Zoë'), (2, ''), (3, NULL);
      INSERT INTO operator VALUES (10, 1), (11, NULL);
      INSERT INTO note VALUES ('once'), ('twice'), ('twice')`);
  },
};

describe('the servers of the run', () => {
  it.runIf(postgres)('PostgreSQL answers', async () => {
    expect(await postgres?.query('SELECT 1 AS one')).toEqual([{ one: 1 }]);
  });

  it.runIf(mariadb)('MariaDB answers', async () => {
    expect(await mariadb?.query('SELECT 1 AS one')).toEqual([{ one: 1 }]);
  });
});

describe.each(databases)('a fresh database on $name', ({ kind, fresh }) => {
  it('is empty and apart from every other', async () => {
    const [one, other] = [await fresh(), await fresh()];
    await one.query('CREATE TABLE person (id INTEGER PRIMARY KEY)');
    expect([...(await contents(one)).keys()]).toEqual(['person']);
    expect([...(await contents(other)).keys()]).toEqual([]);
  });

  it('gives exact numbers, and text where a number would not be exact', async () => {
    const database = await fresh();
    expect(
      await database.query(`
        CREATE TABLE number (small BIGINT, large BIGINT, at TIMESTAMP(6) NULL);
        INSERT INTO number VALUES (42, 9007199254740993, '2024-02-29 12:00:00.123456');
        SELECT * FROM number`),
    ).toEqual([{ small: 42, large: '9007199254740993', at: '2024-02-29 12:00:00.123456' }]);
  });

  it('starts from a template, foreign keys included', async () => {
    const [database, other] = await Promise.all([fresh(people), fresh(people)]);
    expect(await contents(database)).toEqual(
      new Map([
        [
          'note',
          new Map([
            ['{"text":"once"}', '{"text":"once"}'],
            ['{"text":"twice"}', '{"text":"twice"}'],
            ['{"text":"twice"} (2)', '{"text":"twice"}'],
          ]),
        ],
        [
          'operator',
          new Map([
            ['10', '{"id":"10","person_id":"1"}'],
            ['11', '{"id":"11","person_id":null}'],
          ]),
        ],
        [
          'person',
          new Map([
            ['1', '{"id":"1","name":"Zoë"}'],
            ['2', '{"id":"2","name":""}'],
            ['3', '{"id":"3","name":null}'],
          ]),
        ],
      ]),
    );
    await expect(database.query('INSERT INTO operator VALUES (12, 99)')).rejects.toThrow('operator_person');
    await database.query('DELETE FROM note');
    expect((await contents(other)).get('note')?.size).toBe(3);
  });

  it('shows in its contents every byte that changes, NULL apart from nothing, and doubled rows', async () => {
    const database = await fresh(people);
    const before = await contents(database);
    expect(difference(before, await contents(database))).toEqual({ added: [], removed: [], changed: [] });

    await database.query(`
      UPDATE person SET name = 'Zoé' WHERE id = 1;
      UPDATE person SET name = NULL WHERE id = 2;
      UPDATE person SET name = ' ' WHERE id = 3;
      UPDATE operator SET id = 12 WHERE id = 11;
      INSERT INTO note VALUES ('once');
      CREATE TABLE extra (id INTEGER)`);
    const { added, removed, changed } = difference(before, await contents(database));
    expect(changed.map(({ table, key }) => `${table} ${key}`)).toEqual(['person 1', 'person 2', 'person 3']);
    expect(added).toEqual([
      { table: 'extra', key: '(table)', row: '' },
      { table: 'note', key: '{"text":"once"} (2)', row: '{"text":"once"}' },
      { table: 'operator', key: '12', row: '{"id":"12","person_id":null}' },
    ]);
    expect(removed.map(({ table, key }) => `${table} ${key}`)).toEqual(['operator 11']);
  });

  it('reads strange characters and keys of several columns without loss', async () => {
    const database = await fresh();
    const strange = 'tab\t line\n control\u0001 "quoted" Ａ😀 trailing ';
    await database.query(`
      CREATE TABLE strange (a VARCHAR(9), b INTEGER, text VARCHAR(80), PRIMARY KEY (b, a));
      INSERT INTO strange VALUES ('x', 1, '${strange}')`);
    const row = JSON.stringify({ a: 'x', b: '1', text: strange });
    expect(await contents(database)).toEqual(new Map([['strange', new Map([['1,x', row]])]]));
  });

  it("leaves onecard's own journal out of its contents", async () => {
    const database = await fresh();
    await database.query(
      kind === 'postgres'
        ? 'CREATE SCHEMA onecard; CREATE TABLE onecard.run (id INTEGER)'
        : 'CREATE TABLE onecard_run (id INTEGER)',
    );
    expect(await contents(database)).toEqual(new Map());
  });

  it('counts what was written, even when it was rolled back, and nothing else', async () => {
    const database = await fresh(people);
    const before = await counters(database);
    await database.query('SELECT * FROM person');
    expect(await counters(database)).toEqual(before);
    await database.query("BEGIN; INSERT INTO person VALUES (4, 'gone'); ROLLBACK");
    const afterRows = await counters(database);
    expect(afterRows).not.toEqual(before);
    await database.query('ALTER TABLE person ADD COLUMN extra INTEGER');
    expect(await counters(database)).not.toEqual(afterRows);
  });
});

describe.each(serverDatabases)('a role on $name', ({ kind, fresh }) => {
  it('may do what it was granted and no more', async () => {
    const database = await fresh(people);
    const { name, url } = await database.createRole();
    const grantee = kind === 'postgres' ? name : `${name}@'%'`;
    await database.query(`GRANT SELECT ON person TO ${grantee}`);
    const asRole = connectTo({ kind, url });
    expect(await asRole.query('SELECT id FROM person WHERE id = 1', database.name)).toEqual([{ id: 1 }]);
    await expect(asRole.query('DELETE FROM person', database.name)).rejects.toThrow(/denied/);
  });
});

describe.runIf(postgresIsInstalled)('a PostgreSQL of its own', () => {
  it('keeps what was committed through a kill', async () => {
    await survivesKill(await startPostgres());
  });

  it('has a standby that follows and refuses writes', async () => {
    const primary = await startPostgres();
    const standby = await startStandby(primary);
    await primary.query('CREATE TABLE kept (id INTEGER)');
    await catchUp(standby, primary);
    expect(await standby.query('SELECT * FROM kept')).toEqual([]);
    await expect(standby.query('INSERT INTO kept VALUES (1)')).rejects.toThrow('read-only');
    await Promise.all([standby.stop(), primary.stop()]);
  });
});

describe.runIf(mariadbIsInstalled)('a MariaDB of its own', () => {
  it('keeps what was committed through a kill', async () => {
    await survivesKill(await startMariadb());
  });
});

async function survivesKill(server: OwnServer): Promise<void> {
  await server.createDatabase('crash');
  await server.query('CREATE TABLE kept (id INTEGER); INSERT INTO kept VALUES (7)', 'crash');
  const killed = server.pid;
  await server.kill();
  await expect(server.query('SELECT 1')).rejects.toThrow('ECONNREFUSED');
  await server.restart();
  expect(server.pid).not.toBe(killed);
  expect(await server.query('SELECT id FROM kept', 'crash')).toEqual([{ id: 7 }]);
  await server.stop();
  expect(() => process.kill(server.pid, 0)).toThrow('ESRCH');
}
