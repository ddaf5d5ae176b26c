import { createHash } from 'node:crypto';
import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import type { CliResult } from '../support/cli.js';
import { type Contents, contents, difference } from '../support/contents.js';
import { databases, serverDatabases, type TestDatabase } from '../support/databases.js';
import {
  journalTable,
  onecardOn,
  plainSql,
  rowsOf,
  together,
  writingNothing,
} from '../support/on-database.js';
import {
  expectations,
  expectedOperators,
  operatorKey,
  personKey,
  sample,
  sampleWithoutCardColumns,
} from '../support/sample.js';

/** What a card takes over from its operator; everything else of the person is left to the database. */
const TAKEN_OVER = [
  'first_name',
  'last_name',
  'email',
  'employee_number',
  'network_login_name',
  'mainframe_login_name',
  'telephone',
  'mobile',
  'job_title',
  'branch_id',
  'department_id',
  'location_id',
  'archived',
  'archived_reason',
  'anonymized',
];
const LEFT_EMPTY = ['ssp_login_name', 'ssp_password_hash', 'ssp_last_login_at'];

const creates = expectedOperators('create');

const sha256 = (text: string) => createHash('sha256').update(text).digest('hex');

describe.each(databases)('a run on $name', ({ fresh, kind }) => {
  let database: TestDatabase;
  let before: Contents;
  let after: Contents;
  let result: CliResult;
  let summary: Record<string, unknown> & { run: string; auditHead: string };
  let runFolder: string;

  beforeAll(async () => {
    database = await fresh(sample);
    before = await together(database, contents);
    result = await onecardOn(database, ['migrate', '--yes', '--ticket', 'CHG-4711', '--json']);
    after = await together(database, contents);
    summary = JSON.parse(result.stdout);
    runFolder = join(database.folder, 'onecard-runs', summary.run);
  }, 120_000);

  it('ends well, and says what it did', () => {
    expect(result.code, result.stderr).toBe(0);
    expect(summary).toMatchObject({
      run: expect.stringMatching(/^\d{8}-\d{4}-\w{4}$/),
      ticket: 'CHG-4711',
      decisions: expectations.length,
      created: creates.length,
      linked: 0,
      stale: 0,
      pending: 0,
      leftForReview: expectedOperators('review').length + expectedOperators('match').length,
      violations: 0,
      report: join('onecard-runs', summary.run),
    });
  });

  it('adds a card for each planned operator, links exactly these, and touches nothing else', () => {
    const { added, removed, changed } = difference(before, after);
    expect(removed).toEqual([]);
    expect(added.map(({ table }) => table)).toEqual(creates.map(() => 'person'));
    expect(changed.map(({ table, key }) => `${table} ${key}`).toSorted()).toEqual(
      creates.map((operator) => `operator ${operator}`),
    );
    for (const { before: old, after: now } of changed) {
      const columns = changedColumns(JSON.parse(old), JSON.parse(now));
      // MariaDB moves this stamp by itself.
      expect(columns.filter((column) => kind !== 'mysql' || column !== 'updated_at')).toEqual(['person_id']);
    }
    const links = changed.map(({ after: now }) => JSON.parse(now).person_id);
    expect(links.toSorted()).toEqual(added.map(({ key }) => key).toSorted());
  });

  it('makes every card equal to its operator, without access, calls or credentials', () => {
    const persons = rowsOf(after, 'person');
    const operators = rowsOf(after, 'operator');
    for (const key of creates) {
      const operator = operators.get(key) ?? {};
      const card = persons.get(operator['person_id'] ?? '') ?? {};
      expect(pick(card, TAKEN_OVER), key).toEqual(pick(operator, TAKEN_OVER));
      expect(pick(card, LEFT_EMPTY), key).toEqual({
        ssp_login_name: null,
        ssp_password_hash: null,
        ssp_last_login_at: null,
      });
      const denied = kind === 'mysql' ? '0' : 'false';
      expect(card).toMatchObject({ ssp_access: denied, selectable_as_caller: denied });
      expect(card['id']).toMatch(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/);
    }
  });

  it('keeps an audit report with a line per operator row, for its owner alone', async () => {
    const files = await readdir(runFolder);
    expect(files.toSorted()).toEqual(['audit.ndjson', 'summary.json', 'summary.md']);
    expect((await stat(runFolder)).mode & 0o777).toBe(0o700);
    for (const file of files) expect((await stat(join(runFolder, file))).mode & 0o777, file).toBe(0o600);

    const [head, ...lines] = await auditLines();
    const end = lines.pop();
    expect(head).toMatchObject({ kind: 'run', run: summary.run, ticket: 'CHG-4711' });
    expect(end).toMatchObject({ kind: 'summary', operators: expectations.length, actions: creates.length });
    const operators = rowsOf(after, 'operator');
    expect(lines.toSorted(byOperator)).toEqual(
      expectations.map((expectation) =>
        expect.objectContaining({
          kind: 'operator',
          ...expectation,
          change:
            expectation.decision === 'create'
              ? {
                  state: 'applied',
                  person: operators.get(expectation.operator)?.['person_id'],
                  at: expect.stringMatching(/^\d{4}-\d\d-\d\dT.*Z$/),
                  card: expect.stringMatching(/^[0-9a-f]{64}$/),
                }
              : null,
        }),
      ),
    );
  });

  it('chains the lines of the report, and notes the head of the chain in the journal', async () => {
    const texts = (await readFile(join(runFolder, 'audit.ndjson'), 'utf8')).trimEnd().split('\n');
    let head = '0'.repeat(64);
    for (const text of texts) {
      const [, body = '', chain] = /^(.*),"chain":"([0-9a-f]{64})"\}$/.exec(text) ?? [];
      head = sha256(`${head}\n${sha256(body)}`);
      expect(chain, text).toBe(head);
    }
    expect(summary.auditHead).toBe(head);
    expect(JSON.parse(await readFile(join(runFolder, 'summary.json'), 'utf8'))).toEqual(summary);
    expect(await readFile(join(runFolder, 'summary.md'), 'utf8')).toContain(head);
    expect(await database.query(`SELECT id, state, audit_head FROM ${journalTable(kind, 'run')}`)).toEqual([
      { id: summary.run, state: 'done', audit_head: head },
    ]);
  });

  it('is proven by verify', async () => {
    const { code, stdout } = await writingNothing(database, () => onecardOn(database, ['verify', '--json']));
    expect(code).toBe(0);
    const { violations, checks, counts } = JSON.parse(stdout);
    expect(violations).toBe(0);
    expect(checks.every(({ checked }: { checked: number }) => checked > 0)).toBe(true);
    const humans = expectations.filter(({ decision }) => decision !== 'skip').length;
    const linked = expectedOperators('linked').length + creates.length;
    expect(counts).toEqual({ operators: humans, linked, review: humans - linked, skipped: 0, open: 0 });
  });

  it('leaves nothing to do for a second one', async () => {
    const { code, stdout } = await writingNothing(database, () => onecardOn(database, ['migrate', '--yes']));
    expect(code).toBe(0);
    expect(stdout).toContain('Nothing to do.');
    expect(await readdir(join(database.folder, 'onecard-runs'))).toEqual([summary.run]);
  });

  it('is named by the report as what linked its operators, and no others', async () => {
    const { code, stdout } = await onecardOn(database, ['report', '--json']);
    expect(code).toBe(0);
    const operators = rowsOf(after, 'operator');
    const rows: Record<string, unknown>[] = JSON.parse(stdout);
    expect(rows).toEqual(
      expectations.map(({ operator, decision, reason }) => {
        const person = operators.get(operator)?.['person_id'] ?? null;
        const isCreated = decision === 'create';
        return expect.objectContaining({
          operator,
          decision,
          reason,
          person,
          linkedBy: isCreated ? 'onecard' : person === null ? null : 'before',
          run: summary.run,
        });
      }),
    );
  });

  it('shows and keeps the password of the database nowhere', async () => {
    if (database.url === undefined) return;
    const password = decodeURIComponent(new URL(database.url).password);
    expect(password.length).toBeGreaterThan(5);
    const { stdout, stderr } = await onecardOn(database, ['migrate', '--dry-run']);
    const files = await Promise.all(
      (await readdir(database.folder, { recursive: true, withFileTypes: true }))
        .filter((entry) => entry.isFile())
        .map((entry) => readFile(join(entry.parentPath, entry.name), 'utf8')),
    );
    const journal = await Promise.all(
      ['run', 'decision', 'change'].map((table) =>
        database.query(`SELECT * FROM ${journalTable(kind, table)}`),
      ),
    );
    const everything = [result.stdout, result.stderr, stdout, stderr, ...files, JSON.stringify(journal)];
    expect(everything.filter((text) => text.includes(password))).toEqual([]);
  });

  const auditLines = async () =>
    (await readFile(join(runFolder, 'audit.ndjson'), 'utf8'))
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line));
});

