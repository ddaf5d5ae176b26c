import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { checkLayout } from '../../src/config/layout.js';
import { loadConfiguration, type PolicyFlags } from '../../src/config/load.js';
import type { Database } from '../../src/database/database.js';
import type { Column, Table } from '../../src/database/schema.js';
import { findTarget } from '../../src/database/target.js';
import { OnecardError } from '../../src/errors.js';
import type { Configuration, TableName } from '../../src/model/configuration.js';
import { POLICIES } from '../../src/model/policies.js';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'onecard-config-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

/** The configuration of a file with these lines. */
function load(lines: string[], flags: PolicyFlags = {}): Configuration {
  const file = join(folder, 'c.yaml');
  writeFileSync(file, `${lines.join('\n')}\n`);
  return loadConfiguration(file, flags);
}

/** The problems of such a file, a line each, without its path. */
function problemsOf(lines: string[], flags: PolicyFlags = {}): string[] {
  return messageOf(() => load(lines, flags))
    .split('\n')
    .filter((line) => !line.startsWith('The configuration has'))
    .map((line) => line.trim().replace(`${join(folder, 'c.yaml')}, `, ''))
    .map((line) => line.replace(/^(line \d+), column \d+:/, '$1:'));
}

function messageOf(work: () => unknown): string {
  try {
    work();
  } catch (error) {
    if (error instanceof OnecardError) return error.message;
    throw error;
  }
  throw new Error('nothing was wrong');
}

const SAMPLE = 'preset: sample';

