import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { JOURNAL_TABLES, type JournalTable } from '../../src/database/dialect.js';
import { contents } from '../support/contents.js';
import { databases, serverDatabases, type TestDatabase } from '../support/databases.js';
import { journalTable, onecardOn } from '../support/on-database.js';
import { expectations, expectedOperators, operatorKey, sample } from '../support/sample.js';

const [PURGED = '', OTHER = ''] = expectedOperators('create');
/** Under review, and decided by a human. */
const DECIDED = operatorKey(51);
const WHO = 'Wanda Decider';
const NOTE = 'asked her on the telephone';

async function journalOf(database: TestDatabase, but: readonly JournalTable[] = []): Promise<string> {
  const tables = JOURNAL_TABLES.filter((table) => !but.includes(table));
  const rows = [];
  for (const table of tables)
    rows.push(await database.query(`SELECT * FROM ${journalTable(database.kind, table)}`));
  return JSON.stringify(rows);
}

/** What the journal could say about an operator: its keys, names and addresses, longer than a word. */
async function personalOf(database: TestDatabase, where: string): Promise<string[]> {
  const columns = ['id', 'first_name', 'last_name', 'email', 'login_name', 'employee_number'];
  const rows = await database.query(`SELECT ${columns.join(', ')} FROM operator WHERE ${where}`);
  return rows.flatMap((row) => Object.values(row).map(String)).filter((text) => text.length > 5);
}

async function migrated({ fresh }: (typeof databases)[number]) {
  const database = await fresh(sample);
  const { folder } = database;
  await writeFile(
    join(folder, 'decided.csv'),
    `operator,decision,person,who,note\n${DECIDED},create,,${WHO},${NOTE}\n`,
  );
  const result = await onecardOn(database, ['migrate', '--yes', '--json', '--decisions', 'decided.csv']);
  expect(result.code, result.stderr).toBe(0);
  const { run, auditHead } = JSON.parse(result.stdout) as { run: string; auditHead: string };
  const report = join('onecard-runs', run, 'audit.ndjson');
  const call = (...args: string[]) => onecardOn(database, args);
  return { database, run, auditHead, report, call };
}

type Migrated = Awaited<ReturnType<typeof migrated>>;

async function verdictOn({ call }: Migrated, file: string): Promise<object> {
  return JSON.parse((await call('audit', 'verify', file, '--json')).stdout);
}

