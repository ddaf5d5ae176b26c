import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { AGENTS_AND_CONTACTS } from '../support/agents-and-contacts.js';
import { onecard } from '../support/cli.js';
import { contents, difference } from '../support/contents.js';
import { serverDatabases } from '../support/databases.js';
import { journalTable, onecardOn } from '../support/on-database.js';
import { mariadbIsInstalled, startMariadb } from '../support/servers/mariadb.js';
import type { Connection, Kind, Rows } from '../support/servers/server.js';

const CONFIGURATION = `${AGENTS_AND_CONTACTS}card: { name: { from: name }, email: { from: email } }
match: { keys: { email: { operator: email, person: email } } }
`;

const OPERATORS = 1500;
const STRANGER = 'a stranger';

async function fill(query: (sql: string) => Promise<Rows>, kind: Kind, operators: number): Promise<void> {
  const key = kind === 'postgres' ? 'bigint GENERATED ALWAYS AS IDENTITY' : 'bigint AUTO_INCREMENT';
  const agents = Array.from({ length: operators }, (_, n) => `(${n}, 'Agent ${n}', 'agent${n}@example.org')`);
  await query(`
    CREATE TABLE contact (
      id ${key} PRIMARY KEY, name varchar(80) NOT NULL, email varchar(120),
      portal boolean NOT NULL DEFAULT TRUE, caller boolean NOT NULL DEFAULT TRUE
    );
    CREATE TABLE agent (id integer PRIMARY KEY, name varchar(80) NOT NULL, email varchar(120), contact_id bigint);
    CREATE INDEX agent_contact ON agent (contact_id);
    INSERT INTO agent (id, name, email) VALUES ${agents.join(', ')}`);
}

/** Persons of another application, one after the other and several at a time, until it is told to stop. */
function startInserting(connection: Connection) {
  let isOver = false;
  const inserting = (async () => {
    let persons = 0;
    for (let rows = 1; !isOver && persons < 100_000; rows = (rows % 4) + 1) {
      const values = Array.from({ length: rows }, () => `('${STRANGER}')`);
      await connection.query(`INSERT INTO contact (name) VALUES ${values.join(', ')}`);
      persons += rows;
    }
    return persons;
  })();
  return {
    stop() {
      isOver = true;
      return inserting;
    },
  };
}

/** Each operator has a card of its own that holds what the operator does, and the strangers are as they came. */
async function expectEachItsOwn(query: (sql: string) => Promise<Rows>, strangers: number): Promise<void> {
  const [counts] = await query(`
    SELECT COUNT(*) AS operators, COUNT(DISTINCT p.id) AS cards,
           COUNT(CASE WHEN p.name = o.name AND p.email = o.email AND NOT p.portal AND NOT p.caller THEN 1 END) AS own
      FROM agent AS o LEFT JOIN contact AS p ON p.id = o.contact_id`);
  expect(counts).toEqual({ operators: OPERATORS, cards: OPERATORS, own: OPERATORS });
  const [others] = await query(`
    SELECT COUNT(*) AS others, COUNT(CASE WHEN name = '${STRANGER}' AND portal AND caller THEN 1 END) AS unchanged
      FROM contact AS p WHERE NOT EXISTS (SELECT 1 FROM agent AS o WHERE o.contact_id = p.id)`);
  expect(others).toEqual({ others: strangers, unchanged: strangers });
  // Otherwise nothing was put to the test.
  const [between] = await query(`
    SELECT COUNT(*) AS strangers FROM contact
     WHERE name = '${STRANGER}' AND id BETWEEN (SELECT MIN(contact_id) FROM agent) AND (SELECT MAX(contact_id) FROM agent)`);
  expect(Number(between?.['strangers'])).toBeGreaterThan(50);
}

const RUN = ['migrate', '--yes', '--quiet', '--batch-size', '100', '--sleep', '5'];

