import { readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { CFB, read, utils } from '@e965/xlsx';
import { parse } from 'csv-parse/sync';
import { beforeAll, describe, expect, it } from 'vitest';
import { formatOf } from '../../src/commands/report-output.js';
import type { LinkDetails } from '../../src/model/report.js';
import { widthOf } from '../../src/output/terminal/layout.js';
import { contents } from '../support/contents.js';
import { databases, serverDatabases, type TestDatabase } from '../support/databases.js';
import { onecardOn, rowsOf, together, writingNothing } from '../support/on-database.js';
import { operatorKey, personKey, sample } from '../support/sample.js';
import { topdeskTemplate } from '../support/topdesk.js';

interface Row extends Record<string, unknown> {
  readonly operator: string;
  readonly operatorName: string;
  readonly branch: string | null;
  readonly reasonText: string | null;
  readonly person: string | null;
  readonly changedAt: string | null;
  readonly details: LinkDetails;
}

const TAKEN_BACK = operatorKey(180);
const DECIDED = operatorKey(90);
const SKIPPED = operatorKey(52);
const LINKED_BEFORE = operatorKey(26);
const BROKEN = operatorKey(41);

/** A run with decisions of humans, of which the change of one operator is taken back. */
async function migrated(database: TestDatabase): Promise<string> {
  const decisions = [
    'operator,decision,person,who,note',
    `${DECIDED},link,${personKey(290)},Anna Decider,she told me`,
    `${SKIPPED},skip,,Zoë,`,
  ];
  await writeFile(join(database.folder, 'decisions.csv'), decisions.join('\n'));
  const args = ['migrate', '--yes', '--json', '--quiet', '--decisions', 'decisions.csv'];
  const { run } = JSON.parse(await done(database, args));
  await done(database, ['rollback', run, '--only', TAKEN_BACK, '--yes', '--quiet']);
  return run;
}

async function done(
  database: TestDatabase,
  args: string[],
  env: Record<string, string> = {},
): Promise<string> {
  const { code, stdout, stderr } = await onecardOn(database, args, { env });
  expect(code, `${args.join(' ')}\n${stderr}`).toBe(0);
  return stdout;
}

const rowsIn = (ndjson: string): Row[] =>
  ndjson
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line));

const keysOf = (rows: readonly Row[]) => rows.map(({ operator }) => operator);

const byBytes = (one: string, other: string) => Buffer.compare(Buffer.from(one), Buffer.from(other));

/** Those in which somebody sees this text. */
const withText = (rows: readonly Row[], text: string) =>
  rows.filter((row) => {
    const { operator, operatorName, branch, reasonText, person, details } = row;
    const seen = [operator, operatorName, branch, reasonText, person, ...details.evidence];
    const more = ['reason', 'personName', 'decidedBy'].map((name) => row[name]);
    return [...seen, ...more].some((each) =>
      String(each ?? '')
        .toLowerCase()
        .includes(text.toLowerCase()),
    );
  });

/** Empty ones last, whichever way it goes. */
const byText = (read: (row: Row) => string | null, way: 1 | -1) => (one: Row, other: Row) => {
  const [left, right] = [read(one), read(other)];
  if (left === null || right === null) return Number(left === null) - Number(right === null);
  return way * byBytes(left, right);
};

