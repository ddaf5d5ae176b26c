import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, describe, expect, inject, it, onTestFinished } from 'vitest';
import { loadConfiguration } from '../../src/config/load.js';
import { OnecardError } from '../../src/errors.js';
import { type CliResult, onecard } from '../support/cli.js';
import { type Contents, contents } from '../support/contents.js';
import { serverDatabases, type Template, type TestDatabase } from '../support/databases.js';
import { cast } from './cast.js';

/**
 * Every mistake in a configuration that we could think of. In each file, ▸ stands before what the message has to
 * point at, by line and column; one problem is said for each ▸.
 */
type Bad = readonly [mistake: string, yaml: string, ...says: string[]];

const FILE = 'custom.yaml';
const DRY_RUN = ['migrate', '--dry-run', '--config', FILE];
/** What is wrong with a file by itself is found before a connection is made: this server does not exist. */
const NO_SERVER = 'postgres://u:pw-hidden@127.0.0.1:1/x';

const preset = 'preset: sample\n';
const operators = (option: string) => `${preset}operators:\n  ${option}\n`;
const rows = (condition: string) => operators(`▸rows: ${condition}`);
const inRows = (condition: string) => operators(`rows: ${condition}`);
const persons = (option: string) => `${preset}persons:\n  ${option}\n`;
const card = (option: string) => `${preset}card:\n  ${option}\n`;
const keys = (option: string) => `${preset}match:\n  keys:\n    ${option}\n`;

const CONDITION =
  'has to be a condition: {column: …, is: …}, or with isNot, in, isNull or matches instead of is; {row: …}, {all: […]}, {any: […]} or {not: …}';
const VALUE = 'has to be a column name, or {column: …, table: …, on: {their column: our column}}';
const TABLE = 'has to be a table name, schema.table, or {schema: …, name: …}';
const FLAG =
  'has to be {column: …, granted: …, denied: …}, or {row: {table: …, on: …}} where a row elsewhere grants it';
const CONSTANT = 'has to be a text, a number, true or false';
const MAPPING = 'has to be a mapping with options of its own';
const OPTIONS = 'preset, operators, persons, card, unmapped, volatileColumns, references, match, policies';

