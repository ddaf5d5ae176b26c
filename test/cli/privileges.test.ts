import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { JOURNAL_TABLE_NAMES, JOURNAL_TABLES } from '../../src/database/dialect.js';
import { AGENTS_AND_CONTACTS } from '../support/agents-and-contacts.js';
import { contents, difference } from '../support/contents.js';
import { databases, serverDatabases, type TestDatabase } from '../support/databases.js';
import { journalTable, onecardOn, writingNothing } from '../support/on-database.js';
import { sampleWithoutCardColumns } from '../support/sample.js';
import type { Kind } from '../support/servers/server.js';
import { cast } from './cast.js';

type Granted = 'scan' | 'dry-run' | 'migrate' | 'verify' | 'report' | 'rollback' | 'uninstall';

interface Privilege {
  privilege: string;
  columns: string[];
  on: 'database' | 'schema' | 'table' | 'sequence';
  schema: string | null;
  name: string;
}

const COMMANDS: Partial<Record<Granted, string[]>> = {
  scan: ['scan'],
  'dry-run': ['migrate', '--dry-run'],
  migrate: ['migrate', '--yes', '--quiet'],
  verify: ['verify'],
  report: ['report', '--format', 'csv', '--details'],
};

/** What PostgreSQL lets everybody do would hide what is missing. */
async function closeToPublic(database: TestDatabase, kind: Kind): Promise<void> {
  if (kind !== 'postgres') return;
  await database.query(`
    REVOKE ALL ON DATABASE "${database.name}" FROM PUBLIC;
    REVOKE ALL ON SCHEMA public FROM PUBLIC`);
}

/** Asked as the superuser. */
async function grantsFor(database: TestDatabase, command: Granted, role: string) {
  const { code, stdout, stderr } = await onecardOn(database, ['grants', command, '--role', role, '--json']);
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  const { commands } = JSON.parse(stdout);
  const [{ privileges, statements }] = commands as [{ privileges: Privilege[]; statements: string[] }];
  return { privileges, statements };
}

/** A login with exactly what `grants` prints for this command. */
async function roleFor(database: TestDatabase, command: Granted) {
  const role = await database.createRole();
  const granted = await grantsFor(database, command, role.name);
  for (const statement of granted.statements) await database.query(statement);
  return { ...role, ...granted };
}

function revoke(kind: Kind, role: string, { privilege, columns, on, schema, name }: Privilege): string {
  const quote = (text: string) => (kind === 'postgres' ? `"${text}"` : `\`${text}\``);
  const object = [...(schema === null ? [] : [schema]), name].map(quote).join('.');
  const action = columns.length === 0 ? privilege : `${privilege} (${columns.map(quote).join(', ')})`;
  return kind === 'postgres'
    ? `REVOKE ${action} ON ${on} ${object} FROM "${role}"`
    : `REVOKE ${action} ON ${object} FROM '${role}'`;
}

/** Without any privilege on it, a table is as good as not there; and a database is not entered at all. */
function isHidden(kind: Kind, { privilege, on, name }: Privilege, all: readonly Privilege[]): boolean {
  if (on === 'database') return privilege === 'CONNECT';
  if (on === 'schema') return name === 'public';
  const others = all.filter((other) => other.name === name && other.privilege !== privilege);
  return kind === 'mysql' && !name.startsWith('onecard_') && others.length === 0;
}