describe.each(databases)('a report on $name', ({ fresh }) => {
  let database: TestDatabase;
  let run: string;
  let all: Row[];

  beforeAll(async () => {
    database = await fresh(sample);
    run = await migrated(database);
    all = await rowsOfReport('--details');
  }, 120_000);

  const rowsOfReport = async (...args: string[]) =>
    rowsIn(await done(database, ['report', '--format', 'ndjson', '--quiet', ...args]));
  const of = (operator: string) => all.find((row) => row.operator === operator) ?? expect.fail(operator);

  it('names the branch of every operator', async () => {
    const tables = await together(database, contents);
    const branches = rowsOf(tables, 'branch');
    const operators = rowsOf(tables, 'operator');
    expect(all).toHaveLength(operators.size);
    for (const { operator, branch } of all)
      expect(branch).toBe(branches.get(String(operators.get(operator)?.['branch_id']))?.['name']);
  });

  it('takes only rows of a branch, or with a text in the evidence', async () => {
    const ofBranch = await rowsOfReport('--branch', 'DELFT');
    expect(keysOf(ofBranch)).toEqual(keysOf(all.filter(({ branch }) => branch === 'Delft')));
    expect(ofBranch.length).toBeGreaterThan(3);
    const [evidence] = all.flatMap(({ details }) => details.evidence);
    const value = evidence?.replace(/^\S+ (.*):.*$/, '$1') ?? expect.fail('no evidence');
    const found = await rowsOfReport('--search', value.toUpperCase());
    expect(keysOf(found)).toEqual(keysOf(withText(all, value)));
    expect(found.length).toBeGreaterThan(0);
  });

  it('takes only what was written since a time, and of these a decision, a run, the first', async () => {
    const times = all.flatMap(({ changedAt }) => (changedAt === null ? [] : [changedAt])).toSorted();
    const last = times.at(-1) ?? expect.fail('nothing was written');
    // Last of all, one change was taken back.
    expect(keysOf(await rowsOfReport('--since', last))).toEqual([TAKEN_BACK]);
    const day = last.slice(0, 10);
    const since = await rowsOfReport('--since', day, '--decision', 'create', '--run', run, '--limit', '5');
    const expected = all.filter((row) => row.changedAt !== null && row['decision'] === 'create');
    expect(keysOf(since)).toEqual(keysOf(expected).slice(0, 5));
    expect(await rowsOfReport('--since', '2999-01-01T00:00:00+02:00')).toEqual([]);
  });

  it('is sorted by the database: byte by byte, empty ones last, equals by their keys', async () => {
    for (const [sort, compare] of [
      ['-branch,operatorName', [byText((row) => row.branch, -1), byText((row) => row.operatorName, 1)]],
      ['-changedAt,person', [byText((row) => row.changedAt, -1), byText((row) => row.person, 1)]],
    ] as const) {
      const sorted = all.toSorted(
        (one, other) =>
          compare.map((by) => by(one, other)).find((order) => order !== 0) ??
          byBytes(one.operator, other.operator),
      );
      expect(keysOf(await rowsOfReport(`--sort=${sort}`)), sort).toEqual(keysOf(sorted));
    }
  });

  it('has just the columns that are asked for, match keys among them', async () => {
    const rows = await rowsOfReport('--columns', 'key.email, operator,evidence', '--limit', '3');
    expect(rows.map((row) => Object.keys(row))).toEqual(Array(3).fill(['key.email', 'operator', 'evidence']));
    const emails = rowsOf(await together(database, contents), 'operator');
    for (const row of await rowsOfReport('--columns', 'operator,key.email'))
      expect(row['key.email']).toBe(emails.get(row.operator)?.['email'] ?? null);
  });

  it('tells on a closer look what the card is now, what the decision rests on, and all that was done', () => {
    expect(of(TAKEN_BACK)).toMatchObject({ person: null, state: 'rolled-back', decision: 'create' });
    const [applied, back] = of(TAKEN_BACK).details.history;
    expect(of(TAKEN_BACK).details).toMatchObject({
      card: [],
      history: [
        { run, decision: 'create', reason: 'no-candidate', action: 'create', state: 'applied', why: null },
        { run, decision: 'create', action: 'create', state: 'rolled-back', person: applied?.person },
      ],
    });
    expect(applied?.person).toMatch(/^[0-9a-f-]{36}$/);
    expect(byBytes(applied?.at ?? '', back?.at ?? '')).toBe(-1);

    expect(of(DECIDED).details.evidence).toContain('link, decided by Anna Decider: she told me');
    expect(of(BROKEN).details.evidence.slice(-1)).toEqual([`person_id ${of(BROKEN).person}: no such person`]);
    const ambiguous = all.find((row) => row['reason'] === 'ambiguous') ?? expect.fail('nothing is ambiguous');
    expect(ambiguous.details.evidence.join()).toMatch(/^\w+ .+: \d+ persons, 1 operator/);
    expect(ambiguous.details.candidates.length).toBeGreaterThan(1);

    const created = all.filter((row) => row['state'] === 'applied' && row['action'] === 'create');
    expect(created.length).toBeGreaterThan(20);
    for (const { details, operatorName } of created) {
      const card = Object.fromEntries(details.card);
      expect(operatorName).toBe([card['first_name'], card['last_name']].filter(Boolean).join(' '));
      expect(card).toMatchObject({ ssp_access: 'denied', selectable_as_caller: 'denied' });
      expect(card['archived']).toMatch(/^(true|false)$/);
    }
    // Somebody with a login to the portal.
    const card = Object.fromEntries(of(LINKED_BEFORE).details.card);
    expect(card).toMatchObject({ ssp_access: 'granted' });
    expect(Object.keys(card).filter((name) => /login|password|hash/.test(name))).toEqual([
      'network_login_name',
      'mainframe_login_name',
    ]);
  });
});

