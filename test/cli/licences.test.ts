import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { databases, type Template, type TestDatabase } from '../support/databases.js';
import { onecardOn, writingNothing } from '../support/on-database.js';

/** Instants as clocks show them five hours behind UTC, so that none of them is right by chance. */
const helpdesk: Template = {
  name: 'last-logins',
  async fill(query, kind) {
    const [instant, local] = kind === 'postgres' ? ['timestamptz', 'timestamp'] : ['timestamp', 'datetime'];
    const behind = kind === 'postgres' ? `SET timezone = 'Etc/GMT+5'` : `SET time_zone = '-05:00'`;
    await query(
      `CREATE TABLE contact (id integer PRIMARY KEY, name varchar(40), gone integer, seen ${instant} NULL)`,
    );
    await query(`CREATE TABLE agent (
      id integer PRIMARY KEY, name varchar(40), sort varchar(10) NOT NULL, gone integer NOT NULL, licence varchar(20),
      contact_id integer, seen ${instant} NULL, clock ${local}, day date, note varchar(40), since integer)`);
    await query(
      `CREATE TABLE login (contact_id integer NOT NULL, via varchar(10) NOT NULL, at ${local}, note varchar(40))`,
    );
    await query('CREATE INDEX by_contact ON login (contact_id)');
    await query(`${behind};
    INSERT INTO contact VALUES
      (1, 'Anna', 0, '2026-06-01 03:00:00'), (2, 'Bert', 0, '2026-04-01 03:00:00'), (3, 'Cleo', 0, NULL),
      (4, 'Dirk', 1, NULL), (10, 'Hugo', 0, '2026-05-01 12:00:00'), (11, 'Ida', 0, '2026-06-30 00:00:00');
    INSERT INTO agent (id, name, sort, gone, licence, contact_id, seen) VALUES
      (1, 'Anna', 'human', 0, 'full', 1, '2026-01-10 03:00:00'),
      (2, 'Bert', 'human', 0, 'light', 2, NULL),
      (3, 'Cleo', 'human', 0, 'full', 3, NULL),
      (4, 'Dirk', 'human', 1, 'full', 4, '2026-02-01 10:00:00'),
      (5, 'Robot', 'api', 0, NULL, NULL, NULL),
      (6, 'Emma', 'human', 0, 'light', NULL, '2026-03-31 23:30:00'),
      (7, 'Finn', 'human', 0, '', 99, '2026-06-29 10:00:00'),
      (8, 'Gina', 'human', 0, 'full', NULL, '2031-01-01 00:00:00'),
      (9, 'Second line', 'group', 0, NULL, NULL, NULL),
      (10, 'Hugo', 'human', 0, 'full', 10, '2026-05-01 12:00:01'),
      (11, 'Ida', 'human', 0, 'full', 11, '2026-06-30 00:00:00'),
      (12, 'Hook', 'api', 1, NULL, 1, '2026-06-30 08:00:00')`);
    // As a day, without a zone, and as texts; the logins of persons in a table of their own.
    await query(
      `UPDATE agent SET day = '2026-06-29', clock = '2026-06-30 23:59:59.000', note = '2026-06-30T01:30:00+02:00' WHERE id = 1`,
    );
    await query(
      `UPDATE agent SET day = '2026-03-01', clock = '2026-07-01 09:00:00', note = ' ' WHERE id = 2`,
    );
    await query(`UPDATE agent SET note = 'yesterday', since = 1767225600 WHERE id = 3`);
    await query(`UPDATE agent SET note = '2026-06-31' WHERE id = 4`);
    await query(`UPDATE agent SET note = '2026-06-30 07:15' WHERE id = 6`);
    await query(`INSERT INTO login VALUES
      (1, 'ssp', '2026-06-01 10:00:00', '2026-06-01'), (1, 'ssp', '2026-06-02 10:00:00', 'never'),
      (1, 'desk', '2026-06-02 10:00:01', '2026-06-03T10:00:00Z'), (2, 'ssp', '2026-01-01 00:00:00', NULL), (2, 'ssp', '2025-12-01 00:00:00', NULL),
      (3, 'web', '2026-06-30 00:00:00', '2026-06-05')`);
  },
};

interface Options {
  readonly operators?: string;
  readonly persons?: string;
}