describe.each(serverDatabases)('a role with what `grants` prints on $name', ({ kind, fresh }) => {
  /** With a journal, so that there is something to read in it; that of another role. */
  async function withJournal(): Promise<TestDatabase> {
    const database = await fresh(cast);
    expect(await onecardOn(database, ['migrate', '--yes', '--quiet'])).toMatchObject({ stderr: '' });
    await closeToPublic(database, kind);
    return database;
  }

  async function withoutJournal(): Promise<TestDatabase> {
    const database = await fresh(cast);
    await closeToPublic(database, kind);
    return database;
  }

  async function runs(database: TestDatabase, command: Granted, mayDiffer = command === 'verify') {
    const { url } = await roleFor(database, command);
    const result = await onecardOn(database, COMMANDS[command] ?? [], { env: { DATABASE_URL: url } });
    expect(result.stderr).not.toContain('onecard:');
    expect(mayDiffer ? [0, 3] : [0]).toContain(result.code);
    return result;
  }

  it.each(['scan', 'dry-run', 'migrate', 'verify', 'report'] as const)('can %s', async (command) => {
    await runs(await withoutJournal(), command);
  });

  it.each(['scan', 'dry-run', 'verify', 'report'] as const)(
    'can %s where another role has run',
    async (command) => {
      const { stdout } = await runs(await withJournal(), command);
      if (command === 'report') expect(stdout).toMatch(/,onecard,/);
    },
  );

  it('can go on where another role has run', async () => {
    const database = await withJournal();
    await database.query(`UPDATE operator SET person_id = NULL WHERE person_id IS NOT NULL`);
    // What the first run has linked is not as it left it.
    await runs(database, 'migrate', true);
    const changes = await database.query(
      `SELECT COUNT(DISTINCT run_id) AS runs FROM ${journalTable(kind, 'change')}`,
    );
    expect(changes).toEqual([{ runs: 2 }]);
  });

  it('can take back what another role has run', async () => {
    const database = await fresh(cast);
    const before = await contents(database);
    await onecardOn(database, ['migrate', '--yes', '--quiet']);
    await closeToPublic(database, kind);
    const [{ id } = {}] = await database.query(`SELECT id FROM ${journalTable(kind, 'run')}`);
    const { url } = await roleFor(database, 'rollback');
    const result = await onecardOn(database, ['rollback', String(id), '--yes'], {
      env: { DATABASE_URL: url },
    });
    expect(result.code, result.stderr).toBe(0);
    expect(difference(before, await contents(database))).toEqual({ added: [], removed: [], changed: [] });
  });

  it('can remove what another role has added', async () => {
    const database = await withJournal();
    const { url } = await roleFor(database, 'uninstall');
    const result = await onecardOn(database, ['uninstall', '--yes'], { env: { DATABASE_URL: url } });
    expect(result.code, result.stderr).toBe(0);
    await expect(database.query(`SELECT id FROM ${journalTable(kind, 'run')}`)).rejects.toThrow();
  });

  it('can add the columns that are missing', async () => {
    const database = await fresh(sampleWithoutCardColumns);
    await closeToPublic(database, kind);
    if (kind === 'postgres') {
      const owner = await database.createRole();
      await database.query(
        `ALTER TABLE operator OWNER TO "${owner.name}"; ALTER TABLE person OWNER TO "${owner.name}"`,
      );
    }
    const { url } = await roleFor(database, 'migrate');
    const args = ['migrate', '--yes', '--quiet', '--allow-schema-changes'];
    expect(await onecardOn(database, args, { env: { DATABASE_URL: url } })).toMatchObject({
      code: 0,
      stderr: '',
    });
  });

  it('may do no more than that: for a rollback, delete cards and empty the link', async () => {
    const database = await withJournal();
    const { privileges } = await roleFor(database, 'rollback');
    const own = privileges.filter(
      ({ on, name }) =>
        on === 'table' && !JOURNAL_TABLE_NAMES.some((table) => name.replace(/^onecard_/, '') === table),
    );
    expect(
      own.map(({ privilege, columns, name }) => `${privilege} ${columns.join(' ')} ${name}`).sort(),
    ).toEqual(
      [
        'DELETE  person',
        'UPDATE person_id updated_at operator',
        // Elsewhere all of the database is read.
        ...(kind === 'postgres'
          ? ['SELECT  incident', 'SELECT  operator', 'SELECT  person', 'UPDATE id person']
          : []),
      ].sort(),
    );
    expect(privileges.filter(({ on }) => on === 'database').map(({ privilege }) => privilege)).toEqual([
      kind === 'postgres' ? 'CONNECT' : 'SELECT',
    ]);
  });

  it('keeps a card whose row in a table of others would be emptied, or does not touch a thing', async () => {
    const database = await withJournal();
    const [{ id } = {}] = await database.query(`SELECT id FROM ${journalTable(kind, 'run')}`);
    const { name, url, privileges, statements } = await roleFor(database, 'rollback');
    const [{ card } = {}] = await database.query(
      `SELECT person AS card FROM ${journalTable(kind, 'change')} WHERE action = 'create' ORDER BY position LIMIT 1`,
    );
    await database.query(`
      CREATE TABLE asset (
        id integer PRIMARY KEY,
        owner_id ${kind === 'postgres' ? 'uuid' : 'char(36)'},
        FOREIGN KEY (owner_id) REFERENCES person (id) ON DELETE SET NULL);
      INSERT INTO asset VALUES (1, '${card}')`);
    const env = { DATABASE_URL: url };
    const owner = () => database.query('SELECT owner_id FROM asset');
    if (kind === 'mysql') {
      const all = privileges.find(({ on }) => on === 'database') ?? expect.fail();
      const quoted = database.name.replace('_', '\\_');
      await database.query(`REVOKE SELECT ON \`${quoted}\`.* FROM '${name}'`);
      // What the role needed while such tables went unseen.
      for (const table of [
        'operator',
        'person',
        'incident',
        ...JOURNAL_TABLES.map((table) => `onecard_${table}`),
      ])
        await database.query(`GRANT SELECT ON ${table} TO '${name}'`);
      for (const how of ['--yes', '--dry-run']) {
        const refused = await writingNothing(database, () =>
          onecardOn(database, ['rollback', String(id), how], { env }),
        );
        expect(refused).toMatchObject({ code: 2, stdout: '' });
        expect(refused.stderr).toContain(
          `lacks SELECT on the database ${all.name}: the server hides foreign keys of tables`,
        );
        expect(refused.stderr).toContain(`    GRANT SELECT ON \`${quoted}\`.* TO '${name}'@'%';\n`);
      }
      expect(await owner()).toEqual([{ owner_id: card }]);
    }
    for (const statement of statements) await database.query(statement);
    if (kind === 'postgres') await database.query(`GRANT SELECT ON asset TO "${name}"`);
    const preview = await onecardOn(database, ['rollback', String(id), '--dry-run'], { env });
    expect(preview.code, preview.stderr).toBe(0);
    expect(preview.stdout).toContain('asset.owner_id');
    const result = await onecardOn(database, ['rollback', String(id), '--yes', '--json'], { env });
    expect(result.code, result.stderr).toBe(7);
    expect(JSON.parse(result.stdout)).toMatchObject({ kept: 1 });
    expect(await owner()).toEqual([{ owner_id: card }]);
  });

  describe.each(['scan', 'dry-run', 'migrate', 'verify', 'report'] as const)('for %s', (command) => {
    it('is told of each single one that is taken away, and nothing is written', async () => {
      const database = command === 'migrate' ? await withoutJournal() : await withJournal();
      const { name, url, privileges, statements } = await roleFor(database, command);
      for (const privilege of privileges) {
        await database.query(revoke(kind, name, privilege));
        const result = await writingNothing(database, () =>
          onecardOn(database, COMMANDS[command] ?? [], { env: { DATABASE_URL: url } }),
        );
        const said = { privilege, code: result.code, stderr: result.stderr };
        expect(said).toMatchObject({ code: 2 });
        if (isHidden(kind, privilege, privileges)) {
          expect(said.stderr).toContain(privilege.on === 'schema' ? 'operator' : privilege.name);
        } else {
          const columns = privilege.columns.length === 0 ? '' : ` (${privilege.columns.join(', ')})`;
          expect(said.stderr).toContain(`lacks ${privilege.privilege}${columns} on the ${privilege.on}`);
          expect(said.stderr).toMatch(new RegExp(`${privilege.name}\\.?\n {2}→ Grant what is missing`));
          expect(said.stderr).toMatch(
            new RegExp(`\n {4}GRANT .*${privilege.privilege}.* ON .*${privilege.name}.* TO .*${name}.*;\n$`),
          );
        }
        for (const statement of statements) await database.query(statement);
      }
      // A command line for each of some fifty.
    }, 300_000);
  });
});