describe.each(databases)('a purge of a run on $name', (underTest) => {
  let subject: Migrated;

  beforeAll(async () => {
    subject = await migrated(underTest);
    const before = await contents(subject.database);
    expect(await journalOf(subject.database)).toContain(WHO);
    const shown = await subject.call('journal', 'purge', '--run', subject.run, '--dry-run');
    expect(shown).toMatchObject({ code: 0 });
    expect(shown.stdout).toMatch(
      /99 cards and links that are in effect can be taken back by onecard no more/,
    );
    expect(shown.stdout).toContain('backups and replicas of the database');
    expect(await journalOf(subject.database)).toContain(WHO);
    const { code, stderr } = await subject.call('journal', 'purge', '--run', subject.run, '--yes');
    expect(code, stderr).toBe(0);
    expect(await contents(subject.database)).toEqual(before);
  }, 120_000);

  it('leaves no personal data in the journal, but whom humans decided about', async () => {
    const { database } = subject;
    const journal = await journalOf(database, ['human_decision']);
    // What is left of anonymized people are words of the trade.
    const personal = await personalOf(
      database,
      "NOT anonymized AND kind = 'operator' AND last_name <> 'Operator'",
    );
    expect(personal.length).toBeGreaterThan(1000);
    expect(personal.filter((text) => journal.includes(JSON.stringify(text).slice(1, -1)))).toEqual([]);
    const decisions = await database.query(
      `SELECT operator, decision, who, note FROM ${journalTable(database.kind, 'human_decision')}`,
    );
    expect(decisions).toEqual([{ operator: DECIDED, decision: 'create', who: '', note: '' }]);
  });

  it('keeps decisions, reasons and states', async () => {
    const { database } = subject;
    const rows = await database.query(
      `SELECT decision, COUNT(*) AS operators FROM ${journalTable(database.kind, 'decision')} GROUP BY decision`,
    );
    const counts = Object.fromEntries(rows.map(({ decision, operators }) => [decision, Number(operators)]));
    const expected = (decision: string) => expectations.filter((each) => each.decision === decision).length;
    expect(counts).toEqual({
      create: expected('create') + 1,
      match: expected('match') - 1,
      linked: expected('linked'),
      review: expected('review'),
      skip: expected('skip'),
    });
  });

  it('keeps what shows that a copy of the report is authentic', async () => {
    expect(await verdictOn(subject, subject.report)).toMatchObject({
      verdict: 'authentic',
      heldAgainst: 'journal',
      head: subject.auditHead,
    });
  });

  it('exports the report with its lines withheld, under the same head', async () => {
    const { call, run, auditHead, database } = subject;
    const exported = await call('audit', 'export', run, '--output', 'exported');
    expect(exported.code, exported.stderr).toBe(0);
    expect(await readdir(join(database.folder, 'exported'))).toEqual(['audit.ndjson']);
    expect(await verdictOn(subject, join('exported', 'audit.ndjson'))).toMatchObject({
      verdict: 'authentic',
      head: auditHead,
      withheld: expectations.length,
    });
  });

  it('makes a rollback impossible, and says so', async () => {
    const { call, run } = subject;
    for (const how of [['--yes'], ['--dry-run'], ['--only', OTHER, '--yes']])
      expect(await call('rollback', run, ...how)).toMatchObject({
        code: 2,
        stderr: expect.stringContaining(`The run ${run} was purged`),
      });
  });

  it('leaves a database that is verified, reported about and migrated as before', async () => {
    const { call, run } = subject;
    expect(await call('verify')).toMatchObject({ code: 0 });
    expect(await call('report', '--json')).toMatchObject({
      code: 0,
      stderr: expect.stringContaining(
        `What was linked by runs that were purged shows as linked before: ${run}.`,
      ),
    });
    const runs = await call('runs', '--json');
    expect(JSON.parse(runs.stdout)).toMatchObject({
      runs: [{ run, isPurged: true, changes: { applied: 99 } }],
    });
    expect(await call('migrate', '--yes')).toMatchObject({
      code: 0,
      stdout: expect.stringContaining('Nothing to do.'),
    });
    expect(await call('journal', 'purge', '--run', run, '--yes')).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('was purged already'),
    });
  });
});

describe.each(databases)('a purge of an operator on $name', (underTest) => {
  let subject: Migrated;
  let personal: string[];

  beforeAll(async () => {
    subject = await migrated(underTest);
    const { database, call } = subject;
    personal = await personalOf(database, `id = '${PURGED}'`);
    const [row] = await database.query(`SELECT person_id FROM operator WHERE id = '${PURGED}'`);
    personal.push(String(row?.['person_id']));
    expect(await journalOf(database)).toContain(PURGED);
    const { code, stderr } = await call(
      'journal',
      'purge',
      '--operator',
      PURGED,
      '--yes',
      '--ticket',
      'GDPR-1',
    );
    expect(code, stderr).toBe(0);
    expect(await call('journal', 'purge', '--operator', DECIDED, '--yes')).toMatchObject({ code: 0 });
  }, 120_000);

  it('leaves nothing of it in the journal, and all of the others', async () => {
    // Who decided about anybody stands in the summary of the run.
    const journal = await journalOf(subject.database, ['run_report']);
    for (const text of [...personal, DECIDED, WHO, NOTE]) expect(journal).not.toContain(text);
    expect(journal).toContain(OTHER);
    expect(journal).toContain('GDPR-1');
  });

  it('keeps the report provable, with two lines withheld', async () => {
    const { call, run } = subject;
    expect(await verdictOn(subject, subject.report)).toMatchObject({ verdict: 'authentic', withheld: 0 });
    expect(await call('audit', 'export', run, '--output', 'exported')).toMatchObject({ code: 0 });
    const exported = join('exported', 'audit.ndjson');
    expect(await verdictOn(subject, exported)).toMatchObject({ verdict: 'authentic', withheld: 2 });
    const [was, is] = await Promise.all(
      [subject.report, exported].map(async (file) =>
        (await readFile(join(subject.database.folder, file), 'utf8')).split('\n'),
      ),
    );
    const differing = was?.filter((line, index) => line !== is?.[index]) ?? [];
    expect(differing.map((line) => JSON.parse(line).operator).toSorted()).toEqual(
      [DECIDED, PURGED].toSorted(),
    );
  });

  it('lets all others be verified and taken back, and leaves its card', async () => {
    const { database, call, run } = subject;
    expect(await call('verify')).toMatchObject({ code: 0 });
    expect(await call('rollback', run, '--only', PURGED, '--yes')).toMatchObject({ code: 2 });
    const { code, stdout, stderr } = await call('rollback', run, '--yes', '--json');
    expect(code, stderr).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({ removed: 97, kept: 0 });
    const linked = await database.query(
      `SELECT id FROM operator WHERE id IN ('${PURGED}', '${OTHER}') AND person_id IS NOT NULL`,
    );
    expect(linked).toEqual([{ id: PURGED }]);
    expect(await call('audit', 'export', run, '--rollback', '1')).toMatchObject({ code: 0 });
    expect(await call('journal', 'purge', '--operator', OTHER, '--yes')).toMatchObject({ code: 0 });
    expect(await journalOf(database)).not.toContain(OTHER);
    expect(await verdictOn(subject, join('onecard-runs', run, 'rollback-1', 'audit.ndjson'))).toMatchObject({
      verdict: 'authentic',
    });
    expect(await call('verify')).toMatchObject({ code: 0 });
  }, 120_000);
});