const FILES = {
  'links.txt': 'table',
  'links.csv': 'csv',
  'links.xlsx': 'xlsx',
  'links.json': 'json',
  'links.ndjson': 'ndjson',
  'links.md': 'markdown',
  'links.html': 'html',
} as const;

describe.each(serverDatabases.slice(0, 1))('a report in a file on $name', ({ fresh }) => {
  let database: TestDatabase;
  let all: Row[];

  beforeAll(async () => {
    database = await fresh(sample);
    await migrated(database);
    all = JSON.parse(await done(database, ['report', '--json', '--details']));
  }, 120_000);

  const inFolder = (file: string) => join(database.folder, file);
  const refused = async (...args: string[]) => {
    const { code, stdout, stderr } = await onecardOn(database, ['report', ...args]);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    return stderr;
  };

  it('is private, in the format that its name says, and never written over another', async () => {
    await writingNothing(database, async () => {
      for (const file of Object.keys(FILES)) {
        expect(await done(database, ['report', '--output', file])).toBe('');
        expect((await stat(inFolder(file))).mode & 0o777).toBe(0o600);
      }
    });
    expect(await refused('--output', 'links.csv')).toContain('exists already');
    const csv = parse(await readFile(inFolder('links.csv')), { bom: true, columns: true }) as Row[];
    expect(keysOf(csv)).toEqual(keysOf(all));
    const book = read(await readFile(inFolder('links.xlsx')));
    const sheet = utils.sheet_to_json<Record<string, string>>(book.Sheets['links of operators'] ?? {}, {
      defval: '',
    });
    expect(sheet.map((row) => row['operator key'])).toEqual(keysOf(all));
    expect(sheet.map((row) => row['branch'])).toEqual(all.map(({ branch }) => branch));
    const json = JSON.parse(await readFile(inFolder('links.json'), 'utf8'));
    expect(json).toEqual(all.map(({ details, ...row }) => row));
    const ndjson = rowsIn(await readFile(inFolder('links.ndjson'), 'utf8'));
    expect(ndjson).toEqual(json);
    const markdown = await readFile(inFolder('links.md'), 'utf8');
    expect(markdown.match(/^\|/gm)).toHaveLength(all.length + 2);
    const table = await readFile(inFolder('links.txt'), 'utf8');
    for (const line of table.split('\n')) expect(widthOf(line)).toBeLessThanOrEqual(100);
  });

  it('takes only rows that hold a text, whatever its capitals, in what is to be seen of them', async () => {
    for (const text of ['DECIDER', 'she told', DECIDED.toUpperCase(), 'Group or Template', 'taken', 'köln']) {
      const found = JSON.parse(await done(database, ['report', '--json', '--search', text]));
      expect(keysOf(found)).toEqual(keysOf(withText(all, text)));
      expect(found.length, text).toBeGreaterThan(0);
    }
    expect(JSON.parse(await done(database, ['report', '--json', '--search', '100%_']))).toEqual([]);
  });

  it('holds no personal data once it is redacted, whatever its format', async () => {
    const key = { ONECARD_REDACT_KEY: 'a secret of the test, long enough' };
    const texts: Record<string, string> = {};
    for (const file of Object.keys(FILES)) {
      const redacted = `redacted-${file}`;
      const details = /json$/.test(file) ? ['--details'] : [];
      await done(
        database,
        ['report', '--redact', '--output', redacted, '--columns', COLUMNS, ...details],
        key,
      );
      texts[file] = textIn(await readFile(inFolder(redacted)), file);
    }
    const personal = await personalValues(database);
    expect(personal.length).toBeGreaterThan(500);
    for (const [file, text] of Object.entries(texts)) {
      const found = personal.filter((value) => holdsWord(text, value));
      expect(found, file).toEqual([]);
      expect(text, file).toContain('a group or template, no human account');
      expect(text, file).toContain('Delft');
    }
    expect(texts['links.md']).toContain('Redacted');
    expect(texts['links.xlsx']).toContain('links of operators, redacted');

    // The same person has the same pseudonym everywhere, and its keys differ from its name.
    const rows = rowsIn(texts['links.ndjson'] ?? '');
    const decided = rows[all.findIndex(({ operator }) => operator === DECIDED)] ?? expect.fail(DECIDED);
    expect(decided).toMatchObject({
      operator: expect.stringMatching(/^operator-[0-9a-f]{16}$/),
      operatorName: expect.stringMatching(/^name-/),
      person: expect.stringMatching(/^person-/),
      decidedBy: expect.stringMatching(/^human-/),
      reasonText: expect.stringMatching(/^decided by a human: link, text-[0-9a-f]{16}$/),
    });
    expect(decided.details.history.at(-1)?.person).toBe(decided.person);
    const again = await done(database, ['report', '--json', '--redact'], key);
    expect(keysOf(JSON.parse(again))).toEqual(keysOf(rows));
    expect(keysOf(JSON.parse(await done(database, ['report', '--json', '--redact'])))).not.toEqual(
      keysOf(rows),
    );
  });

  it('is refused, with the remedy, where it is asked for in a way that nobody can follow', async () => {
    expect(await refused('--columns', 'operator,operatorNam')).toMatch(
      /no column "operatorNam"; did you mean operatorName\?[\s\S]*operator, operatorName, branch/,
    );
    expect(await refused('--columns', 'operator,operator')).toContain('twice');
    expect(await refused('--columns', 'operator,,branch')).toContain('empty name');
    expect(await refused('--sort', 'brunch')).toContain('did you mean branch?');
    expect(await refused('--sort', 'evidence')).toContain('cannot be sorted by evidence');
    expect(await refused('--since', 'yesterday')).toContain('has to be a date or a time');
    expect(await refused('--since', '2026-02-30')).toContain('has to be a date or a time');
    expect(await refused('--json', '--format', 'csv')).toContain('contradict');
    expect(await refused('--output', 'links.doc')).toContain('does not say which format');
    expect(await refused('--format', 'csv', '--columns', 'operator', '--details')).toContain('--columns');
    expect(await refused('--output', 'no/such/folder.csv')).toContain('cannot be written');
    await writeFile(inFolder('onecard.yaml'), 'preset: sample\noperators:\n  branch: null\n');
    expect(await refused('--config', 'onecard.yaml', '--branch', 'Delft')).toContain('operators.branch');
  });
});

