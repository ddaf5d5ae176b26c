import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { beforeAll, describe, expect, inject, it, onTestFinished } from 'vitest';
import { JOURNAL_TABLE_NAMES } from '../../src/database/dialect.js';
import { lockFile } from '../../src/database/file-lock.js';
import { type CliResult, onecard, startOnecard } from '../support/cli.js';
import { type Contents, contents } from '../support/contents.js';
import { databases, postgres, serverDatabases, type TestDatabase } from '../support/databases.js';
import { cast } from './cast.js';

const DRY_RUN = ['migrate', '--dry-run'];
const README = '"Configuration" in the README shows every option.';
const CORRECT = `Correct this; ${README}`;

interface Refusal {
  readonly says: string;
  readonly remedy: string;
  /** 2 unless it says otherwise. */
  readonly code?: 1 | 2;
}

/** One sentence and its remedy are the last that is said; nothing on stdout, no stack, no password. */
function expectRefusal(result: CliResult, { says, remedy, code = 2 }: Refusal, secrets: string[] = []): void {
  const said = result.stderr
    .slice(result.stderr.indexOf('onecard: '))
    .replace(/(line \d+), column \d+: /g, '$1: ');
  expect(said).toBe(`onecard: ${says}\n  → ${remedy}\n`);
  expect(result).toMatchObject({ code, stdout: '' });
  expect(result.stderr).not.toMatch(/^ {4}at /m);
  for (const secret of secrets) expect(result.stderr).not.toContain(secret);
}

/** Apart from what this test put there itself. */
async function expectOnlyFiles(folder: string, files: string[]): Promise<void> {
  expect((await readdir(folder)).sort()).toEqual([...files].sort());
}