describe('a configuration', () => {
  it('is the sample without a file', () => {
    expect(loadConfiguration(undefined)).toEqual({ ...load([SAMPLE]), placeOf: expect.any(Function) });
  });

  it('takes the first value of each policy unless it is told another', () => {
    const first = Object.fromEntries(Object.entries(POLICIES).map(([policy, [value]]) => [policy, value]));
    expect(load([SAMPLE]).policies).toEqual(first);
    const told = load([SAMPLE, 'policies:', '  onMatch: link'], { onSharedKey: 'create' });
    expect(told.policies).toEqual({ ...first, onMatch: 'link', onSharedKey: 'create' });
  });

  it('takes a policy from the flag rather than from the file', () => {
    expect(load([SAMPLE, 'policies: {onMatch: link}'], { onMatch: 'create' }).policies.onMatch).toBe(
      'create',
    );
  });

  it('keeps of the preset what the file does not say', () => {
    const preset = load([SAMPLE]);
    const own = load([SAMPLE, 'operators:', '  table: agents', 'persons:', '  table: hr.people']);
    expect(own).toEqual({
      ...preset,
      digest: own.digest,
      text: own.text,
      placeOf: expect.any(Function),
      operators: { ...preset.operators, table: { schema: undefined, name: 'agents' } },
      persons: { ...preset.persons, table: { schema: 'hr', name: 'people' } },
    });
  });

  it('adds and replaces card columns and keys one by one', () => {
    const preset = load([SAMPLE]);
    const own = (column: string) => ({ column, rows: undefined });
    const loaded = load([
      SAMPLE,
      'card:',
      '  email: {value: ""}',
      '  cost_centre: {value: 7}',
      'match:',
      '  keys:',
      '    email: {operator: mail, person: mail}',
      '    badge: {operator: badge, person: badge}',
    ]);
    expect(loaded.card).toEqual([
      ...preset.card.map((field) =>
        field.column === 'email' ? { column: 'email', source: { value: '' } } : field,
      ),
      { column: 'cost_centre', source: { value: 7 } },
    ]);
    expect(loaded.match.keys).toEqual([
      ...preset.match.keys.map((key) =>
        key.name === 'email' ? { name: 'email', operator: own('mail'), person: own('mail') } : key,
      ),
      { name: 'badge', operator: own('badge'), person: own('badge') },
    ]);
  });

  it('does so for columns and keys that are named like an option, too', () => {
    const own = load([
      SAMPLE,
      'card:',
      '  value: {from: first_name}',
      '  column: {from: last_name}',
      'match:',
      '  keys:',
      '    operator: {operator: id, person: id}',
    ]);
    expect(own.card.map(({ column }) => column)).toEqual(
      expect.arrayContaining(['first_name', 'email', 'value', 'column']),
    );
    expect(own.match.keys.map(({ name }) => name)).toEqual(expect.arrayContaining(['email', 'operator']));
  });

  it.each([
    ['{column: kind, isNot: group}', { column: 'kind', isNot: 'group' }],
    ['{column: kind, in: [operator, 1]}', { column: 'kind', in: ['operator', 1] }],
    ['{column: login_name, isNull: false}', { column: 'login_name', isNull: false }],
    [
      '{all: [{column: a, is: 1}, {any: [{column: b, is: true}, {column: c, isNull: true}]}]}',
      {
        all: [
          { column: 'a', is: 1 },
          {
            any: [
              { column: 'b', is: true },
              { column: 'c', isNull: true },
            ],
          },
        ],
      },
    ],
  ])('replaces a condition as a whole: %s', (text, condition) => {
    expect(load([SAMPLE, 'operators:', `  rows: ${text}`]).operators.rows).toEqual(condition);
  });

  it('replaces what grants and denies as a whole: half of it could deny the wrong thing', () => {
    expect(problemsOf([SAMPLE, 'persons:', '  ssp: {column: portal}'])).toEqual([
      'line 3: persons.ssp.granted is missing',
      'line 3: persons.ssp.denied is missing',
    ]);
  });

  it('replaces the ignored values as a whole', () => {
    expect(load([SAMPLE, 'match: {ignoreValues: [none]}']).match.ignoreValues).toEqual(['none']);
  });

  it('compares ignored values as keys are compared, however they are written', () => {
    expect(load([SAMPLE, 'match: {ignoreValues: [N/A, " Geen "]}']).match.ignoreValues).toEqual([
      'n/a',
      'geen',
    ]);
  });

  it('needs no preset where it says everything', () => {
    const own = load([
      'operators: {table: agent, key: id, link: person, name: [name]}',
      'persons:',
      '  table: people',
      '  key: id',
      '  name: [name]',
      '  ssp: {column: portal, granted: "Y", denied: "N"}',
      '  caller: {column: caller, granted: 1, denied: 0}',
      'card: {name: {from: name}}',
      'match: {keys: {mail: {operator: mail, person: mail}}}',
    ]);
    expect(own).toMatchObject({
      preset: undefined,
      operators: { rows: undefined },
      persons: { ssp: { column: 'portal', granted: 'Y', denied: 'N' } },
      policies: { onMatch: 'review' },
    });
  });

  it('fills required columns that are only called like a credential with what opens no door', () => {
    const own = load([
      SAMPLE,
      'card:',
      '  password_expired: {value: false}',
      '  ssp_password_hash: {value: ""}',
    ]);
    expect(own.card).toContainEqual({ column: 'ssp_password_hash', source: { value: '' } });
    expect(problemsOf([SAMPLE, 'card:', '  ssp_password_hash: {value: "5f4d"}'])).toEqual([
      'line 3: card.ssp_password_hash looks like a credential: leave it out, or give it the constant "".',
    ]);
  });
});