const COUNTED_YAML = `${AGENTS_AND_CONTACTS}card: { name: { from: name } }
match: { keys: { name: { operator: name, person: name } } }
`;

/** Ways in which numbers come about, and what a run needs for each, beyond what it needs for any key. */
const counted: { name: string; kind: Kind; key: string; before?: string; needs: string[] }[] = [
  {
    name: 'an identity',
    kind: 'postgres',
    key: 'bigint GENERATED ALWAYS AS IDENTITY',
    needs: ['INSERT contact(id, name, portal, caller)', 'USAGE contact_id_seq()'],
  },
  {
    name: "another schema's sequence",
    kind: 'postgres',
    key: "bigint DEFAULT nextval('numbers.all_of_them')",
    before: 'CREATE SCHEMA numbers; CREATE SEQUENCE numbers.all_of_them;',
    needs: [
      'INSERT contact(id, name, portal, caller)',
      'USAGE all_of_them()',
      // The schema.
      'USAGE numbers()',
    ],
  },
  {
    name: 'AUTO_INCREMENT',
    kind: 'mysql',
    key: 'bigint AUTO_INCREMENT',
    needs: ['INSERT contact(id, name, portal, caller)'],
  },
  {
    name: 'a sequence',
    kind: 'mysql',
    key: 'bigint DEFAULT nextval(all_of_them)',
    before: 'CREATE SEQUENCE all_of_them;',
    needs: ['INSERT all_of_them()', 'INSERT contact(id, name, portal, caller)', 'SELECT all_of_them()'],
  },
];