describe.each(serverDatabases)('a report on $name', ({ fresh }) => {
  it('has a row per operator row as table and CSV, before any run and after', async () => {
    const database = await fresh(sample);
    const early = await writingNothing(database, () => onecardOn(database, ['report', '--json']));
    expect(JSON.parse(early.stdout)).toEqual(
      expectations.map(({ operator }) =>
        expect.objectContaining({ operator, decision: null, reason: null, run: null }),
      ),
    );
    const { run } = JSON.parse((await onecardOn(database, ['migrate', '--yes', '--json'])).stdout);

    const csv = await onecardOn(database, ['report', '--format', 'csv']);
    expect(csv.code).toBe(0);
    const records = parseCsv(csv.stdout);
    expect(records.map(([operator]) => operator)).toEqual([
      'operator',
      ...expectations.map(({ operator }) => operator),
    ]);
    expect(records.filter((fields) => fields.includes('onecard') && fields.includes(run))).toHaveLength(
      creates.length,
    );
    // A spreadsheet must not take a name for a formula.
    for (const field of records.flat()) expect(field).not.toMatch(/^[=+@\t\r]/);

    const table = await onecardOn(database, ['report']);
    expect(table.code).toBe(0);
    expect(table.stdout.match(new RegExp(`${run}$`, 'gm'))).toHaveLength(creates.length);
    expect(table.stdout.match(/before onecard$/gm)?.length).toBeGreaterThanOrEqual(
      expectedOperators('linked').length,
    );

    const created = await onecardOn(database, ['report', '--json', '--decision', 'create', '--run', run]);
    expect(JSON.parse(created.stdout).map(({ operator }: { operator: string }) => operator)).toEqual(creates);
    const unknown = await onecardOn(database, ['report', '--run', 'nowhere']);
    expect(unknown.code).toBe(2);
    expect(unknown.stderr).toContain(run);
  });
});

