import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { contents, difference } from '../support/contents.js';
import { databases, serverDatabases, type Template, type TestDatabase } from '../support/databases.js';
import { onecardOn, together } from '../support/on-database.js';
import {
  copiesOf,
  type Rehearsed,
  rehearsalOf,
  rehearseOn,
  stepsWith,
  wordsOf,
} from '../support/rehearsals.js';
import { regularOperatorKey, sample } from '../support/sample.js';
import { topdeskTemplate } from '../support/topdesk.js';

const IDENTICAL = { added: [], removed: [], changed: [] };

/** Each taken, in this order, where nothing is wrong and a baseline is given. */
const STEPS = [
  'load',
  'preflight',
  'dry-run',
  'dry-run-wrote-nothing',
  'kill',
  'resume',
  'verify',
  'only-planned-rows',
  'rollback',
  'as-before',
  'migrate-again',
  'verify-again',
  'limits',
];

const fixtures: readonly { readonly template: Template; readonly preset: string }[] = [
  { template: sample, preset: 'sample' },
  { template: topdeskTemplate, preset: 'topdesk' },
];

async function configured(database: TestDatabase, preset: string): Promise<TestDatabase> {
  await writeFile(join(database.folder, 'onecard.yaml'), `preset: ${preset}\n`);
  return database;
}

const SECRET = { ONECARD_REDACT_KEY: 'a long secret for the tests of pseudonyms' };

/** Somebody who would get a card is found to be a machine. */
const NOW_A_MACHINE = `UPDATE operator SET api_account = TRUE WHERE id = '${regularOperatorKey(1)}'`;

const all = databases.flatMap((database) => fixtures.map((fixture) => ({ ...database, ...fixture })));

describe.each(all)('a rehearsal of $preset on $name', ({ fresh, template, preset }) => {
  it('passes every step, leaves the original as it was, and nothing else behind', {
    timeout: 240_000,
  }, async () => {
    const database = await configured(await fresh(template), preset);
    const before = await together(database, contents);
    const result = await rehearseOn(database, ['--json', '--write-baseline', 'baseline.ndjson'], {
      env: SECRET,
    });
    const rehearsal = rehearsalOf(result);
    expect(stepsWith(rehearsal, 'failed').map((step) => wordsOf(rehearsal, step))).toEqual([]);
    expect(stepsWith(rehearsal, 'passed')).toEqual([...STEPS, 'clean-up']);
    expect(result.code).toBe(0);
    expect(difference(before, await together(database, contents))).toEqual(IDENTICAL);
    expect(await copiesOf(database)).toEqual([]);
    expect(result.left).toEqual([]);
    expect(rehearsal.measures.longestTransactionMs).toBeGreaterThan(0);
    expect(rehearsal.measures.journalBytes).toBeGreaterThan(0);
    expect(rehearsal.measures.databaseBytes).toBeGreaterThan(0);
    if (preset === 'sample') await findsWhatChanged(database);
  });
});

async function findsWhatChanged(database: TestDatabase): Promise<void> {
  await database.query(NOW_A_MACHINE);
  const limits = ['--max-review', '10', '--max-transaction-ms', '60000', '--keep'];
  const files = ['--baseline', 'baseline.ndjson', '--junit', 'junit.xml', '--summary', 'summary.md'];
  const changed = await rehearseOn(database, [...limits, ...files, '--json'], { env: SECRET });
  const rehearsal = rehearsalOf(changed);
  expect(changed.code).toBe(3);
  expect(stepsWith(rehearsal, 'failed')).toEqual(['limits', 'baseline']);
  expect(wordsOf(rehearsal, 'limits')).toMatch(/left for review, over --max-review 10/);
  expect(rehearsal.baseline).toMatchObject({ changed: 1, isOtherConfiguration: false });
  expect(rehearsal.baseline?.changes[0]?.operator).toMatch(/^operator-[0-9a-f]{16}$/);
  expect(rehearsal.baseline?.changes[0]?.after).toMatchObject({ decision: 'skip', reason: 'api-account' });
  for (const file of ['junit.xml', 'summary.md'])
    expect(await readFile(join(database.folder, file), 'utf8')).toContain(
      rehearsal.baseline?.changes[0]?.operator,
    );
  expect(changed.stdout).not.toMatch(/@|1a000000/);
  await isKept(database, changed);
}

async function isKept(database: TestDatabase, { left, ...result }: Rehearsed): Promise<void> {
  expect(wordsOf(rehearsalOf({ left, ...result }), 'clean-up')).toMatch(/^kept, as asked/);
  const copies = await copiesOf(database);
  expect(copies).toHaveLength(database.url === undefined ? 0 : 1);
  expect(left).toHaveLength(1);
  for (const name of copies)
    await database.query(`DROP DATABASE ${database.kind === 'postgres' ? `"${name}"` : `\`${name}\``}`);
}

describe.each(databases)('a rehearsal on $name', ({ fresh }) => {
  it.each([
    ['Ctrl-C in the middle', 4000],
    ['Ctrl-C early on', 1200],
  ])('stops at %s and removes what it has made', async (_, milliseconds) => {
    const database = await fresh(sample);
    const interrupt = new AbortController();
    setTimeout(() => interrupt.abort(), milliseconds);
    const result = await rehearseOn(database, [], { signal: interrupt.signal });
    expect(result).toMatchObject({ code: 130, left: [] });
    expect(result.stdout).toMatch(/interrupted/);
    expect(await copiesOf(database)).toEqual([]);
  });

  it('stops when its time is over, and says so', async () => {
    const database = await fresh(sample);
    const result = await rehearseOn(database, ['--max-duration', '1s', '--json']);
    expect(result).toMatchObject({ code: 3, left: [] });
    expect(result.stdout).toContain('stopped after 1 s, as --max-duration asks');
    expect(await copiesOf(database)).toEqual([]);
  });
});

describe.each(serverDatabases)('a rehearsal in place on $name', ({ fresh }) => {
  it('asks for the mark of a disposable database, and restores it', async () => {
    const database = await fresh(sample);
    const refused = await rehearseOn(database, ['--in-place']);
    expect(refused.code).toBe(2);
    expect(refused.stdout.replaceAll(/\s+/g, ' ')).toContain('CREATE TABLE onecard_disposable (id int)');
    await database.query('CREATE TABLE onecard_disposable (note varchar(100))');
    const before = await contents(database);
    const result = await rehearseOn(database, ['--in-place', '--json']);
    expect(wordsOf(rehearsalOf(result), 'clean-up')).toMatch(/as it was before/);
    expect(result).toMatchObject({ code: 0, left: [] });
    expect(difference(before, await contents(database))).toEqual(IDENTICAL);
    expect((await onecardOn(database, ['runs'])).stdout).toContain('No run has been made');
  });
});