it('is for a file, not for a terminal, where its format is bytes', () => {
  expect(() => formatOf({ format: 'xlsx' }, { isTTY: true })).toThrow('not for a terminal');
  expect(formatOf({ format: 'xlsx' }, {})).toBe('xlsx');
  expect(formatOf({ format: 'xlsx', output: 'x' }, { isTTY: true })).toBe('xlsx');
});

describe.each(serverDatabases)('a report on $name without a journal', ({ fresh }) => {
  it('knows links and branches, and no changes', async () => {
    const database = await fresh(sample);
    const rows = rowsIn(
      await done(database, ['report', '--format', 'ndjson', '--details', '--sort', 'branch']),
    );
    expect(rows[0]).toMatchObject({ decision: null, details: { evidence: [], history: [] } });
    expect(rows.filter(({ details }) => details.card.length > 0).length).toBeGreaterThan(10);
    expect(await done(database, ['report', '--format', 'ndjson', '--since', '2000-01-01'])).toBe('');
  });
});

describe.each(serverDatabases)('a closer look at TOPdesk persons on $name', ({ fresh }) => {
  it('shows what the operator gives to a card, and no credential of a person', async () => {
    const database = await fresh(topdeskTemplate);
    await writeFile(join(database.folder, 'onecard.yaml'), 'preset: topdesk\n');
    const args = ['migrate', '--yes', '--allow-schema-changes', '--quiet', '--on-match', 'link'];
    await done(database, args);
    await database.query(
      `UPDATE persoon SET wachtwoord = 'hush-hush', tasloginnaam = CONCAT('portal-', unid)`,
    );
    const text = await done(database, ['report', '--format', 'ndjson', '--details']);
    const rows = rowsIn(text);
    expect(new Set(rows.map(({ branch }) => branch))).toContain('Hoofdkantoor Delft');
    const card = Object.fromEntries(rows.find(({ person }) => person !== null)?.details.card ?? []);
    expect(card).toMatchObject({ herkomst: expect.any(String), ssp_toegang: expect.any(String) });
    expect(Object.keys(card).filter((name) => /wachtwoord|login|token/.test(name))).toEqual([
      'netwerkloginnaam',
      'mainframeloginnaam',
    ]);
    expect(text).not.toMatch(/hush-hush|portal-/);
  });
});