describe('the problems of a configuration', () => {
  it('come all at once, each with its line', () => {
    expect(
      problemsOf(
        [
          '# a comment',
          SAMPLE,
          'operators:',
          '  table:',
          '  key: 5',
          '  nme: [last_name]',
          'persons:',
          '  ssp:',
          '    column: portal',
          '    granted: [1]',
          '    denied: 0',
          'card:',
          '  mobile: phone',
          '  portal: {value: true}',
          'match:',
          '  ignoreValues:',
          '    - x',
          '    - 0',
          'policies:',
          '  onMatch: sometimes',
        ],
        { archivedPersons: 'maybe' },
      ),
    ).toEqual([
      'line 4: operators.table is empty',
      'line 5: operators.key has to be a text, not 5: put it in quotes',
      'line 6: operators.nme is no option; did you mean name?',
      'line 10: persons.ssp.granted has to be a text, a number, true or false',
      'line 13: card.mobile has to be {from: a value of the operator} or {value: a constant}',
      'line 14: card.portal is set by onecard itself: leave it out',
      'line 18: match.ignoreValues.1 has to be a text, not 0: put it in quotes',
      'line 20: policies.onMatch has to be review, link or create, not "sometimes"',
      '--archived-persons has to be candidates or ignore, not "maybe"',
    ]);
  });

  it.each([
    [
      'operators: {table: ""}',
      'operators.table has to be a table name, schema.table, or {schema: …, name: …}',
    ],
    [
      'operators: {table: "a.b.c"}',
      'operators.table has to be a table name, schema.table, or {schema: …, name: …}',
    ],
    ['operators: {name: []}', 'operators.name must not be empty'],
    ['operators: agents', 'operators has to be a mapping with options of its own, not "agents"'],
    ['references: remark.author', 'references has to be a list, not "remark.author"'],
    ['match: {keys: 1}', 'match.keys has to be a mapping with options of its own, not 1'],
    ['policies: link', 'policies has to be a mapping with options of its own, not "link"'],
    [
      'colour: red',
      'colour is no option; there are preset, operators, persons, card, unmapped, volatileColumns, references, match, policies',
    ],
    [
      'card: {email: {from: mail, value: x}}',
      'card.email has to be {from: a value of the operator} or {value: a constant}',
    ],
    [
      'card: {pin: {from: api_token}}',
      'card.pin copies api_token, which looks like a credential: leave it out',
    ],
    [
      'card: {wachtwoord: {from: x}}',
      'card.wachtwoord looks like a credential: leave it out, or give it the constant ""',
    ],
    ['card: {id: {from: id}}', 'card.id is set by onecard itself: leave it out'],
  ])('%s', (line, problem) => {
    expect(problemsOf([SAMPLE, line])).toEqual([`line 2: ${problem}.`]);
  });

  it('do not hide a wrong flag, nor does a flag hide a wrong file', () => {
    expect(problemsOf(['preset: other'], { onMatch: 'maybe' })).toEqual([
      'line 1: preset has to be sample or topdesk, not "other", or left out with every option given',
      '--on-match has to be review, link or create, not "maybe"',
    ]);
  });

  it('say what is missing without a preset', () => {
    const file = join(folder, 'c.yaml');
    expect(problemsOf(['operators: {table: agent}'])).toEqual([
      'line 1: operators.key is missing',
      'line 1: operators.link is missing',
      'line 1: operators.name is missing',
      `${file}: persons is missing`,
      `${file}: card is missing`,
      `${file}: match.keys is missing`,
    ]);
  });
});

describe('the digest of a configuration', () => {
  const digest = loadConfiguration(undefined).digest;

  it('is the same for the same configuration, however it is written', () => {
    expect(load([SAMPLE]).digest).toBe(digest);
    expect(load(['# mine', 'preset: "sample"', 'policies: {onMatch: review}']).digest).toBe(digest);
  });

  it.each<[string, string[], PolicyFlags]>([
    ['a policy of a flag', [], { onMatch: 'link' }],
    ['a policy of the file', ['policies: {archivedPersons: ignore}'], {}],
    ['a column of the card', ['card: {email: {value: ""}}'], {}],
    ['a key', ['match: {keys: {email: {operator: mail, person: email}}}'], {}],
    ['an ignored value', ['match: {ignoreValues: [x]}'], {}],
    ['a condition', ['operators: {excluded: {column: demo_account, is: false}}'], {}],
  ])('changes with %s', (_, lines, flags) => {
    expect(load([SAMPLE, ...lines], flags).digest).not.toBe(digest);
  });

  it('says the same of a policy from the file and from a flag', () => {
    expect(load([SAMPLE, 'policies: {onMatch: link}']).digest).toBe(
      load([SAMPLE], { onMatch: 'link' }).digest,
    );
  });

  it('knows nothing of the database URL', () => {
    expect(JSON.stringify(load([SAMPLE]))).not.toContain('url');
  });
});