describe.each(serverDatabases)('a role for integer keys on $name', ({ kind, fresh }) => {
  it.each(counted.filter((each) => each.kind === kind))(
    'can run with what `grants` prints, and with nothing less, where they come from $name',
    async ({ key, before = '', needs }) => {
      const database = await fresh();
      await database.query(`${before}
        CREATE TABLE contact (id ${key} PRIMARY KEY, name varchar(80), portal boolean, caller boolean);
        CREATE TABLE agent (id integer PRIMARY KEY, name varchar(80), contact_id bigint);
        INSERT INTO agent (id, name) VALUES (1, 'Ann'), (2, 'Ben'), (3, 'Cas')`);
      await writeFile(join(database.folder, 'onecard.yaml'), COUNTED_YAML);
      await closeToPublic(database, kind);
      const { name, url, privileges, statements } = await roleFor(database, 'migrate');
      const own = privileges.filter(
        (each) =>
          (each.privilege === 'INSERT' && !each.name.startsWith('onecard_')) ||
          /contact_id_seq|all_of_them|numbers/.test(each.name),
      );
      expect(
        own.map((each) => `${each.privilege} ${each.name}(${each.columns.join(', ')})`).toSorted(),
      ).toEqual(needs);
      const run = () => onecardOn(database, ['migrate', '--yes', '--quiet'], { env: { DATABASE_URL: url } });
      for (const privilege of own) {
        await database.query(revoke(kind, name, privilege));
        const refused = await writingNothing(database, run);
        expect({ ...privilege, code: refused.code, stderr: refused.stderr }).toMatchObject({ code: 2 });
        expect(refused.stderr).toContain(privilege.name);
        for (const statement of statements) await database.query(statement);
      }
      expect(await run()).toMatchObject({ code: 0, stderr: '' });
      expect(await database.query('SELECT COUNT(DISTINCT contact_id) AS cards FROM agent')).toEqual([
        { cards: 3 },
      ]);
    },
  );
});

