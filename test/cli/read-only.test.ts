import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { isReadOnlyRefusal } from '../../src/database/failure-kinds.js';
import { openDatabase } from '../../src/database/open.js';
import type { Mode } from '../../src/database/session.js';
import { contents } from '../support/contents.js';
import { databases, serverDatabases, type TestDatabase } from '../support/databases.js';
import { onecardOn, writingNothing } from '../support/on-database.js';
import { findProgram } from '../support/servers/daemon.js';
import { catchUp, postgresIsInstalled, startPostgres, startStandby } from '../support/servers/postgres.js';
import type { Login, OwnServer } from '../support/servers/server.js';
import { cast } from './cast.js';

/** Every command that only looks. */
const LOOKING = [
  'migrate --dry-run',
  'migrate --dry-run --json',
  'migrate --dry-run --sql',
  'scan',
  'scan --json',
  'verify',
  'report --format csv',
];

/** What they read; branches are for reports alone. */
const READ = ['operator', 'person', 'branch'];

/** Expects of the command that it works for this URL, and leaves no trace in the database or the folder. */
async function looks(database: TestDatabase, command: string, url: string): Promise<void> {
  const env = { DATABASE_URL: url };
  const result = await writingNothing(database, () => onecardOn(database, command.split(' '), { env }));
  expect(result.stderr).not.toContain('onecard:');
  // What verify finds wrong in the sample is no matter here.
  expect(command === 'verify' ? [0, 3] : [0]).toContain(result.code);
  expect(result.stdout).not.toBe('');
  expect(`${result.stdout}${result.stderr}`).not.toContain(new URL(url).password);
  expect(await readdir(database.folder)).toEqual([]);
}

describe.each(serverDatabases)('a role with SELECT alone on $name', ({ kind, fresh }) => {
  let database: TestDatabase;
  let reader: Login & { url: string };
  beforeAll(async () => {
    database = await fresh(cast);
    reader = await readerOf(database);
  });

  /** It may read the application's tables, and do nothing else at all. */
  async function readerOf(of: TestDatabase) {
    const role = await of.createRole();
    const grantee = kind === 'postgres' ? role.name : `${role.name}@'%'`;
    for (const table of READ) await of.query(`GRANT SELECT ON ${table} TO ${grantee}`);
    return role;
  }

  it.each(LOOKING)('may %s, which writes nothing', (command) => looks(database, command, reader.url));

  it('keeps the plan for its owner alone, without the password', async () => {
    const on = await fresh(cast);
    const { url, password } = await readerOf(on);
    const args = ['migrate', '--dry-run', '--plan-out', 'plan.ndjson'];
    expect(await onecardOn(on, args, { env: { DATABASE_URL: url } })).toMatchObject({ code: 0 });
    const plan = join(on.folder, 'plan.ndjson');
    expect((await stat(plan)).mode & 0o777).toBe(0o600);
    expect(await readFile(plan, 'utf8')).not.toContain(password);
  });

  it.runIf(kind === 'postgres')('is told when row-level security would hide operators', async () => {
    const on = await fresh(cast);
    const { name, url } = await readerOf(on);
    // Whoever lacks a privilege for a run is told of that first.
    await on.query(`
      GRANT INSERT, UPDATE ON operator, person TO ${name};
      GRANT CREATE ON DATABASE "${on.name}" TO ${name};
      ALTER TABLE operator ENABLE ROW LEVEL SECURITY;
      CREATE POLICY living ON operator USING (NOT archived)`);
    const commands = [...LOOKING.filter((each) => !each.includes('--sql')), 'migrate --yes'];
    for (const command of commands) {
      const result = await onecardOn(on, command.split(' '), { env: { DATABASE_URL: url } });
      expect({ command, ...result, stderr: result.stderr.replace(/^✖.*\n/m, '') }).toEqual({
        command,
        code: 2,
        stdout: '',
        stderr:
          'onecard: Row-level security would hide rows from this database user: query would be affected by row-level security policy for table "operator".\n' +
          '  → Use a role with BYPASSRLS, or the owner of the table: every operator has to be seen.\n',
      });
    }
  });
});

describe.each(databases)('a session for reading on $name', ({ kind, fresh }) => {
  const writes = [
    "UPDATE operator SET last_name = 'x'",
    'UPDATE operator SET id = id WHERE 1 = 0',
    'DELETE FROM person WHERE 1 = 0',
    'INSERT INTO person SELECT * FROM person WHERE 1 = 0',
    'CREATE TABLE onecard_new (id INTEGER)',
    'ALTER TABLE operator ADD COLUMN extra INTEGER',
    'CREATE INDEX extra ON operator (last_name)',
    'TRUNCATE TABLE incident',
    'DROP TABLE incident',
    'CREATE VIEW extra AS SELECT 1 AS one',
    ...(kind === 'postgres' ? ['CREATE SCHEMA onecard', 'SELECT id FROM operator FOR UPDATE'] : []),
  ];

  /** @returns the writes that the database did not refuse for the session being read-only. */
  async function notRefused(database: TestDatabase, mode: Mode, statements: string[]): Promise<string[]> {
    const { url, folder } = database;
    const target = url === undefined ? ({ kind: 'embedded' } as const) : { kind, url };
    const opened = await openDatabase(target, mode, {}, folder);
    const accepted: string[] = [];
    try {
      for (const sql of statements) {
        const inTransaction = opened.transaction((session) => session.run(sql));
        if (!(await isRefused(inTransaction))) accepted.push(sql);
        const inSnapshot = opened.snapshot((session) => session.run(sql));
        if (!(await isRefused(inSnapshot))) accepted.push(`${sql} (snapshot)`);
      }
    } finally {
      await opened.close();
    }
    return accepted;
  }

  const isRefused = (work: Promise<unknown>) => work.then(() => false, isReadOnlyRefusal);

  it('is refused every write, definitions included, by the database itself', async () => {
    const database = await fresh(cast);
    const accepted = await writingNothing(database, () => notRefused(database, 'read', writes));
    expect(accepted).toEqual([]);
  });

  it('differs in that from a session for writing', async () => {
    const database = await fresh(cast);
    const [update = ''] = writes;
    expect(await notRefused(database, 'write', [update])).toEqual([update, `${update} (snapshot)`]);
  });
});