describe('the target', () => {
  it('is the flag, else DATABASE_URL, its file, the variables of PostgreSQL, and last the sample', () => {
    const file = join(folder, 'url');
    writeFileSync(file, 'mariadb://u:p@from-file/x\n');
    const env = { DATABASE_URL: 'mysql://u:p@h/x', DATABASE_URL_FILE: file, PGHOST: 'pg' };
    expect(findTarget('postgresql://u@flag/x', env)).toEqual({
      kind: 'postgres',
      url: 'postgresql://u@flag/x',
    });
    expect(findTarget(undefined, env)).toEqual({ kind: 'mysql', url: 'mysql://u:p@h/x' });
    expect(findTarget(undefined, { ...env, DATABASE_URL: '' })).toEqual({
      kind: 'mysql',
      url: 'mariadb://u:p@from-file/x',
    });
    expect(findTarget(undefined, { PGHOST: 'pg' })).toEqual({ kind: 'postgres', url: undefined });
    expect(findTarget(undefined, {})).toEqual({ kind: 'embedded' });
  });

  it.each(['postgres://u:pw-hidden@h:0x/y', 'pw-hidden', 'mysql://u:a@pw-hidden/b@h/x'])(
    'that is wrong is not repeated: %s',
    (url) => {
      expect(messageOf(() => findTarget(undefined, { DATABASE_URL: url }))).not.toContain('pw-hidden');
    },
  );
});

describe('a layout', () => {
  const column = (name: string, nullable = true): Column => ({
    name,
    type: 'text',
    baseType: 'text',
    family: 'text',
    labels: undefined,
    length: null,
    nullable,
    filledByServer: false,
    isGenerated: false,
    movedByServer: false,
    keySource: undefined,
    collation: null,
  });

  const table = (name: string, columns: Column[]): Table => ({
    name: { schema: 'public', name },
    columns: new Map(columns.map((each) => [each.name, each])),
    uniqueIndexes: [],
    isTransactional: true,
    kind: 'table',
    estimatedRows: 0,
  });

  /** A database that knows these tables. */
  const databaseWith = (...tables: Table[]) =>
    ({
      identity: { kind: 'PostgreSQL', version: '15', database: 'd', server: 's' },
      rules: async () => ({ uniques: [], checks: [], foreignKeys: [], defaults: new Map() }),
      tableNames: async () => tables.map(({ name }) => name.name),
      inspect: async (name: TableName) => tables.find((each) => each.name.name === name.name),
      privileges: { toMeet: async () => [], lacking: async () => [] },
    }) as unknown as Database;

  const configuration = (): Configuration => ({
    ...load([
      'operators: {table: agent, key: id, link: person_id, name: [name]}',
      'persons: {table: people, key: id, name: [name], ssp: {column: ssp, granted: 1, denied: 0}, caller: {column: caller, granted: 1, denied: 0}}',
      'card: {name: {from: name}}',
      'match: {keys: {mail: {operator: mail, person: mail}}}',
    ]),
    placeOf: () => '',
  });
  const agent = () =>
    table(
      'agent',
      ['id', 'name', 'mail'].map((name) => column(name)),
    );
  const people = (...more: Column[]) =>
    table('people', [...['id', 'name', 'mail'].map((name) => column(name)), ...more]);

  it('notes the columns that a run would add', async () => {
    const { gaps } = await checkLayout(databaseWith(agent(), people(column('ssp'))), configuration());
    expect(gaps.map(({ holds, column }) => [holds, column])).toEqual([
      ['link', 'person_id'],
      ['caller', 'caller'],
    ]);
  });

  it('names every required column that nothing fills, at once', async () => {
    const database = databaseWith(
      agent(),
      people(column('ssp'), column('town', false), column('title', false)),
    );
    await expect(checkLayout(database, configuration())).rejects.toThrow(
      'A new card would leave 2 required columns of people empty: town, title.',
    );
  });

  it('lists missing tables and columns of both sides together', async () => {
    await expect(
      checkLayout(databaseWith(people()), { ...configuration(), preset: undefined }),
    ).rejects.toThrow(
      'The configuration does not fit the PostgreSQL database d: operators.table: there is no table agent, or this user may not see it.',
    );
    const poor = databaseWith(
      table('agent', [column('id'), column('e_mail')]),
      table('people', [column('id')]),
    );
    await expect(checkLayout(poor, configuration())).rejects.toThrow(
      [
        'The configuration does not fit the PostgreSQL database d:',
        '  operators.name.0: the table agent has no column name',
        '  persons.name.0: the table people has no column name',
        '  match.keys.mail.operator: the table agent has no column mail; did you mean e_mail?',
        '  match.keys.mail.person: the table people has no column mail',
        '  card.name: the table people has no column name',
        '  card.name.from: the table agent has no column name',
      ].join('\n'),
    );
  });
});