const configuration = ({ operators = '', persons = '' }: Options) => `
operators:
  table: agent
  key: id
  link: contact_id
  name: [name]
  rows: { column: sort, isNot: group }
  apiAccount: { column: sort, is: api }
  archived: { column: gone, is: 1 }
  ${operators}
persons:
  table: contact
  key: id
  name: [name]
  ssp: { column: portal, granted: true, denied: false }
  caller: { column: caller, granted: true, denied: false }
  archived: { column: gone, is: 1 }
  ${persons}
card: { name: { from: name } }
match: { keys: { name: { operator: name, person: name } } }
`;

const BOTH: Options = { operators: 'lastLogin: seen\n  licence: licence', persons: 'lastLogin: seen' };
const AS_OF = ['--as-of', '2026-06-30'];
const NO_PERSON = 'linked to a person that does not exist';
const AHEAD = 'last seen after the day that is counted to';

/** By hand: operator, kind, archived, person, archived, licence, last seen, where, on whose card, days, problems. */
const ROWS = [
  ['1', 'human', false, '1', false, 'full', '2026-06-01T08:00:00Z', 'SSP', 'person', 29, null],
  ['2', 'human', false, '2', false, 'light', '2026-04-01T08:00:00Z', 'SSP', 'person', 90, null],
  ['3', 'human', false, '3', false, 'full', null, null, null, null, null],
  ['4', 'human', true, '4', true, 'full', '2026-02-01T15:00:00Z', 'operator portal', 'operator', 149, null],
  ['5', 'api-account', false, null, null, null, null, null, null, null, null],
  ['6', 'human', false, null, null, 'light', '2026-04-01T04:30:00Z', 'operator portal', 'operator', 90, null],
  [
    '7',
    'human',
    false,
    '99',
    null,
    null,
    '2026-06-29T15:00:00Z',
    'operator portal',
    'operator',
    1,
    NO_PERSON,
  ],
  [
    '8',
    'human',
    false,
    null,
    null,
    'full',
    '2031-01-01T05:00:00Z',
    'operator portal',
    'operator',
    -1646,
    AHEAD,
  ],
  [
    '10',
    'human',
    false,
    '10',
    false,
    'full',
    '2026-05-01T17:00:01Z',
    'operator portal',
    'operator',
    60,
    null,
  ],
  ['11', 'human', false, '11', false, 'full', '2026-06-30T05:00:00Z', 'operator portal', 'operator', 0, null],
  [
    '12',
    'api-account',
    true,
    '1',
    false,
    null,
    '2026-06-30T13:00:00Z',
    'operator portal',
    'operator',
    0,
    null,
  ],
];

const COLUMNS = [
  ...['operator', 'kind', 'archived', 'person', 'personArchived', 'licence', 'lastSeen'],
  ...['lastSeenIn', 'lastSeenOn', 'daysSince', 'problems'],
];

const valuesOf = (record: Record<string, unknown>) => COLUMNS.map((column) => record[column]);
const fromNdjson = (text: string): Record<string, unknown>[] =>
  text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line));