describe.each(serverDatabases)('a policy in a run on $name', ({ fresh }) => {
  it('--on-match link links the only candidates, and changes nothing about them', async () => {
    const database = await fresh(sample);
    const before = await contents(database);
    const result = await onecardOn(database, ['migrate', '--yes', '--json', '--on-match', 'link']);
    expect(result.code, result.stderr).toBe(0);
    const after = await contents(database);
    const { added, removed, changed } = difference(before, after);
    expect(removed).toEqual([]);
    expect(added.map(({ table }) => table)).toEqual(creates.map(() => 'person'));
    const matches = expectations.filter(({ decision }) => decision === 'match');
    const touched = [...creates, ...matches.map(({ operator }) => operator)].toSorted();
    expect(changed.map(({ table, key }) => `${table} ${key}`).toSorted()).toEqual(
      touched.map((operator) => `operator ${operator}`),
    );
    const operators = rowsOf(after, 'operator');
    expect(matches.map(({ operator }) => operators.get(operator)?.['person_id'])).toEqual(
      matches.map(({ person }) => person),
    );
    expect(JSON.parse(result.stdout)).toMatchObject({ created: creates.length, linked: matches.length });
    expect((await onecardOn(database, ['verify'])).code).toBe(0);
  });

  it('--on-match create makes second cards, except where one does not fit', async () => {
    const database = await fresh(sample);
    const before = await contents(database);
    const result = await onecardOn(database, ['migrate', '--yes', '--on-match', 'create']);
    expect(result.code, result.stderr).toBe(0);
    const after = await contents(database);
    const doubled = expectedOperators('match').filter((operator) => operator !== operatorKey(80));
    const { added, changed } = difference(before, after);
    expect(added).toHaveLength(creates.length + doubled.length);
    expect(changed.map(({ key }) => key).toSorted()).toEqual([...creates, ...doubled].toSorted());
    const link = rowsOf(after, 'operator').get(operatorKey(50))?.['person_id'] ?? '';
    expect(link).not.toBe(personKey(50));
    expect(rowsOf(after, 'person').get(link)).toMatchObject({ last_name: 'Vermeer' });
    expect((await onecardOn(database, ['verify'])).code).toBe(0);
  });

  it('--detailed-exitcode tells that operators are left for review', async () => {
    const database = await fresh(sample);
    const args = ['migrate', '--yes', '--detailed-exitcode'];
    expect((await onecardOn(database, args)).code).toBe(4);
    expect((await onecardOn(database, args)).code).toBe(4);
  });
});