describe.each(serverDatabases)('a run on $name', ({ kind, fresh }) => {
  it('tells in the dry run of the triggers that it will set off', async () => {
    const database = await fresh(cast);
    await addTrigger(database, kind);
    const { stdout } = await onecardOn(database, ['migrate', '--dry-run']);
    expect(stdout).toContain(
      "The application's own triggers, which fire when a run writes or is rolled back:\n",
    );
    expect(stdout).toMatch(/^ {2}person: person_touched, BEFORE INSERT: /m);
    const { triggers, hiddenTriggers } = JSON.parse(
      (await onecardOn(database, ['migrate', '--dry-run', '--json'])).stdout,
    );
    expect(triggers).toMatchObject([{ name: 'person_touched', when: 'BEFORE INSERT' }]);
    expect(hiddenTriggers).toEqual([]);
  });

  it.runIf(kind === 'mysql')(
    'says where triggers cannot be seen, and stops saying so where they can',
    async () => {
      const database = await fresh(cast);
      await addTrigger(database, kind);
      const { name, url } = await roleFor(database, 'dry-run');
      const look = (args: string[]) => onecardOn(database, args, { env: { DATABASE_URL: url } });
      const hidden = /Whether the table operator has triggers cannot be seen/;
      expect((await look(['migrate', '--dry-run'])).stdout).toMatch(hidden);
      expect((await look(['scan'])).stdout).toMatch(hidden);
      await database.query(`GRANT TRIGGER ON \`${database.name.replace('_', '\\_')}\`.* TO '${name}'`);
      const { stdout } = await look(['migrate', '--dry-run']);
      expect(stdout).not.toMatch(/cannot be seen/);
      expect(stdout).toContain('person_touched');
    },
  );

  it('is told in a scan what the user lacks for it, and what is too much', async () => {
    const database = await fresh(cast);
    const { url } = await roleFor(database, 'scan');
    const { readiness } = JSON.parse(
      (await onecardOn(database, ['scan', '--json'], { env: { DATABASE_URL: url } })).stdout,
    );
    expect(readiness.missing).toContainEqual(expect.stringContaining('UPDATE (person_id) on the table'));
    expect(readiness.grants).toContainEqual(expect.stringMatching(/^GRANT UPDATE \(.person_id.\) ON /));
    expect(readiness.excessive).toEqual([]);
    const all = JSON.parse((await onecardOn(database, ['scan', '--json'])).stdout).readiness;
    expect(all).toMatchObject({ missing: [], grants: [] });
    expect(all.excessive).toEqual([
      expect.stringMatching(kind === 'postgres' ? /SUPERUSER/ : /ALL PRIVILEGES on every database/),
    ]);
  });

  it('is refused where the table is a view, while a dry run works', async () => {
    const database = await fresh(cast);
    await database.query(
      kind === 'postgres'
        ? 'ALTER TABLE operator RENAME TO operator_row; CREATE VIEW operator AS SELECT * FROM operator_row'
        : 'RENAME TABLE operator TO operator_row; CREATE VIEW operator AS SELECT * FROM operator_row',
    );
    expect(await onecardOn(database, ['migrate', '--dry-run', '--quiet'])).toMatchObject({ code: 0 });
    const result = await writingNothing(database, () => onecardOn(database, ['migrate', '--yes', '--quiet']));
    expect(result).toEqual({
      code: 2,
      stdout: '',
      stderr:
        'onecard: operator is a view: a run locks rows and counts on what it writes, which takes a table.\n' +
        '  → Name the table behind it in onecard.yaml (operators.table, persons.table). Nothing was changed.\n',
    });
  });
});

describe.runIf(serverDatabases.some(({ kind }) => kind === 'postgres'))('the schema of the journal', () => {
  it('can be made beforehand, so that the role needs nothing on the database', async () => {
    const [{ fresh } = expect.fail()] = databases.filter(({ name }) => name === 'PostgreSQL');
    const database = await fresh(cast);
    await closeToPublic(database, 'postgres');
    await database.query('CREATE SCHEMA onecard');
    const { url, statements } = await roleFor(database, 'migrate');
    expect(statements.join('\n')).toMatch(/GRANT USAGE, CREATE ON SCHEMA "onecard"/);
    expect(statements.join('\n')).not.toMatch(/CREATE ON DATABASE/);
    const dryRun = await onecardOn(database, ['migrate', '--dry-run']);
    expect(dryRun.stdout).not.toContain('CREATE SCHEMA');
    for (const _ of [1, 2]) {
      const result = await onecardOn(database, ['migrate', '--yes', '--quiet'], {
        env: { DATABASE_URL: url },
      });
      expect(result).toMatchObject({ code: 0, stderr: '' });
    }
  });
});

async function addTrigger(database: TestDatabase, kind: Kind): Promise<void> {
  await database.query(
    kind === 'postgres'
      ? `CREATE FUNCTION touch() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
         CREATE TRIGGER person_touched BEFORE INSERT ON person FOR EACH ROW EXECUTE FUNCTION touch()`
      : 'CREATE TRIGGER person_touched BEFORE INSERT ON person FOR EACH ROW SET NEW.job_title = NEW.job_title',
  );
}