describe.runIf(postgresIsInstalled)('a hot standby', () => {
  let primary: OwnServer;
  let standby: OwnServer;
  let reader: Login;
  beforeAll(async () => {
    primary = await startPostgres();
    await primary.createDatabase('live');
    await cast.fill((sql) => primary.query(sql, 'live'), 'postgres');
    reader = await primary.createRole('reader');
    await primary.query(`GRANT SELECT ON ${READ.join(', ')} TO reader`, 'live');
    standby = await startStandby(primary);
    await catchUp(standby, primary);
  });
  afterAll(async () => {
    await standby?.stop();
    await primary?.stop();
  });

  /** In the folder of a database of this test, which goes with it. */
  async function live(server: OwnServer): Promise<TestDatabase> {
    const [{ fresh } = expect.fail()] = databases;
    const url = server.url.replace(/\/postgres$/, '/live');
    return {
      ...(await fresh()),
      kind: 'postgres',
      name: 'live',
      url,
      query: (sql) => server.query(sql, 'live'),
    };
  }

  it.each(LOOKING)('serves %s', async (command) => {
    const database = await live(standby);
    const url = new URL(String(database.url));
    url.username = reader.name;
    url.password = reader.password;
    const master = await live(primary);
    await writingNothing(master, () => looks(database, command, url.href));
  });

  it('refuses a run, and says where to run it', async () => {
    const database = await live(standby);
    const result = await writingNothing(database, () => onecardOn(database, ['migrate', '--yes', '--quiet']));
    expect(result).toMatchObject({ code: 2, stdout: '' });
    expect(result.stderr).toBe(
      'onecard: The database is read-only: this server is a standby, or still recovering.\n' +
        '  → Run against the primary server; a dry run works on a replica. Nothing was changed.\n',
    );
    expect(await readdir(database.folder)).toEqual([]);
    expect(await contents(await live(primary))).toEqual(await contents(database));
  });
});

describe.each(databases)('stdout on $name', ({ fresh }) => {
  it.each([
    'migrate --dry-run --json',
    'migrate --dry-run --json --limit 1',
    'migrate --dry-run --json --decision create',
    'scan --json',
    'verify --json',
    'report --json',
  ])('is one JSON document: %s', async (command) => {
    const { stdout, stderr } = await onecardOn(await fresh(cast), command.split(' '));
    expect(JSON.parse(stdout)).toBeInstanceOf(Object);
    expect(stdout.endsWith('\n')).toBe(true);
    expect(`${stdout}${stderr}`).not.toContain('\u001b');
  });
});

describe('colours', () => {
  const [embedded] = databases.filter(({ name }) => name === 'embedded');
  /** Gives a command a terminal (util-linux). */
  const script = findProgram(['script']);
  const cli = fileURLToPath(new URL('../../dist/src/cli.js', import.meta.url));

  /** Runs the command on a terminal, as a person would; stdout and stderr come as one. */
  async function onTerminal(flags: string[], env: Record<string, string>, columns: number): Promise<string> {
    const { folder } = await (embedded ?? expect.fail()).fresh(cast);
    const words = [process.execPath, cli, 'migrate', '--dry-run', '--limit', '3', ...flags];
    const command = `stty cols ${columns}; ${words.map((word) => `'${word}'`).join(' ')}`;
    const child = spawn(script ?? expect.fail(), ['--quiet', '--return', '--command', command, '/dev/null'], {
      cwd: folder,
      env: { PATH: process.env['PATH'], HOME: folder, TERM: 'xterm-256color', SHELL: '/bin/sh', ...env },
      stdio: ['ignore', 'pipe', 'inherit'],
      timeout: 30_000,
    });
    let text = '';
    child.stdout.setEncoding('utf8').on('data', (piece) => {
      if (text.length < 1_000_000) text += piece;
    });
    const [code] = await once(child, 'close');
    expect(code).toBe(0);
    expect(text).toContain('nothing is written');
    return text;
  }

  it.runIf(script)('are there on a terminal', async () => {
    expect(await onTerminal([], {}, 100)).toContain('\u001b[');
  });

  // As in a container without a window: the spinner once cleared lines for ever.
  it.runIf(script)('do no harm on a terminal of unknown size', async () => {
    expect((await onTerminal([], {}, 0)).length).toBeLessThan(100_000);
  });

  it.runIf(script).each<[string, string[], Record<string, string>]>([
    ['NO_COLOR', [], { NO_COLOR: '1' }],
    ['TERM=dumb', [], { TERM: 'dumb' }],
    ['--no-color', ['--no-color'], {}],
  ])('are gone with %s, and so is every other escape', async (_, flags, env) => {
    expect(await onTerminal(flags, env, 100)).not.toContain('\u001b');
  });

  it.each(['migrate --dry-run', 'scan', 'verify', 'report'])(
    'are gone off a terminal: %s',
    async (command) => {
      const database = await (embedded ?? expect.fail()).fresh(cast);
      const result = await onecardOn(database, command.split(' '), { env: { TERM: 'xterm-256color' } });
      expect(result.stdout).not.toBe('');
      expect(`${result.stdout}${result.stderr}`).not.toContain('\u001b');
    },
  );
});