describe.each(serverDatabases)('a run that is not allowed on $name', ({ fresh, kind }) => {
  it('asks first, and off a terminal takes no answer but --yes', async () => {
    const database = await fresh(sample);
    const result = await writingNothing(database, () =>
      onecardOn(database, ['migrate'], { input: `${database.name}\n` }),
    );
    expect(result.code).toBe(2);
    expect(result.stderr).toContain('--yes');
  });

  it('adds missing columns only with --allow-schema-changes, after the dry run has shown them', async () => {
    const database = await fresh(sampleWithoutCardColumns);
    const dry = await writingNothing(database, () => onecardOn(database, ['migrate', '--dry-run', '--json']));
    expect(dry.code, dry.stderr).toBe(0);
    const { schemaChanges, operators } = JSON.parse(dry.stdout);
    const statements: string[] = schemaChanges
      .filter(({ isApplication }: { isApplication: boolean }) => isApplication)
      .map(({ sql }: { sql: string }) => plainSql(sql));
    expect(statements).toEqual([
      expect.stringMatching(
        /^ALTER TABLE operator ADD COLUMN IF NOT EXISTS person_id (uuid|char\(36\) .*) NULL UNIQUE$/,
      ),
      expect.stringMatching(
        /^ALTER TABLE person ADD COLUMN IF NOT EXISTS ssp_access boolean NOT NULL DEFAULT true$/i,
      ),
      expect.stringMatching(
        /^ALTER TABLE person ADD COLUMN IF NOT EXISTS selectable_as_caller boolean NOT NULL DEFAULT true$/i,
      ),
    ]);
    const shown = await onecardOn(database, ['migrate', '--dry-run', '--limit', '1']);
    expect(shown.stdout).toMatch(/ALTER TABLE .*person_id/);

    const refused = await writingNothing(database, () => onecardOn(database, ['migrate', '--yes']));
    expect(refused.code).toBe(2);
    expect(refused.stderr).toContain('--allow-schema-changes');

    const before = await contents(database);
    const done = await onecardOn(database, ['migrate', '--yes', '--allow-schema-changes', '--json']);
    expect(done.code, done.stderr).toBe(0);
    const after = await contents(database);
    const planned = operators.filter(({ action }: { action: string }) => action === 'create');
    expect(JSON.parse(done.stdout).created).toBe(planned.length);
    const cards = difference(before, after).added;
    expect(cards).toHaveLength(planned.length);

    const granted = kind === 'mysql' ? '1' : 'true';
    for (const [key, person] of rowsOf(after, 'person')) {
      const flag = before.get('person')?.has(key) ? granted : kind === 'mysql' ? '0' : 'false';
      expect(person, key).toMatchObject({ ssp_access: flag, selectable_as_caller: flag });
    }
    for (const [key, { person_id, updated_at: _, ...operator }] of rowsOf(after, 'operator')) {
      const { updated_at: __, ...old } = rowsOf(before, 'operator').get(key) ?? {};
      expect(operator).toEqual(old);
      expect(person_id !== null, key).toBe(
        planned.some((each: { operator: string }) => each.operator === key),
      );
    }
    await expect(
      database.query(`UPDATE operator SET person_id = '${cards[0]?.key}' WHERE id = '${operatorKey(1)}'`),
    ).rejects.toThrow(/unique|duplicate/i);
    expect((await onecardOn(database, ['verify'])).code).toBe(0);
    const again = await writingNothing(database, () => onecardOn(database, ['migrate', '--yes']));
    expect(again.stdout).toContain('Nothing to do.');
  });
});

function changedColumns(before: Record<string, unknown>, after: Record<string, unknown>): string[] {
  return Object.keys(after).filter((column) => before[column] !== after[column]);
}

function pick(row: Record<string, string | null>, columns: readonly string[]) {
  return Object.fromEntries(columns.map((column) => [column, row[column]]));
}

function byOperator(one: { operator: string }, other: { operator: string }): number {
  return one.operator < other.operator ? -1 : 1;
}

/** Records of fields; quoted fields may hold commas, quotes and line ends. */
function parseCsv(text: string): string[][] {
  const records: string[][] = [[]];
  for (const [, quoted, plain = '', end] of text
    .replace(/^\ufeff/, '')
    .matchAll(/(?:"((?:[^"]|"")*)"|([^",\r\n]*))(,|\r?\n|$)/g)) {
    records.at(-1)?.push(quoted?.replaceAll('""', '"') ?? plain);
    if (end !== ',') records.push([]);
  }
  return records.filter((record) => record.length > 1);
}