describe.runIf(mariadbIsInstalled).each([0, 1, 2])(
  'cards whose keys MariaDB counts up, with innodb_autoinc_lock_mode %i',
  (mode) => {
    it("are each its operator's, while others insert persons all the time", async () => {
      const server = await startMariadb([`--innodb-autoinc-lock-mode=${mode}`]);
      onTestFinished(() => server.stop());
      const folder = await mkdtemp(join(tmpdir(), 'onecard-counted-'));
      onTestFinished(() => rm(folder, { recursive: true, force: true }));
      await writeFile(join(folder, 'onecard.yaml'), CONFIGURATION);
      const url = await server.createDatabase('counted');
      const query = (sql: string) => server.query(sql, 'counted');
      expect(await query('SELECT @@innodb_autoinc_lock_mode AS mode')).toEqual([{ mode }]);
      await fill(query, 'mysql', OPERATORS);
      const connections = [await server.connect('counted'), await server.connect('counted')];
      const writers = connections.map(startInserting);
      const result = await onecard(RUN, { folder, env: { DATABASE_URL: url } });
      const strangers = await Promise.all(writers.map((writer) => writer.stop()));
      for (const connection of connections) await connection.close();
      expect(result.code, result.stderr).toBe(0);
      await expectEachItsOwn(
        query,
        strangers.reduce((sum, each) => sum + each, 0),
      );
      const verified = await onecard(['verify'], { folder, env: { DATABASE_URL: url } });
      expect(verified.code, verified.stdout).toBe(0);
    }, 120_000);
  },
);

describe.each(serverDatabases)('cards whose keys $name counts up', ({ fresh, kind }) => {
  it.runIf(kind === 'postgres')(
    "are each its operator's, while others insert persons all the time",
    async () => {
      const database = await fresh();
      await writeFile(join(database.folder, 'onecard.yaml'), CONFIGURATION);
      await fill(database.query, kind, OPERATORS);
      const connection = await database.connect();
      const writer = startInserting(connection);
      const result = await onecardOn(database, RUN);
      const strangers = await writer.stop();
      await connection.close();
      expect(result.code, result.stderr).toBe(0);
      await expectEachItsOwn(database.query, strangers);
    },
    120_000,
  );

  it.runIf(kind === 'mysql')(
    'are taken back at once where a trigger makes it uncertain which is whose, unless each comes alone',
    async () => {
      const database = await fresh();
      await writeFile(join(database.folder, 'onecard.yaml'), CONFIGURATION);
      await fill(database.query, kind, 20);
      // Of two cards of a batch, one holds what the other should.
      await database.query(
        `CREATE TRIGGER contact_mixed BEFORE INSERT ON contact FOR EACH ROW
           SET NEW.name = CASE NEW.name WHEN 'Agent 3' THEN 'Agent 4' WHEN 'Agent 4' THEN 'Agent 3' ELSE NEW.name END`,
      );
      const before = await contents(database);
      const result = await onecardOn(database, ['migrate', '--yes', '--quiet']);
      expect(result.code, result.stderr).toBe(1);
      expect(result.stderr).toContain(
        'onecard: Which new card belongs to which operator is not certain: the card that was inserted for operator 3 does not hold what that operator holds.\n  → The batch was rolled back.',
      );
      expect(difference(before, await contents(database))).toEqual({ added: [], removed: [], changed: [] });
      expect(await database.query(`SELECT operator FROM ${journalTable(kind, 'change')}`)).toEqual([]);

      const alone = await onecardOn(database, ['migrate', '--yes', '--quiet', '--batch-size', '1']);
      // Its own verification finds what the trigger has made of them.
      expect(alone.code, alone.stderr).toBe(3);
      const wrong = await database.query(
        'SELECT o.id FROM agent AS o LEFT JOIN contact AS p ON p.id = o.contact_id AND p.email = o.email WHERE p.id IS NULL',
      );
      expect(wrong).toEqual([]);
    },
    60_000,
  );

  it.runIf(kind === 'mysql')(
    'are left out one by one where a trigger grants them what they must not have',
    async () => {
      const database = await fresh();
      await writeFile(join(database.folder, 'onecard.yaml'), CONFIGURATION);
      await fill(database.query, kind, 20);
      await database.query(
        `CREATE TRIGGER contact_granted BEFORE INSERT ON contact FOR EACH ROW
           SET NEW.caller = CASE NEW.name WHEN 'Agent 3' THEN TRUE ELSE NEW.caller END`,
      );
      const result = await onecardOn(database, ['migrate', '--yes', '--quiet', '--json']);
      expect(result.code, result.stderr).toBe(7);
      expect(JSON.parse(result.stdout)).toMatchObject({
        created: 19,
        failed: 1,
        refused: [{ operator: '3', reason: expect.stringContaining('could be selected as caller') }],
      });
      expect(await database.query(`SELECT id FROM contact WHERE caller`)).toEqual([]);
    },
    60_000,
  );
});