/** Whatever a command line is told by this file, nothing may come of it but the message. */
async function refusedWith(yaml: string, url: string): Promise<CliResult> {
  const folder = await mkdtemp(join(inject('sharedFolder'), 'bad-configuration-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  await writeFile(join(folder, FILE), yaml.replaceAll('▸', ''));
  const result = await onecard(DRY_RUN, { folder, env: { DATABASE_URL: url } });
  expect(result).toMatchObject({ code: 2, stdout: '' });
  expect(result.stderr).not.toMatch(/^ {4}at |Invalid|Zod|pw-hidden/m);
  expect(await readdir(folder)).toEqual([FILE]);
  return result;
}

/** The same of what the command line would say and exit with, where it only reads the file. */
async function refusalOf(yaml: string): Promise<OnecardError> {
  const folder = await mkdtemp(join(inject('sharedFolder'), 'bad-configuration-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  const file = join(folder, FILE);
  await writeFile(file, yaml.replaceAll('▸', ''));
  try {
    loadConfiguration(file);
  } catch (error) {
    if (!(error instanceof OnecardError)) throw error;
    const { remedy, exitCode } = error;
    return new OnecardError(error.message.replaceAll(file, FILE), {
      ...(remedy !== undefined && { remedy }),
      exitCode,
    });
  }
  throw new Error('nothing was wrong');
}

/** The last that is said: one sentence or a list, and the remedy. */
const said = ({ stderr }: CliResult) => stderr.slice(stderr.indexOf('onecard: '));

/** `custom.yaml, line 3, column 5: ` for each ▸. */
function placesIn(yaml: string): string[] {
  const [before = '', ...after] = yaml.split('▸');
  let text = before;
  return after.map((part) => {
    const lines = text.split('\n');
    text += part;
    return `${FILE}, line ${lines.length}, column ${[...(lines.at(-1) ?? '')].length + 1}: `;
  });
}

function problemsIn(yaml: string, says: readonly string[]): string[] {
  const places = placesIn(yaml);
  expect(places).toHaveLength(says.length);
  return says.map((text, index) => `${places[index]}${text}`);
}

const ended = (text: string) => (text.endsWith('?') ? text : `${text}.`);

describe('a file that is no YAML', () => {
  const remedy =
    'Correct that place: YAML indents with blanks, never tabs, and closes each quote and bracket.';

  it.each<[mistake: string, yaml: string, why: string]>([
    ['a tab', `${preset}operators:\n\ttable: x\n`, 'line 3 is indented with a tab'],
    ['an open quote', operators('table: "x\n  key: id'), 'a quote that is opened in line 3 is never closed'],
    ['two documents', `${preset}---\n${preset}`, 'line 2 begins a second document'],
    [
      'an alias without its anchor',
      inRows('{column: kind, is: *operator}'),
      'line 3 refers to *operator, and no &operator is before it',
    ],
    ['an option twice', `${preset}${preset}`, 'Map keys must be unique (line 2, column 1)'],
    [
      'a key of the match twice',
      keys('email: {operator: email, person: email}\n    email: {operator: mail, person: mail}'),
      'Map keys must be unique (line 5, column 5)',
    ],
    [
      'an open brace',
      `${preset}operators: {table: x\n`,
      'Flow map in block collection must be sufficiently indented and end with a } (line 3, column 1)',
    ],
    [
      'options that are not aligned',
      `${preset}operators:\n  table: x\n key: y\n`,
      'All mapping items must start at the same column (line 4, column 1)',
    ],
    [
      'two options in one line',
      `${preset}operators: table: x\n`,
      'Nested mappings are not allowed in compact mappings (line 2, column 12)',
    ],
    [
      'a value that needs quotes',
      `${preset}match:\n  ignoreValues: [@, -]\n`,
      'Plain value cannot start with reserved character @ (line 3, column 18)',
    ],
  ])('%s', async (_, yaml, why) => {
    const result = await refusedWith(yaml, NO_SERVER);
    expect(said(result)).toBe(`onecard: ${FILE} is not valid YAML: ${why}.\n  → ${remedy}\n`);
  });
});

describe('a file that says what no configuration can', () => {
  const bad: readonly Bad[] = [
    [
      'no such preset',
      '▸preset: exemplar\n',
      'preset has to be sample or topdesk, not "exemplar", or left out with every option given',
    ],
    ['no preset after all', '▸preset:\n', 'preset is empty'],
    ['an unknown option', `${preset}▸colour: red\n`, `colour is no option; there are ${OPTIONS}`],
    [
      'a misspelt option',
      `${preset}▸operator: {table: x}\n`,
      'operator is no option; did you mean operators?',
    ],
    ['a text for a group of options', `${preset}▸policies: link\n`, `policies ${MAPPING}, not "link"`],

    [
      'a misspelt option below another',
      operators('▸tabel: x'),
      'operators.tabel is no option; did you mean table?',
    ],
    [
      'an option of the other side',
      persons('▸link: x'),
      'persons.link is no option; there are table, key, name, ssp, caller, archived, anonymized, lastLogin',
    ],
    ['a number for a table', operators('▸table: 5'), `operators.table ${TABLE}`],
    ['no table', operators('▸table:'), 'operators.table is empty'],
    ['a table in three parts', operators('▸table: a.b.c'), `operators.table ${TABLE}`],
    [
      'a misspelt schema',
      operators('table: {▸shema: hr, name: people}'),
      'operators.table.shema is no option; did you mean schema?',
    ],
    ['a schema without a table', operators('▸table: {schema: hr}'), 'operators.table.name is missing'],
    ['a list for a key', operators('▸key: [id]'), 'operators.key has to be a text, not a list'],
    [
      'true for a link',
      operators('▸link: true'),
      'operators.link has to be a text, not true: put it in quotes',
    ],
    ['one name, no list', operators('▸name: last_name'), 'operators.name has to be a list, not "last_name"'],
    ['no name', operators('▸name: []'), 'operators.name must not be empty'],
    ['a number for a part of a name', operators('name: [▸5]'), `operators.name.0 ${VALUE}`],

    [
      'another table without its rows',
      operators('▸lastLogin: {column: at, table: login}'),
      'operators.lastLogin.on is missing',
    ],
    [
      'rows of no table',
      operators('▸lastLogin: {column: at, on: {agent: id}}'),
      'operators.lastLogin.table is missing',
    ],
    [
      'a misspelt table of another value',
      operators('▸lastLogin: {column: at, ▸tabel: login, on: {agent: id}}'),
      'operators.lastLogin.table is missing',
      'operators.lastLogin.tabel is no option; did you mean table?',
    ],
    [
      'a column for the rows',
      operators('lastLogin: {column: at, table: login, ▸on: agent}'),
      `operators.lastLogin.on ${MAPPING}, not "agent"`,
    ],
    [
      'no pair for the rows',
      operators('lastLogin: {column: at, table: login, ▸on: {}}'),
      'operators.lastLogin.on must not be empty',
    ],
    [
      'a number for their column',
      operators('lastLogin: {column: at, table: login, on: {▸agent: 1}}'),
      'operators.lastLogin.on.agent has to be a text, not 1: put it in quotes',
    ],
    [
      'a misspelt where',
      operators('lastLogin: {column: at, table: login, on: {agent: id}, ▸wher: {column: kind, is: x}}'),
      'operators.lastLogin.wher is no option; did you mean where?',
    ],
    [
      'a condition on their rows of no known form',
      keys('email: {operator: {column: at, table: login, on: {agent: id}, ▸where: kind}, person: email}'),
      `match.keys.email.operator.where ${CONDITION}`,
    ],

    ['a column for a condition', rows('kind'), `operators.rows ${CONDITION}`],
    ['a condition that compares with nothing', rows('{column: kind}'), `operators.rows ${CONDITION}`],
    ['a condition without a column', rows('{is: operator}'), 'operators.rows.column is missing'],
    [
      'a condition with two comparisons',
      rows('{column: kind, is: a, isNot: b}'),
      `operators.rows ${CONDITION}`,
    ],
    [
      'a condition of two kinds',
      rows('{all: [{column: kind, is: a}], any: [{column: kind, is: b}]}'),
      `operators.rows ${CONDITION}`,
    ],
    ['a list of conditions', rows('[{column: kind, is: a}]'), `operators.rows ${CONDITION}`],
    ['an unknown comparison', rows('{column: kind, equals: operator}'), `operators.rows ${CONDITION}`],
    [
      'a misspelt comparison',
      inRows('{column: kind, ▸isnull: true}'),
      'operators.rows.isnull is no option; did you mean isNull?',
    ],
    ['a comparison with a list', inRows('{column: kind, ▸is: [a]}'), `operators.rows.is ${CONSTANT}`],
    [
      'a comparison with NULL',
      inRows('{column: kind, ▸is: null}'),
      'operators.rows.is is empty: for NULL there is {column: …, isNull: true}',
    ],
    [
      'NULL among the values',
      inRows('{column: kind, in: [a, ▸null]}'),
      'operators.rows.in.1 is empty: for NULL there is {column: …, isNull: true}',
    ],
    ['no value among the values', inRows('{column: kind, ▸in: []}'), 'operators.rows.in must not be empty'],
    [
      'one value, no list',
      inRows('{column: kind, ▸in: operator}'),
      'operators.rows.in has to be a list, not "operator"',
    ],
    [
      'a text that is not true or false',
      inRows('{column: kind, ▸isNull: "yes"}'),
      'operators.rows.isNull has to be true or false, not "yes"',
    ],
    [
      'a number for a pattern',
      inRows('{column: kind, ▸matches: 5}'),
      'operators.rows.matches has to be a text, not 5: put it in quotes',
    ],
    ['no pattern', inRows('{column: kind, ▸matches: ""}'), 'operators.rows.matches must not be empty'],
    ['no part of a condition', inRows('{▸all: []}'), 'operators.rows.all must not be empty'],
    [
      'one part, no list',
      inRows('{▸any: {column: kind, is: a}}'),
      'operators.rows.any has to be a list, not a mapping',
    ],
    ['a list that is negated', inRows('{▸not: [{column: kind, is: a}]}'), `operators.rows.not ${CONDITION}`],
    [
      'a misspelt part',
      inRows('{all: [{column: kind, is: a}, {colum: kind, is: b}]}').replace('{colum:', '▸{▸colum:'),
      'operators.rows.all.1.column is missing',
      'operators.rows.all.1.colum is no option; did you mean column?',
    ],
    [
      'a table for a row elsewhere',
      inRows('{▸row: account}'),
      `operators.rows.row ${MAPPING}, not "account"`,
    ],
    [
      'a row elsewhere without its pairs',
      inRows('{▸row: {table: account}}'),
      'operators.rows.row.on is missing',
    ],
    [
      'more digits than a number has',
      inRows('{column: id, ▸is: 9007199254740993}'),
      'operators.rows.is has too many digits for a number: put it in quotes',
    ],

    ['a column for a flag', persons('▸ssp: ssp_access'), `persons.ssp ${FLAG}`],
    ['no flag', persons('▸caller:'), 'persons.caller is empty'],
    [
      'a misspelt denial',
      persons('▸ssp: {column: ssp_access, granted: true, ▸deny: false}'),
      'persons.ssp.denied is missing',
      'persons.ssp.deny is no option; there are column, granted, denied, row',
    ],
    [
      'a denial that grants',
      persons('ssp: {column: ssp_access, granted: true, ▸denied: true}'),
      'persons.ssp.denied has to differ from what grants it',
    ],
    [
      'a list that grants',
      persons('ssp: {column: ssp_access, ▸granted: [1], denied: 0}'),
      `persons.ssp.granted ${CONSTANT}`,
    ],
    [
      'a row that is denied',
      persons('ssp: {row: {table: account, on: {person: id}}, ▸denied: 0}'),
      'persons.ssp.denied does not go with the other options here',
    ],

    [
      'a column for a field of the card',
      card('▸mobile: phone'),
      'card.mobile has to be {from: a value of the operator} or {value: a constant}',
    ],
    [
      'a field with two sources',
      card('▸mobile: {from: mobile, value: x}'),
      'card.mobile has to be {from: a value of the operator} or {value: a constant}',
    ],
    [
      'a misspelt source',
      card('mobile: {▸form: mobile}'),
      'card.mobile.form is no option; did you mean from?',
    ],
    [
      'a list for a constant',
      card('mobile: {▸value: [x]}'),
      'card.mobile.value has to be a text, a number, true, false or null',
    ],
    [
      'an unknown rule',
      card('mobile: {from: mobile, ▸onMisfit: cut}'),
      'card.mobile.onMisfit has to be review, truncate, blank or {set: a constant}',
    ],
    [
      'a misspelt rule',
      card('mobile: {from: mobile, ▸onMisift: truncate}'),
      'card.mobile.onMisift is no option; did you mean onMisfit?',
    ],
    [
      'a rule without its constant',
      card('mobile: {from: mobile, ▸onMisfit: {set: null}}').replace('▸onMisfit: {', 'onMisfit: {▸'),
      'card.mobile.onMisfit.set is empty',
    ],
    [
      'a rule for a constant',
      card('mobile: {value: x, ▸onMisfit: truncate}'),
      'card.mobile.onMisfit does not go with the other options here',
    ],
    [
      'a credential that is copied',
      card('▸mobile: {from: password_hash}'),
      'card.mobile copies password_hash, which looks like a credential: leave it out',
    ],
    [
      'a credential of another table',
      card('▸mobile: {from: {column: api_token, table: account, on: {agent: id}}}'),
      'card.mobile copies api_token, which looks like a credential: leave it out',
    ],
    [
      'a credential that is filled',
      card('▸ssp_password_hash: {from: mobile}'),
      'card.ssp_password_hash looks like a credential: leave it out, or give it the constant ""',
    ],
    [
      'the SSP login',
      card('▸ssp_login_name: {from: login_name}'),
      'card.ssp_login_name is about the login to the SSP, which a card has no access to: leave it out',
    ],
    [
      'access to the SSP',
      card('▸ssp_access: {value: true}'),
      'card.ssp_access is set by onecard itself: leave it out',
    ],
    ['the key of the card', card('▸id: {from: id}'), 'card.id is set by onecard itself: leave it out'],

    [
      'an unknown way with unmapped columns',
      `${preset}unmapped: {▸sameName: yes}\n`,
      'unmapped.sameName has to be leave or copy, not "yes"',
    ],
    [
      'one exception, no list',
      `${preset}unmapped: {▸except: mobile}\n`,
      'unmapped.except has to be a list, not "mobile"',
    ],
    [
      'stamps of no side',
      `${preset}▸volatileColumns: [updated_at]\n`,
      `volatileColumns ${MAPPING}, not a list`,
    ],
    [
      'a reference in one word',
      `${preset}references: [▸remark.author_id]\n`,
      `references.0 ${MAPPING}, not "remark.author_id"`,
    ],
    [
      'a reference without its column',
      `${preset}references: [▸{table: remark}]\n`,
      'references.0.column is missing',
    ],
    [
      'a misspelt option of a reference',
      `${preset}references: [{table: remark, column: author, ▸hold: id}]\n`,
      'references.0.hold is no option; did you mean holds?',
    ],

    ['a column for a key', keys('▸email: email'), `match.keys.email ${MAPPING}, not "email"`],
    ['one side of a key', keys('▸email: {operator: email}'), 'match.keys.email.person is missing'],
    [
      'a misspelt side of a key',
      keys('▸email: {operator: email, ▸persn: email}'),
      'match.keys.email.person is missing',
      'match.keys.email.persn is no option; did you mean person?',
    ],
    [
      'two columns for one side',
      keys('email: {▸operator: [email, mail], person: email}'),
      `match.keys.email.operator ${VALUE}`,
    ],
    ['a list of keys', `${preset}match:\n  ▸keys: [email]\n`, `match.keys ${MAPPING}, not a list`],
    [
      'a number to ignore',
      `${preset}match: {ignoreValues: [x, ▸0]}\n`,
      'match.ignoreValues.1 has to be a text, not 0: put it in quotes',
    ],
    ['nothing to ignore', `${preset}match: {▸ignoreValues:}\n`, 'match.ignoreValues is empty'],
    [
      'an unknown choice',
      `${preset}policies: {▸onMatch: maybe}\n`,
      'policies.onMatch has to be review, link or create, not "maybe"',
    ],
    [
      'a choice that is no word',
      `${preset}policies: {▸archivedPersons: true}\n`,
      'policies.archivedPersons has to be candidates or ignore, not true',
    ],
    [
      'a misspelt policy',
      `${preset}policies: {▸onmatch: link}\n`,
      'policies.onmatch is no option; did you mean onMatch?',
    ],
  ];

  it.each(bad)('%s', async (_, yaml, ...says) => {
    const problems = problemsIn(yaml, says);
    const [first = ''] = problems;
    const list = `The configuration has ${problems.length} problems:\n${problems.map((text) => `  ${text}`).join('\n')}`;
    const error = await refusalOf(yaml);
    expect(error.message).toBe(problems.length === 1 ? ended(first) : list);
    expect(error).toMatchObject({
      exitCode: 2,
      remedy: 'Correct this; "Configuration" in the README shows every option.',
    });
  });

  it('everything that is missing without a preset', async () => {
    expect(said(await refusedWith('operators: {table: agent}\nmatch: {keys: {}}\n', NO_SERVER))).toBe(
      [
        'onecard: The configuration has 6 problems:',
        `  ${FILE}, line 1, column 1: operators.key is missing`,
        `  ${FILE}, line 1, column 1: operators.link is missing`,
        `  ${FILE}, line 1, column 1: operators.name is missing`,
        `  ${FILE}, line 2, column 9: match.keys needs at least one key`,
        `  ${FILE}: persons is missing`,
        `  ${FILE}: card is missing`,
        '  → Correct this; "Configuration" in the README shows every option.\n',
      ].join('\n'),
    );
  });
});

/** The sample, with a column that the server computes. */
const withGenerated: Template = {
  name: 'cast-with-generated-column',
  async fill(query, kind) {
    await cast.fill(query, kind);
    await query(
      `ALTER TABLE person ADD COLUMN shown_as varchar(90) GENERATED ALWAYS AS (UPPER(last_name)) STORED`,
    );
  },
};

describe.each(serverDatabases)('a file that does not fit the database: $name', ({ name, kind, fresh }) => {
  let database: TestDatabase;
  let before: Contents;
  beforeAll(async () => {
    database = await fresh(withGenerated);
    before = await contents(database);
  });

  const boolean = kind === 'postgres' ? 'boolean' : 'tinyint(1)';
  const timestamp = kind === 'postgres' ? 'timestamp without time zone' : 'datetime';
  const incident = (pair: string) => `{column: number, table: incident, on: ${pair}}`;

  const bad: readonly Bad[] = [
    [
      'no such key',
      operators('▸key: idd'),
      'operators.key: the table operator has no column idd; did you mean id?',
    ],
    [
      'a key in another case',
      operators('▸key: ID'),
      'operators.key: the table operator has no column ID; did you mean id?',
    ],
    [
      'a name like nothing there',
      persons('name: [▸naam]'),
      'persons.name.0: the table person has no column naam',
    ],
    [
      'a misspelt column',
      operators('▸lastLogin: last_login'),
      'operators.lastLogin: the table operator has no column last_login; did you mean last_login_at?',
    ],
    [
      'no such other table',
      operators(`lastLogin: {column: number, ▸table: incidnt, on: {operator_id: id}}`),
      'operators.lastLogin.table: there is no table incidnt, or this user may not see it; did you mean incident?',
    ],
    [
      'no such column of another table',
      operators('lastLogin: {▸column: nummer, table: incident, on: {operator_id: id}}'),
      'operators.lastLogin.column: the table incident has no column nummer; did you mean number?',
    ],
    [
      'no such column of theirs in a pair',
      operators(`lastLogin: ${incident('{▸operator: id}')}`),
      'operators.lastLogin.on.operator: the table incident has no column operator; did you mean operator_id?',
    ],
    [
      'no such column of ours in a pair',
      operators(`lastLogin: ${incident('{▸operator_id: idd}')}`),
      'operators.lastLogin.on.operator_id: the table operator has no column idd; did you mean id?',
    ],
    [
      'no such column in a condition on another table',
      operators(
        `lastLogin: {column: number, table: incident, on: {operator_id: id}, where: {▸column: kind, is: x}}`,
      ),
      'operators.lastLogin.where.column: the table incident has no column kind; did you mean id?',
    ],
    [
      'no such column in a condition',
      inRows('{all: [{column: kind, is: operator}, {not: {▸column: archved, is: true}}]}'),
      'operators.rows.all.1.not.column: the table operator has no column archved; did you mean archived?',
    ],
    [
      'no such table of a row',
      inRows('{row: {▸table: acount, on: {agent: id}}}'),
      'operators.rows.row.table: there is no table acount, or this user may not see it',
    ],
    [
      'a text for a boolean',
      operators('archived: {column: archived, ▸is: yes}'),
      `operators.archived.is: the column archived is ${boolean}, which "yes" is not`,
    ],
    [
      'a number that is no boolean',
      operators('archived: {column: archived, in: [true, ▸700]}'),
      `operators.archived.in.1: the column archived is ${boolean}, which 700 is not`,
    ],
    [
      'a pattern for a boolean',
      operators('archived: {column: archived, ▸matches: t*}'),
      `operators.archived.matches: the column archived is ${boolean}, and a pattern is about text`,
    ],
    [
      'a text for a time',
      inRows('{column: last_login_at, ▸isNot: never}'),
      `operators.rows.isNot: the column last_login_at is ${timestamp}, which "never" is not`,
    ],
    [
      'flags of another type',
      persons('ssp: {column: ssp_access, ▸granted: Y, ▸denied: N}'),
      `persons.ssp.granted: the column ssp_access is ${boolean}, which "Y" is not`,
      `persons.ssp.denied: the column ssp_access is ${boolean}, which "N" is not`,
    ],
    [
      'no such table of a flag',
      persons('ssp: {row: {▸table: acount, on: {person_id: id}}}'),
      'persons.ssp.row.table: there is no table acount, or this user may not see it',
    ],
    [
      'no such column of the card',
      card('▸mobil: {from: mobile}'),
      'card.mobil: the table person has no column mobil; did you mean mobile?',
    ],
    [
      'no such column for the card',
      card('mobile: {▸from: mobil}'),
      'card.mobile.from: the table operator has no column mobil; did you mean mobile?',
    ],
    [
      'a constant of another type',
      card('archived: {▸value: maybe}'),
      `card.archived.value: the column archived is ${boolean}, which "maybe" is not`,
    ],
    [
      'NULL where there must be a value',
      card('last_name: {▸value: null}'),
      'card.last_name.value: the column last_name must not be NULL',
    ],
    [
      'a constant that is too long',
      card(`mobile: {▸value: "${'🙂'.repeat(26)}"}`),
      'card.mobile.value: the column mobile holds 25 characters, and this has 26',
    ],
    [
      'a replacement that is too long',
      card(`mobile: {from: mobile, onMisfit: {▸set: "${'n'.repeat(26)}"}}`),
      'card.mobile.onMisfit.set: the column mobile holds 25 characters, and this has 26',
    ],
    [
      'a replacement of another type',
      card('archived: {from: archived, onMisfit: {▸set: x}}'),
      `card.archived.onMisfit.set: the column archived is ${boolean}, which "x" is not`,
    ],
    [
      'a boolean that is truncated',
      card('archived: {from: archived, ▸onMisfit: truncate}'),
      `card.archived.onMisfit: the column archived is ${boolean}, which nothing is too long for`,
    ],
    [
      'a boolean that is blank',
      card('archived: {from: archived, ▸onMisfit: blank}'),
      `card.archived.onMisfit: the column archived is ${boolean} and must not be NULL: it cannot be blank`,
    ],
    [
      'a column that the server computes',
      card('▸shown_as: {from: last_name}'),
      'card.shown_as: the column shown_as is computed by the server: leave it out',
    ],
    [
      'no such exception',
      `${preset}unmapped: {except: [▸mobil]}\n`,
      'unmapped.except.0: the table person has no column mobil; did you mean mobile?',
    ],
    [
      'no such stamp',
      `${preset}volatileColumns: {persons: [▸updatd_at]}\n`,
      'volatileColumns.persons.0: the table person has no column updatd_at; did you mean updated_at?',
    ],
    [
      'no such referring table',
      `${preset}references: [{▸table: incidnt, column: caller_id}]\n`,
      'references.0.table: there is no table incidnt, or this user may not see it; did you mean incident?',
    ],
    [
      'no such referring column',
      `${preset}references: [{table: incident, ▸column: caler_id}]\n`,
      'references.0.column: the table incident has no column caler_id; did you mean caller_id?',
    ],
    [
      'no such column that is referred to',
      `${preset}references: [{table: incident, column: subject, ▸holds: login}]\n`,
      'references.0.holds: the table person has no column login',
    ],
    [
      'no such key of operators',
      keys('badge: {▸operator: badge, person: email}'),
      'match.keys.badge.operator: the table operator has no column badge',
    ],
    [
      'no such key of persons',
      keys('badge: {operator: email, ▸person: badge}'),
      'match.keys.badge.person: the table person has no column badge',
    ],
  ];

  const source = () =>
    `The configuration (preset "sample") does not fit the ${name} database ${database.name}`;

  async function refused(yaml: string, says: readonly string[], remedy: string): Promise<void> {
    const problems = problemsIn(yaml, says);
    const [first = ''] = problems;
    const list = `:\n${problems.map((text) => `  ${text}`).join('\n')}`;
    expect(said(await refusedWith(yaml, String(database.url)))).toBe(
      `onecard: ${source()}${problems.length === 1 ? `: ${ended(first)}` : list}\n  → ${remedy}\n`,
    );
  }

  it.each(bad)('%s', (_, yaml, ...says) =>
    refused(yaml, says, 'Correct this in onecard.yaml, or in the file given with --config.'),
  );

  const tables: readonly Bad[] = [
    [
      'no such operators',
      operators('▸table: operators'),
      'operators.table: there is no table operators, or this user may not see it; did you mean operator?',
    ],
    [
      'no such persons',
      persons('▸table: hr.persoon'),
      'persons.table: there is no table hr.persoon, or this user may not see it; did you mean person?',
    ],
  ];
  it.each(tables)('%s', (_, yaml, ...says) =>
    refused(
      yaml,
      says,
      'Name the right tables in onecard.yaml (operators.table, persons.table), or check the database and what its user may see.',
    ),
  );

  it('a misspelt flag, whose column a run would add', async () => {
    const yaml = persons('ssp: {column: ssp_acces, granted: true, denied: false}');
    expect(said(await refusedWith(yaml, String(database.url)))).toBe(
      'onecard: A new card would leave 1 required column of person empty: ssp_access.\n' +
        '  → custom.yaml, line 3, column 9: persons.ssp.column names ssp_acces, which does not exist: did you mean ssp_access?\n',
    );
  });

  it('and the database is as it was', async () => {
    expect(await contents(database)).toEqual(before);
    const journal = await database.query(
      kind === 'postgres'
        ? `SELECT nspname AS name FROM pg_namespace WHERE nspname = 'onecard'`
        : `SELECT table_name AS name FROM information_schema.tables
            WHERE table_schema = DATABASE() AND table_name LIKE 'onecard\\_%'`,
    );
    expect(journal).toEqual([]);
  });
});