describe.each(databases)('the licence overview on $name', ({ name, kind, fresh }) => {
  let database: TestDatabase;
  beforeAll(async () => {
    database = await fresh(helpdesk);
    // What sessions there show as midnight is no midnight in UTC.
    if (kind === 'postgres')
      await database.query(`DO $$ BEGIN
        EXECUTE format('ALTER DATABASE %I SET timezone TO %L', current_database(), 'Asia/Tokyo');
      END $$`);
  });

  async function report(options: Options, ...args: string[]) {
    await writeFile(join(database.folder, 'onecard.yaml'), configuration(options));
    return onecardOn(database, ['report', 'licences', ...AS_OF, ...args]);
  }

  async function rowsOf(options: Options, ...args: string[]) {
    const { code, stdout, stderr } = await report(options, '--format', 'ndjson', ...args);
    expect(code, stderr).toBe(0);
    return fromNdjson(stdout);
  }

  /** Operator → last seen, where, on whose card, days, problems; those who were never seen left out. */
  async function seen(options: Options) {
    const rows = await rowsOf(options);
    return Object.fromEntries(
      rows
        .filter(
          ({ lastSeen, problems }) => lastSeen !== null || (problems !== null && problems !== NO_PERSON),
        )
        .map((row) => [row['operator'], valuesOf(row).slice(COLUMNS.indexOf('lastSeen'))]),
    );
  }

  it('tells when each was last seen on either card, and where, and writes nothing', async () => {
    const rows = await writingNothing(database, () => rowsOf(BOTH));
    expect(rows.map(valuesOf)).toEqual(ROWS);
    expect(rows.map(({ operatorName, personName }) => [operatorName, personName]).slice(0, 5)).toEqual([
      ['Anna', 'Anna'],
      ['Bert', 'Bert'],
      ['Cleo', 'Cleo'],
      ['Dirk', 'Dirk'],
      ['Robot', null],
    ]);
  });

  it('lists only humans whom nobody has seen for so many days, or ever', async () => {
    const operators = async (days: string) =>
      (await rowsOf(BOTH, '--not-seen-for', days)).map(({ operator }) => operator);
    expect(await operators('90')).toEqual(['2', '3', '4', '6']);
    expect(await operators('91')).toEqual(['3', '4']);
  });

  it('counts to another day', async () => {
    const { stdout } = await report(BOTH, '--as-of', '2026-07-10', '--format', 'csv');
    expect(stdout).toContain(
      '\n1,Anna,human,false,1,Anna,false,full,2026-06-01T08:00:00Z,SSP,person,39,\r\n',
    );
  });

  it('has totals per kind of licence, API accounts apart', async () => {
    const { stdout } = await report(BOTH, '--totals', '--json');
    expect(JSON.parse(stdout).map(Object.values)).toEqual([
      // licence, operators, archived, not seen, of these not archived, never seen, API accounts
      ['full', 6, 1, 2, 1, 1, 0],
      ['light', 2, 0, 2, 2, 0, 0],
      [null, 1, 0, 0, 0, 0, 2],
    ]);
    const fewer = await report(BOTH, '--totals', '--json', '--not-seen-for', '29');
    expect(JSON.parse(fewer.stdout)[0]).toMatchObject({ licence: 'full', notSeen: 4, notSeenInUse: 3 });
  });

  it('shows it all on a terminal, and says what the configuration leaves open', async () => {
    const { stdout, stderr } = await report({ operators: 'lastLogin: seen' });
    expect(stdout).toMatch(/^Dirk +– +2026-02-01 15:00Z +operator portal +149 +archived; person archived$/m);
    expect(stdout).toMatch(/^Robot +– +never +API account$/m);
    expect(stdout).toMatch(/^unknown +9 +1 +5 +4 +2 +2$/m);
    expect(stdout).toContain('Not seen: for 90 days or longer, up to 2026-06-30, or never.\n');
    expect(stderr).toContain('licence kind unknown: operators.licence is not configured');
    expect(stderr).toContain('persons.lastLogin is not configured');
  });

  it('replaces keys and names by pseudonyms', async () => {
    await writeFile(join(database.folder, 'onecard.yaml'), configuration(BOTH));
    const args = ['report', 'licences', ...AS_OF, '--redact', '--json'];
    const env = { ONECARD_REDACT_KEY: 'a secret of some length' };
    const { stdout } = await onecardOn(database, args, { env });
    expect(stdout).not.toMatch(/Anna|Robot|Finn/);
    const rows: Record<string, unknown>[] = JSON.parse(stdout);
    expect(rows[0]).toMatchObject({ operator: expect.stringMatching(/^operator-/), licence: 'full' });
    expect(rows[0]).toMatchObject({ lastSeen: '2026-06-01T08:00:00Z', daysSince: 29 });
    expect(rows[6]).toMatchObject({ person: expect.stringMatching(/^person-/), personName: null });
  });

  it('reads days, and times without a zone, as they stand', async () => {
    expect(await seen({ operators: 'lastLogin: day' })).toEqual({
      1: ['2026-06-29', 'operator portal', 'operator', 1, null],
      2: ['2026-03-01', 'operator portal', 'operator', 121, null],
    });
    expect(await seen({ operators: 'lastLogin: { ssp: clock }' })).toEqual({
      1: ['2026-06-30T23:59:59', 'SSP', 'operator', 0, null],
      // Clocks may be ahead of UTC.
      2: ['2026-07-01T09:00:00', 'SSP', 'operator', -1, null],
    });
  });

  it('reads texts in ISO 8601, and names what is none', async () => {
    expect(await seen({ operators: 'lastLogin: note' })).toEqual({
      1: ['2026-06-29T23:30:00Z', 'operator portal', 'operator', 1, null],
      3: [null, null, null, null, 'operators.lastLogin is no date or time: "yesterday"'],
      4: [null, null, null, null, 'operators.lastLogin is no date or time: "2026-06-31"'],
      6: ['2026-06-30T07:15:00', 'operator portal', 'operator', 0, null],
    });
  });

  it('reads the latest of the logins in another table, by portal', async () => {
    const of = (column: string, via: string) =>
      `{ column: ${column}, table: login, on: { contact_id: id }, where: { column: via, is: ${via} } }`;
    const times = { persons: `lastLogin: { operatorPortal: ${of('at', 'desk')}, ssp: ${of('at', 'ssp')} }` };
    const ofAnna = ['2026-06-02T10:00:01', 'operator portal', 'person', 28, null];
    expect(await seen(times)).toEqual({
      1: ofAnna,
      2: ['2026-01-01T00:00:00', 'SSP', 'person', 180, null],
      12: ofAnna,
    });
    const texts = { persons: `lastLogin: ${of('note', 'ssp')}` };
    const text = ['2026-06-01', 'SSP', 'person', 29, 'persons.lastLogin is no date or time: "never"'];
    expect(await seen(texts)).toEqual({ 1: text, 12: text });
  });

  it.each([
    ['no last login at all', {}, [], /does not say where a last login is found/],
    [
      'a number',
      { operators: 'lastLogin: since', persons: 'lastLogin: { ssp: gone }' },
      [],
      /line 10, .*operators\.lastLogin: the column since is int\S*, which holds no date\n.*persons\.lastLogin\.ssp: the column gone/,
    ],
    [
      'a misspelt portal',
      { persons: 'lastLogin: { spp: seen }' },
      [],
      /persons\.lastLogin\.spp is no option; did you mean ssp\?/,
    ],
    [
      'neither portal',
      { persons: 'lastLogin: {}' },
      [],
      /persons\.lastLogin has to be a column name, .* or \{operatorPortal: …, ssp: …\}\./,
    ],
    [
      'a misspelt column',
      { persons: 'lastLogin: { ssp: sen }' },
      [],
      /persons\.lastLogin\.ssp: the table contact has no column sen/,
    ],
    [
      'no such licence column',
      { operators: 'licence: licens' },
      [],
      /operators\.licence: .* did you mean licence\?/,
    ],
    [
      'a day that there is not',
      BOTH,
      ['--as-of', '2026-02-30'],
      /--as-of cannot be '2026-02-30'\. It has to be a day/,
    ],
    ['days that are none', BOTH, ['--not-seen-for', '-1'], /--not-seen-for cannot be '-1'/],
    ['a flag of the link report', BOTH, ['--run', 'x'], /Unknown option '--run'/],
    [
      'one word too many',
      BOTH,
      ['all'],
      /"all" is no flag of report licences\.\n.*`onecard report licences --help`/,
    ],
  ] as const)('refuses %s', async (_, options, args, message) => {
    const { code, stdout, stderr } = await report(options, ...args);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr.match(/onecard: /g)).toHaveLength(1);
    expect(stderr).toMatch(message);
  });

  it('refuses a flag that stands before it, and leaves the link report as it is', async () => {
    await writeFile(join(database.folder, 'onecard.yaml'), configuration(BOTH));
    const before = await onecardOn(database, ['report', '--format', 'csv', 'licences']);
    expect(before).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('Put --format behind licences.'),
    });
    const links = await onecardOn(database, ['report', '--format', 'csv']);
    expect(links, links.stderr).toMatchObject({ code: 0, stdout: expect.stringContaining('linkedBy') });
  });

  it.skipIf(name === 'embedded')('needs no more than what grants print for reports', async () => {
    const elsewhere = '{ column: at, table: login, on: { contact_id: id } }';
    const options = { ...BOTH, persons: `lastLogin: ${elsewhere}` };
    await writeFile(join(database.folder, 'onecard.yaml'), configuration(options));
    const role = await database.createRole();
    const granted = await onecardOn(database, ['grants', 'report', '--role', role.name, '--json']);
    const [{ statements, privileges }] = JSON.parse(granted.stdout).commands;
    const onTables = privileges.filter(({ on }: { on: string }) => on === 'table');
    expect(onTables.map(({ privilege }: { privilege: string }) => privilege)).toEqual(
      Array(3).fill('SELECT'),
    );
    for (const statement of statements) await database.query(statement);
    const args = ['report', 'licences', ...AS_OF, '--format', 'csv'];
    const result = await onecardOn(database, args, { env: { DATABASE_URL: role.url } });
    expect(result.code, result.stderr).toBe(0);
    expect(result.stdout.split('\r\n')).toHaveLength(ROWS.length + 2);
    const login =
      kind === 'postgres'
        ? `REVOKE ALL ON login FROM "${role.name}"`
        : `REVOKE SELECT ON login FROM '${role.name}'`;
    await database.query(login);
    const lacking = await onecardOn(database, args, { env: { DATABASE_URL: role.url } });
    expect(lacking.code).toBe(2);
    expect(lacking.stderr).toContain('login');
  });
});