async function emptyFolder(): Promise<string> {
  const folder = await mkdtemp(join(inject('sharedFolder'), 'bad-input-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

/** What is not in a configuration is found before a connection is made: this server does not exist. */
const NO_SERVER = { DATABASE_URL: 'postgres://u:pw-hidden@127.0.0.1:1/x' };

async function refusedAlone(args: string[], refusal: Refusal, env: Record<string, string> = NO_SERVER) {
  const folder = await emptyFolder();
  expectRefusal(await onecard(args, { folder, env }), refusal, ['pw-hidden']);
  await expectOnlyFiles(folder, []);
}

describe('the command line', () => {
  it.each([
    [['migarte'], "Unknown command 'migarte' (Did you mean migrate?)", 'onecard --help'],
    [
      ['migrate', '--dry-rn'],
      "Unknown option '--dry-rn' (Did you mean --dry-run?)",
      'onecard migrate --help',
    ],
    [['migrate', '-x'], "Unknown option '-x'.", 'onecard migrate --help'],
    [['migrate', 'dry-run'], '"dry-run" is no flag of migrate.', 'onecard migrate --help'],
    [['migrate', '--limit'], '--limit needs a value.', 'onecard migrate --help'],
    [
      [...DRY_RUN, '--limit', 'abc'],
      "--limit cannot be 'abc'. It has to be a whole number.",
      'onecard migrate --help',
    ],
    [
      [...DRY_RUN, '--limit', '-1'],
      "--limit cannot be '-1'. It has to be a whole number.",
      'onecard migrate --help',
    ],
    [
      ['migrate', '--batch-size', '0'],
      "--batch-size cannot be '0'. It has to be at least 1.",
      'onecard migrate --help',
    ],
    [
      [...DRY_RUN, '--decision', 'none'],
      "--decision cannot be 'none'. Allowed choices are create, match, review, linked, skip.",
      'onecard migrate --help',
    ],
    [
      ['report', '--format', 'xml'],
      "--format cannot be 'xml'. Allowed choices are table, csv, xlsx, json, ndjson, markdown, html.",
      'onecard report --help',
    ],
  ])('%j: %s', (args, says, help) => refusedAlone(args, { says, remedy: `See \`${help}\`.` }));

  it.each([
    [['postgres://u:pw-hidden@h/x'], "Unknown command 'postgres://u:…@h/x'."],
    [['migrate', 'postgres://u:pw-hidden@h/x'], '"postgres://u:…@h/x" is no flag of migrate.'],
    [['migrate', '--database_url=postgres://u:pw-hidden@h/x'], "Unknown option '--database_url'."],
    [['migrate', '--password=pw-hidden'], "Unknown option '--password'."],
    [['migrate', '-ppw-hidden'], "Unknown option '-p'."],
  ])('does not repeat the password in %j', (args, says) => {
    const help = args[0] === 'migrate' ? 'onecard migrate --help' : 'onecard --help';
    return refusedAlone(args, { says, remedy: `See \`${help}\`.` });
  });

  it.each([['--only', 'x'], ['--decision', 'create'], ['--plan-out', 'plan.ndjson'], ['--sql']])(
    '%s without --dry-run',
    (flag, ...value) =>
      refusedAlone(['migrate', flag, ...value], {
        says: `${flag} is about what a dry run shows; a run always does the whole plan.`,
        remedy: 'Add --dry-run, or leave the flag out.',
      }),
  );

  it('helps where nothing was asked', async () => {
    const result = await onecard([], { folder: await emptyFolder() });
    expect(result).toMatchObject({ code: 2, stdout: '' });
    expect(result.stderr).toContain('Usage: onecard');
    expect(result.stderr).toContain('Start here:\n  onecard migrate --dry-run');
  });

  it.each([
    [['--help'], 'Start here:\n  onecard migrate --dry-run'],
    [['migrate', '--help'], '--allow-schema-changes'],
    [['--version'], '0.1.0\n'],
  ])('%j is data, on stdout', async (args, text) => {
    const result = await onecard(args, { folder: await emptyFolder() });
    expect(result).toMatchObject({ code: 0, stderr: '' });
    expect(result.stdout).toContain(text);
  });
});

describe('a policy flag', () => {
  it('with an unknown value', () =>
    refusedAlone([...DRY_RUN, '--on-match', 'maybe'], {
      says: '--on-match has to be review, link or create, not "maybe".',
      remedy: 'Leave the flag out for what the configuration says.',
    }));

  it('and another, both unknown', () =>
    refusedAlone(['verify', '--on-match', 'maybe', '--archived-persons', 'no'], {
      says:
        'The configuration has 2 problems:\n' +
        '  --on-match has to be review, link or create, not "maybe"\n' +
        '  --archived-persons has to be candidates or ignore, not "no"',
      remedy: 'Leave the flag out for what the configuration says.',
    }));
});

describe('a database URL', () => {
  const spell =
    'Write it as postgres://user@host:5432/database; in a password, spell / as %2F, @ as %40, # as %23, ? as %3F, % as %25.';
  const kinds = 'Use postgres://… for PostgreSQL, mysql://… or mariadb://… for MySQL and MariaDB.';

  it.each([
    [
      'sqlite:///tmp/x.db',
      'DATABASE_URL names a database of the kind "sqlite", which onecard does not know.',
      kinds,
    ],
    [
      'mongodb://u:pw-hidden@h/x',
      'DATABASE_URL names a database of the kind "mongodb", which onecard does not know.',
      kinds,
    ],
    ['hello', 'DATABASE_URL holds no valid database URL.', spell],
    ['postgres://u:pw#pw-hidden@h/x', 'DATABASE_URL holds no valid database URL.', spell],
    // Cut at the slash, the rest of this password would be looked up as a host, and shown.
    ['postgres://u:p@pw-hidden/word@h/x', 'DATABASE_URL holds no valid database URL.', spell],
  ])('%s', (url, says, remedy) => refusedAlone(DRY_RUN, { says, remedy }, { DATABASE_URL: url }));

  it.each([['postgres://u:pw-hidden@127.0.0.1:1/x'], ['mysql://127.0.0.1:1/x?password=pw-hidden']])(
    'with a password in the process list',
    (url) =>
      refusedAlone([...DRY_RUN, '--database-url', url], {
        says: '--database-url holds a password, which the process list shows to everybody.',
        remedy:
          'Set DATABASE_URL or DATABASE_URL_FILE instead, or leave the password to PGPASSWORD, .pgpass or MYSQL_PWD.',
      }),
  );

  it('in a file that is not there', () =>
    refusedAlone(
      DRY_RUN,
      {
        says: 'The file /nowhere/url in DATABASE_URL_FILE cannot be read (ENOENT).',
        remedy: 'Check its path, and that this user may read it.',
      },
      { DATABASE_URL_FILE: '/nowhere/url' },
    ));

  it('in a file that is empty', async () => {
    const folder = await emptyFolder();
    const file = join(folder, 'url');
    await writeFile(file, '\n');
    const result = await onecard(DRY_RUN, { folder, env: { DATABASE_URL_FILE: file } });
    expectRefusal(result, {
      says: `The file ${file} in DATABASE_URL_FILE holds no valid database URL.`,
      remedy: spell,
    });
  });

  it('of a service file, which the driver would not read', () =>
    refusedAlone(
      DRY_RUN,
      {
        says: 'PGSERVICE is set, but onecard does not read service files.',
        remedy: 'Unset it, and set DATABASE_URL, or PGHOST, PGPORT, PGDATABASE and PGUSER.',
      },
      { PGSERVICE: 'production' },
    ));
});

describe('a configuration file', () => {
  const file = 'custom.yaml';

  async function refusedFile(text: string, refusal: Refusal): Promise<void> {
    const folder = await emptyFolder();
    await writeFile(join(folder, file), text);
    const result = await onecard([...DRY_RUN, '--config', file], { folder, env: NO_SERVER });
    expectRefusal(result, refusal, ['pw-hidden']);
    await expectOnlyFiles(folder, [file]);
  }

  it('that is not there', () =>
    refusedAlone([...DRY_RUN, '--config', 'no.yaml'], {
      says: 'The configuration file no.yaml does not exist.',
      remedy: 'Check the path given with --config.',
    }));

  const yaml = 'Correct that place: YAML indents with blanks, never tabs, and closes each quote and bracket.';
  const start = `Write \`preset: sample\` for a start; ${README}`;

  it.each([
    ['a tab', 'preset: sample\noperators:\n\ttable: x\n', 'line 3 is indented with a tab'],
    [
      'an open quote',
      'preset: sample\noperators:\n  table: "x\n  key: id\n',
      'a quote that is opened in line 3 is never closed',
    ],
    ['two documents', 'preset: sample\n---\npreset: sample\n', 'line 2 begins a second document'],
    [
      'an alias without its anchor',
      'preset: *sample\n',
      'line 1 refers to *sample, and no &sample is before it',
    ],
    ['a key twice', 'preset: sample\npreset: sample\n', 'Map keys must be unique (line 2, column 1)'],
  ])('that is no YAML: %s', (_, text, why) =>
    refusedFile(text, { says: `${file} is not valid YAML: ${why}.`, remedy: yaml }),
  );

  it.each([
    ['empty', '', `${file} is empty.`],
    ['nothing but a comment', '# later\n', `${file} is empty.`],
    ['a list', '- preset: sample\n', `${file} holds a list, not options with values.`],
    ['a text', 'sample\n', `${file} holds a plain text, not options with values.`],
  ])('that is %s', (_, text, says) => refusedFile(text, { says, remedy: start }));

  it.each([
    [
      'an unknown option',
      'preset: sample\noperators:\n  tabel: x\n',
      'line 3: operators.tabel is no option; did you mean table?',
    ],
    [
      'a wrong type',
      'preset: sample\noperators:\n  table: 5\n',
      'line 3: operators.table has to be a table name, schema.table, or {schema: …, name: …}.',
    ],
    [
      'an unknown policy value',
      'preset: sample\npolicies:\n  onMatch: maybe\n',
      'line 3: policies.onMatch has to be review, link or create, not "maybe".',
    ],
    [
      'an unknown preset',
      '# mine\npreset: exemplar\n',
      'line 2: preset has to be sample or topdesk, not "exemplar", or left out with every option given.',
    ],
    [
      'a credential that is copied',
      'preset: sample\ncard:\n  mobile: {from: password_hash}\n',
      'line 3: card.mobile copies password_hash, which looks like a credential: leave it out.',
    ],
    [
      'a credential that is filled',
      'preset: sample\ncard:\n  ssp_password_hash: {from: mobile}\n',
      'line 3: card.ssp_password_hash looks like a credential: leave it out, or give it the constant "".',
    ],
    [
      'the SSP login',
      'preset: sample\ncard:\n  ssp_login_name: {from: login_name}\n',
      'line 3: card.ssp_login_name is about the login to the SSP, which a card has no access to: leave it out.',
    ],
    [
      'access to the SSP',
      'preset: sample\ncard:\n  ssp_access: {value: true}\n',
      'line 3: card.ssp_access is set by onecard itself: leave it out.',
    ],
    [
      'a condition of no known form',
      'preset: sample\noperators:\n  rows: {column: kind, equals: operator}\n',
      'line 3: operators.rows has to be a condition: {column: …, is: …}, or with isNot, in, isNull or matches instead of is; {row: …}, {all: […]}, {any: […]} or {not: …}.',
    ],
  ])('with %s', (_, text, says) => refusedFile(text, { says: `${file}, ${says}`, remedy: CORRECT }));

  it('with several problems, all of them listed, those of the flags too', async () => {
    const folder = await emptyFolder();
    await writeFile(
      join(folder, 'onecard.yaml'),
      'preset: sample\noperators:\n  key: [id]\ncolour: red\ncard:\n  mobile: {from: api_token}\n',
    );
    const result = await onecard([...DRY_RUN, '--on-match', 'maybe'], { folder, env: NO_SERVER });
    const place = join(folder, 'onecard.yaml');
    expectRefusal(result, {
      says: [
        'The configuration has 4 problems:',
        `  ${place}, line 3: operators.key has to be a text, not a list`,
        `  ${place}, line 4: colour is no option; there are preset, operators, persons, card, unmapped, volatileColumns, references, match, policies`,
        `  ${place}, line 6: card.mobile copies api_token, which looks like a credential: leave it out`,
        '  --on-match has to be review, link or create, not "maybe"',
      ].join('\n'),
      remedy: CORRECT,
    });
  });
});

describe.each(serverDatabases)('a server: $name', ({ kind, fresh }) => {
  let database: TestDatabase;
  let before: Contents;
  beforeAll(async () => {
    database = await fresh(cast);
    before = await contents(database);
  });

  const url = (change: (url: URL) => void = () => undefined): string => {
    const changed = new URL(String(database.url));
    change(changed);
    return changed.href;
  };
  const secret = () => new URL(String(database.url)).password;

  interface Call {
    readonly args?: string[];
    readonly url?: string;
    /** The configuration. */
    readonly yaml?: string;
    readonly on?: TestDatabase;
    /** Of the database, where the test has changed it. */
    readonly before?: Contents;
  }

  async function refused(call: Call, refusal: Refusal): Promise<void> {
    const { args = DRY_RUN, on = database } = call;
    const folder = await emptyFolder();
    if (call.yaml !== undefined) await writeFile(join(folder, 'onecard.yaml'), call.yaml);
    const used = call.url ?? String(on.url);
    const result = await onecard(args, { folder, env: { DATABASE_URL: used } });
    expectRefusal(result, refusal, [secret(), new URL(used).password || secret()]);
    await expectOnlyFiles(folder, call.yaml === undefined ? [] : ['onecard.yaml']);
    expect(await contents(on)).toEqual(call.before ?? before);
    expect(await journalOf(on)).toEqual([]);
  }

  async function journalOf(on: TestDatabase) {
    return on.query(
      kind === 'postgres'
        ? `SELECT nspname AS name FROM pg_namespace WHERE nspname = 'onecard'`
        : `SELECT table_name AS name FROM information_schema.tables
            WHERE table_schema = DATABASE() AND table_name LIKE 'onecard\\_%'`,
    );
  }

  it('on an unknown host', () =>
    refused(
      {
        url: url((to) => {
          to.hostname = 'no-such-host.invalid';
        }),
      },
      {
        says: 'The database host no-such-host.invalid is unknown (ENOTFOUND).',
        remedy: 'Check the host name in the database URL.',
      },
    ));

  it('on a port where nothing listens', () =>
    refused(
      {
        url: url((to) => {
          to.port = '1';
        }),
      },
      {
        code: 1,
        says: `No database server answers at ${new URL(String(database.url)).hostname}:1 (ECONNREFUSED).`,
        remedy: 'Check host and port in the database URL, and that the server runs.',
      },
    ));

  it('that refuses the password', () => {
    const { username, hostname } = new URL(String(database.url));
    return refused(
      {
        url: url((to) => {
          to.password = 'pw-hidden';
        }),
      },
      kind === 'postgres'
        ? {
            says: `The database server refused the user or the password: password authentication failed for user "${username}".`,
            remedy: 'Check the user and the password in DATABASE_URL, PGPASSWORD or .pgpass.',
          }
        : {
            says: `The database server refused the user or the password: Access denied for user '${username}'@'${hostname}' (using password: YES).`,
            remedy: 'Check the user and the password in DATABASE_URL or MYSQL_PWD.',
          },
    );
  });

  it('that asks for a password', () => {
    const { username, hostname } = new URL(String(database.url));
    return refused(
      {
        url: url((to) => {
          to.password = '';
        }),
      },
      kind === 'postgres'
        ? {
            says: 'The database server asks for a password, and none is given.',
            remedy: 'Give it in DATABASE_URL, DATABASE_URL_FILE, PGPASSWORD or .pgpass.',
          }
        : {
            says: `The database server refused the user or the password: Access denied for user '${username}'@'${hostname}' (using password: NO).`,
            remedy: 'Check the user and the password in DATABASE_URL or MYSQL_PWD.',
          },
    );
  });

  it('without that database', () =>
    refused(
      {
        url: url((to) => {
          to.pathname = '/no_such_database';
        }),
      },
      {
        says:
          kind === 'postgres'
            ? 'The server has no such database: database "no_such_database" does not exist.'
            : "The server has no such database: Unknown database 'no_such_database'.",
        remedy: 'Check the database name at the end of the URL.',
      },
    ));

  it.runIf(kind === 'mysql')('whose URL names no database', () =>
    refused(
      {
        url: url((to) => {
          to.pathname = '/';
        }),
      },
      {
        says: 'The database URL names no database.',
        remedy: 'Add it: mysql://user@host:3306/database.',
      },
    ),
  );

  it.runIf(kind === 'postgres')('that cannot encrypt', () =>
    refused(
      { url: url((to) => to.searchParams.set('sslmode', 'verify-full')) },
      {
        code: 1,
        says: 'The connection to the database cannot be made: The server does not support SSL connections.',
        remedy: 'Check the database URL: kind, host, port, and the options behind the "?".',
      },
    ),
  );

  it('that requires a value nobody gives', async () => {
    const on = await fresh(cast);
    await on.query(`ALTER TABLE person ADD COLUMN cost_centre VARCHAR(20) NOT NULL DEFAULT '';
      ALTER TABLE person ALTER COLUMN cost_centre DROP DEFAULT`);
    const changed = await contents(on);
    for (const args of [DRY_RUN, ['migrate', '--yes']]) {
      await refused(
        { on, args, before: changed },
        {
          says: 'A new card would leave 1 required column of person empty: cost_centre.',
          remedy:
            'Say under "card" where each value comes from, {from: column} or {value: constant}; "unmapped: {required: neutral}" gives them neutral values.',
        },
      );
    }
  });

  it('without such a run', () =>
    refused(
      { args: ['report', '--run', 'X'] },
      {
        says: `There is no run "X" in the journal of ${database.name}.`,
        remedy: 'No run has been made on this database yet.',
      },
    ));

  it('and a folder where no report can be kept', async () => {
    const folder = await emptyFolder();
    await writeFile(join(folder, 'onecard-runs'), '');
    const result = await onecard(['migrate', '--yes'], { folder, env: { DATABASE_URL: url() } });
    expectRefusal(result, {
      says: 'The folder onecard-runs for audit reports cannot be written to: a file of that name is in its place.',
      remedy: 'Run onecard in a folder where you may write; nothing was changed.',
    });
    expect(await contents(database)).toEqual(before);
    expect(await journalOf(database)).toEqual([]);
  });

  it('and a plan for a folder that is not there', async () => {
    const folder = await emptyFolder();
    const args = [...DRY_RUN, '--plan-out', 'missing/plan.ndjson'];
    const result = await onecard(args, { folder, env: { DATABASE_URL: url() } });
    expect(result).toMatchObject({ code: 2, stdout: '' });
    expect(result.stderr).toContain('onecard: The file missing/plan.ndjson cannot be written');
    expect(result.stderr).toContain('\n  → ');
    await expectOnlyFiles(folder, []);
  });

  it('and nobody to ask', () =>
    refused(
      { args: ['migrate'] },
      {
        says: 'A run asks before it writes, and there is no terminal to ask on.',
        remedy: 'Add --yes once you have seen `onecard migrate --dry-run`; nothing was changed.',
      },
    ));

  describe('and a user', () => {
    /** A login with these privileges and no more. */
    async function roleWith(...grants: string[]) {
      const { name, url: roleUrl } = await database.createRole();
      const grantee = kind === 'postgres' ? name : `${name}@'%'`;
      for (const each of grants) await database.query(`GRANT ${each} TO ${grantee}`);
      return { name, roleUrl };
    }

    /** What a refusal says of privileges that are missing; `places` are what each is on, as GRANT names it. */
    function lacking(
      role: string,
      missing: [privilege: string, on: string][],
      places: [grant: string, on: string][],
    ) {
      const schema = kind === 'postgres' ? 'public' : database.name;
      const user = kind === 'postgres' ? role : `${role}@%`;
      const described = missing.map(
        ([privilege, on]) => `${privilege} on the ${on.replace('table ', `table ${schema}.`)}`,
      );
      const grantee = kind === 'postgres' ? `"${role}"` : `'${role}'@'%'`;
      const place = (on: string) => {
        if (kind === 'mysql') return on.replace(/table (.*)/, `\`${schema}\`.\`$1\``);
        return on.replace(/table (.*)/, 'TABLE "public"."$1"').replace(/database (.*)/, 'DATABASE "$1"');
      };
      return {
        says:
          described.length === 1
            ? `The database user ${user} lacks ${described[0]}.`
            : `The database user ${user} lacks ${described.length} privileges:\n${described.map((each) => `  ${each}`).join('\n')}`,
        remedy: `Grant what is missing; nothing was written:\n${places
          .map(([privileges, on]) => `    GRANT ${privileges} ON ${place(on)} TO ${grantee};`)
          .join('\n')}`,
      };
    }

    it('who may see one of the tables', async () => {
      const { name, roleUrl } = await roleWith('SELECT ON operator');
      await refused(
        { url: roleUrl },
        kind === 'postgres'
          ? lacking(name, [['SELECT', 'table person']], [['SELECT', 'table person']])
          : {
              says: `The configuration (preset "sample") does not fit the MariaDB database ${database.name}: persons.table: there is no table person, or this user may not see it.`,
              remedy:
                'Name the right tables in onecard.yaml (operators.table, persons.table), or check the database and what its user may see.',
            },
      );
    });

    it('who may write to a table and not read it', async () => {
      const { name, roleUrl } = await roleWith('SELECT ON operator', 'INSERT ON person');
      await refused(
        { url: roleUrl },
        lacking(name, [['SELECT', 'table person']], [['SELECT', 'table person']]),
      );
    });

    it('who may not make a journal', async () => {
      const { name, roleUrl } = await roleWith(
        'SELECT, UPDATE ON operator',
        'SELECT, INSERT, UPDATE ON person',
      );
      const journal = JOURNAL_TABLE_NAMES.map((table) => `table onecard_${table}`);
      const writing = ['SELECT', 'INSERT', 'UPDATE', 'DELETE'];
      await refused(
        { url: roleUrl, args: ['migrate', '--yes', '--quiet'] },
        kind === 'postgres'
          ? lacking(
              name,
              [['CREATE', `database ${database.name}`]],
              [['CREATE', `database ${database.name}`]],
            )
          : lacking(
              name,
              journal.flatMap((table) => writing.map((privilege): [string, string] => [privilege, table])),
              journal.map((table) => [`CREATE, ${writing.join(', ')}`, table]),
            ),
      );
    });
  });

  it.runIf(kind === 'mysql')('whose tables know no transactions', async () => {
    const on = await fresh(cast);
    await on.query(`
      DROP TABLE incident;
      ALTER TABLE operator DROP FOREIGN KEY operator_branch_id_fkey, DROP FOREIGN KEY operator_department_id_fkey,
                           DROP FOREIGN KEY operator_location_id_fkey;
      ALTER TABLE person DROP FOREIGN KEY person_branch_id_fkey, DROP FOREIGN KEY person_department_id_fkey,
                         DROP FOREIGN KEY person_location_id_fkey;
      ALTER TABLE operator ENGINE=MyISAM;
      ALTER TABLE person ENGINE=MyISAM`);
    await refused(
      { on, before: await contents(on) },
      {
        says: 'The tables operator and person have a storage engine without transactions: half of a batch could stay.',
        remedy: 'Convert first: ALTER TABLE operator ENGINE=InnoDB; ALTER TABLE person ENGINE=InnoDB;',
      },
    );
  });
});

it.runIf(postgres)('a PostgreSQL database in another encoding', async () => {
  const name = `latin_${process.pid}_${Date.now()}`;
  const url = await postgres?.createDatabase(name, "ENCODING 'LATIN1' LOCALE 'C' TEMPLATE template0");
  onTestFinished(() => postgres?.dropDatabase(name));
  await refusedAlone(
    DRY_RUN,
    {
      says: `The database ${name} has the encoding LATIN1; onecard compares keys in UTF8.`,
      remedy: "Rehearse on a copy in UTF8, made with CREATE DATABASE … ENCODING 'UTF8'.",
    },
    { DATABASE_URL: String(url) },
  );
});

describe('the embedded sample', () => {
  const [embedded] = databases.filter(({ name }) => name === 'embedded');
  if (embedded === undefined) throw new Error('there is always an embedded database');

  it('without the tables of the configuration', async () => {
    const { folder } = await embedded.fresh(cast);
    await writeFile(join(folder, 'onecard.yaml'), 'preset: sample\noperators:\n  table: actiedoor\n');
    const result = await onecard(DRY_RUN, { folder });
    expectRefusal(result, {
      says: `The configuration (preset "sample") does not fit the embedded sample: ${join(folder, 'onecard.yaml')}, line 3: operators.table: there is no table actiedoor, or this user may not see it.`,
      remedy:
        'Name the right tables in onecard.yaml (operators.table, persons.table), or check the database and what its user may see.',
    });
    await expectOnlyFiles(folder, ['.onecard', 'onecard.yaml']);
    expect(existsSync(join(folder, '.onecard', 'lock'))).toBe(false);
  });

  it('where no folder can be made for it', async () => {
    const folder = await emptyFolder();
    await writeFile(join(folder, '.onecard'), '');
    expectRefusal(await onecard(DRY_RUN, { folder }), {
      says: `The embedded sample cannot be kept in ${join(folder, '.onecard')} (EEXIST).`,
      remedy: 'Run onecard in a folder where you may write, or set DATABASE_URL for a database of your own.',
    });
  });

  it('whose files are damaged', async () => {
    const { folder } = await embedded.fresh(cast);
    const data = join(folder, '.onecard', 'sample');
    await rm(join(data, 'global'), { recursive: true });
    const result = await onecard(DRY_RUN, { folder });
    expect(result).toMatchObject({ code: 2, stdout: '' });
    expect(result.stderr).toMatch(
      /onecard: The embedded sample in .* is damaged\.\n {2}→ Remove that folder: .*\n$/,
    );
  });

  it('that another process works on', async () => {
    const { folder } = await embedded.fresh(cast);
    const lock = join(folder, '.onecard', 'lock');
    const first = startOnecard([...DRY_RUN, '--json'], { folder });
    // Made and written into: between the two, nobody can say whose it is.
    while (!(existsSync(lock) && readFileSync(lock, 'utf8').endsWith('\n'))) await sleep(5);
    // Held still, however quick it is.
    first.child.kill('SIGSTOP');
    const second = await onecard(DRY_RUN, { folder });
    first.child.kill('SIGCONT');
    expectRefusal(second, {
      says: `Another onecard (process ${first.child.pid}) is using the embedded sample.`,
      remedy: `Wait until it has ended. If none is running, remove ${lock}.`,
    });
    expect(await first.result).toMatchObject({ code: 0 });
    expect(existsSync(lock)).toBe(false);
  });

  it('that a dead process has left locked', async () => {
    const { folder } = await embedded.fresh(cast);
    await writeFile(join(folder, '.onecard', 'lock'), `${await deadProcess()}\n`);
    const result = await onecard([...DRY_RUN, '--json'], { folder });
    expect(result).toMatchObject({ code: 0 });
    expect(existsSync(join(folder, '.onecard', 'lock'))).toBe(false);
  });
});

describe('the lock file', () => {
  async function lockWith(text: string): Promise<string> {
    const path = join(await emptyFolder(), '.onecard', 'lock');
    await mkdir(dirname(path));
    await writeFile(path, text);
    return path;
  }

  it('belongs to the process it names while that lives, and to its own maker too', async () => {
    const path = join(await emptyFolder(), 'lock');
    const unlock = lockFile(path);
    expect(() => lockFile(path)).toThrow(`Another onecard (process ${process.pid})`);
    unlock();
    lockFile(path)();
    expect(existsSync(path)).toBe(false);
  });

  it('of another living process stays', async () => {
    const path = await lockWith(`${process.ppid}\n`);
    expect(() => lockFile(path)).toThrow(`Another onecard (process ${process.ppid})`);
  });

  it('of a dead process with the number of this one is taken over, as in a container', async () => {
    const path = await lockWith(`${process.pid} 1\n`);
    lockFile(path)();
    expect(await readdir(dirname(path))).toEqual([]);
  });

  it.runIf(existsSync('/proc/self/stat'))(
    'of a dead process whose number another has now is taken over',
    async () => {
      const path = await lockWith(`${process.ppid} 1\n`);
      lockFile(path)();
      expect(await readdir(dirname(path))).toEqual([]);
    },
  );

  it('that is just being made is not taken over; one that never was finished is', async () => {
    const path = await lockWith('');
    expect(() => lockFile(path)).toThrow('Another onecard is using');
    const old = new Date(Date.now() - 60_000);
    await utimes(path, old, old);
    lockFile(path)();
    await expect(stat(path)).rejects.toThrow('ENOENT');
  });
});

async function deadProcess(): Promise<number> {
  const child = spawn(process.execPath, ['--version'], { stdio: 'ignore' });
  await once(child, 'close');
  return Number(child.pid);
}