const COLUMNS =
  'operator,operatorName,branch,reasonText,decidedBy,person,personName,why,card,evidence,candidates,history,key.loginName,key.email,key.employeeNumber,key.networkLogin,key.mainframeLogin';

/** Of a workbook, that of all files that it is made of. */
function textIn(bytes: Buffer, file: string): string {
  if (!file.endsWith('.xlsx')) return bytes.toString();
  return CFB.read(bytes, { type: 'buffer' })
    .FileIndex.map(({ content }: { content?: Uint8Array | number[] }) =>
      Buffer.from(content ?? []).toString(),
    )
    .join('\n');
}

/** Not as a part of a pseudonym, or of a longer word. */
function holdsWord(text: string, word: string): boolean {
  for (let at = text.indexOf(word); at >= 0; at = text.indexOf(word, at + 1)) {
    const around = [text[at - 1] ?? ' ', text[at + word.length] ?? ' '];
    if (around.every((character) => !/[\p{L}\p{N}]/u.test(character))) return true;
  }
  return false;
}

/** Keys, names and whatever else the two tables say of somebody; values that stand for nobody left out. */
async function personalValues(database: TestDatabase): Promise<string[]> {
  const tables = await together(database, contents);
  const columns = ['id', 'last_name', 'email', 'employee_number', 'login_name', 'telephone', 'mobile'];
  const more = ['network_login_name', 'mainframe_login_name', 'ssp_login_name'];
  const rows = ['operator', 'person'].flatMap((table) => [...rowsOf(tables, table).values()]);
  const values = rows.flatMap((row) => [...columns, ...more].map((column) => String(row[column] ?? '')));
  return [...new Set([...values, 'Anna Decider', 'she told me', 'Zoë'])].filter(
    (value) => value.trim().length > 3 && !OURS.test(value),
  );
}

/** Values of the sample that are words of ours, too, or of the script of a page. */
const OURS = /^(none|null|unknown|card|template|anonymized|phone|person|escape)$/i;