describe.each(serverDatabases)('a purge on $name', (underTest) => {
  it('is refused where there is nothing to purge, or its run is not at its end', async () => {
    const { database, call, run } = await migrated(underTest);
    const table = journalTable(database.kind, 'run');
    const refused = async (args: string[], says: string) =>
      expect(await call('journal', 'purge', ...args)).toMatchObject({
        code: 2,
        stdout: '',
        stderr: expect.stringContaining(says),
      });
    await refused(['--yes'], 'A purge is about one run, or about one operator.');
    await refused(['--run', run, '--operator', PURGED, '--yes'], 'A purge is about one run');
    await refused(['--run', 'x', '--yes'], 'There is no run "x"');
    await refused(['--operator', 'nobody', '--yes'], 'says nothing about an operator "nobody"');
    await refused(['--run', run], 'there is no terminal to ask on');
    await database.query(`UPDATE ${table} SET state = 'applying'`);
    await refused(['--run', run, '--yes'], 'is not at its end: it is applying');
    await refused(['--operator', PURGED, '--yes'], 'is not at its end: it is applying');
  }, 60_000);

  it('finds by verification what was marked as purged without one', async () => {
    const { database, call } = await migrated(underTest);
    await database.query(
      `UPDATE ${journalTable(database.kind, 'change')} SET seal = 'purged' WHERE operator = '${PURGED}'`,
    );
    const { code, stdout } = await call('verify');
    expect(code).toBe(3);
    expect(stdout).toContain('says that it was purged, and no purge is noted for it');
  }, 60_000);

  it('needs no more than `grants purge` gives', async () => {
    const { database, call, run } = await migrated(underTest);
    const { name, url } = await database.createRole();
    const { stdout } = await call('grants', 'purge', '--role', name);
    for (const statement of stdout.split('\n').filter((line) => /^GRANT/.test(line)))
      await database.query(statement);
    const asRole = { env: { DATABASE_URL: url } };
    const purged = await onecardOn(database, ['journal', 'purge', '--run', run, '--yes'], asRole);
    expect(purged.code, purged.stderr).toBe(0);
    await database.query(
      `REVOKE UPDATE ON ${journalTable(database.kind, 'change')} FROM ${underTest.kind === 'postgres' ? `"${name}"` : `'${name}'`}`,
    );
    const refused = await onecardOn(database, ['journal', 'purge', '--run', run, '--yes'], asRole);
    expect(refused).toMatchObject({ code: 2 });
  }, 60_000);
});
