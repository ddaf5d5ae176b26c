import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { contents, difference } from '../support/contents.js';
import { databases, type Template, type TestDatabase } from '../support/databases.js';
import { onecardOn, together } from '../support/on-database.js';
import { copiesOf, rehearsalOf, rehearseOn, stepsWith, wordsOf } from '../support/rehearsals.js';
import { sample } from '../support/sample.js';
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

const all = databases.flatMap((database) => fixtures.map((fixture) => ({ ...database, ...fixture })));

describe.each(all)('a rehearsal of $preset on $name', ({ fresh, template, preset }) => {
  it('passes every step, leaves the original as it was, and nothing else behind', async () => {
    const database = await configured(await fresh(template), preset);
    const before = await together(database, contents);
    const result = await rehearseOn(database, ['--json']);
    expect(result.stderr).not.toMatch(/internal error/);
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
  });
});

describe.each(databases)('a rehearsal on $name', ({ fresh, kind }) => {
  it('holds decisions against a baseline, and names those that changed, by pseudonyms', async () => {
    const database = await fresh(sample);
    const env = { ONECARD_REDACT_KEY: 'a long secret for the tests of pseudonyms' };
    const written = await rehearseOn(database, ['--write-baseline', 'baseline.ndjson', '--quiet'], { env });
    expect(written).toMatchObject({ code: 0, stdout: '' });
    await database.query(
      `UPDATE operator SET api_account = TRUE WHERE id = (
      SELECT id FROM (SELECT MIN(${kind === 'postgres' ? 'id::text' : 'id'}) AS id FROM operator WHERE kind = 'person' AND NOT archived) AS o)`.replace(
        'WHERE id =',
        kind === 'postgres' ? 'WHERE id::text =' : 'WHERE id =',
      ),
    );
    const changed = await rehearseOn(
      database,
      ['--baseline', 'baseline.ndjson', '--json', '--junit', 'junit.xml', '--summary', 'summary.md'],
      { env },
    );
    const rehearsal = rehearsalOf(changed);
    expect(changed.code).toBe(3);
    expect(stepsWith(rehearsal, 'failed')).toEqual(['baseline']);
    expect(rehearsal.baseline).toMatchObject({ changed: 1, isOtherConfiguration: false });
    expect(rehearsal.baseline?.changes[0]?.operator).toMatch(/^operator-[0-9a-f]{16}$/);
    expect(rehearsal.baseline?.changes[0]?.after).toMatchObject({ decision: 'skip', reason: 'api-account' });
    const { operator } = rehearsal.baseline?.changes[0] ?? {};
    expect(await readFile(join(database.folder, 'junit.xml'), 'utf8')).toContain(operator);
    expect(await readFile(join(database.folder, 'summary.md'), 'utf8')).toContain(operator);
  });

  it('rehearses on the database itself only where that is marked, and restores it', async () => {
    const database = await fresh(sample);
    if (database.url === undefined) return;
    const refused = await rehearseOn(database, ['--in-place']);
    expect(refused.code).toBe(2);
    expect(refused.stderr).toContain('CREATE TABLE onecard_disposable');
    await database.query('CREATE TABLE onecard_disposable (note varchar(100))');
    const before = await contents(database);
    const result = await rehearseOn(database, ['--in-place', '--json']);
    expect(wordsOf(rehearsalOf(result), 'clean-up')).toMatch(/as it was before/);
    expect(result.code).toBe(0);
    expect(difference(before, await contents(database))).toEqual(IDENTICAL);
    expect((await onecardOn(database, ['runs'])).stdout).toContain('No run has been made');
    expect(result.left).toEqual([]);
  });

  it('stops at Ctrl-C and removes what it has made', async () => {
    const database = await fresh(sample);
    const interrupt = new AbortController();
    setTimeout(() => interrupt.abort(), 2500);
    const result = await rehearseOn(database, [], { signal: interrupt.signal });
    expect(result.code).toBe(130);
    expect(result.stdout).toMatch(/interrupted/);
    expect(await copiesOf(database)).toEqual([]);
    expect(result.left).toEqual([]);
  });

  it('stops when its time is over, and says so', async () => {
    const database = await fresh(sample);
    const result = await rehearseOn(database, ['--max-duration', '1s', '--json']);
    expect(result.code).toBe(3);
    expect(JSON.stringify(rehearsalOf(result).steps)).toContain('stopped after 1 s, as --max-duration asks');
    expect(await copiesOf(database)).toEqual([]);
    expect(result.left).toEqual([]);
  });

  it('keeps its copy, and says where, when it is asked to', async () => {
    const database = await fresh(sample);
    const result = await rehearseOn(database, ['--keep', '--json']);
    expect(result.code).toBe(0);
    expect(wordsOf(rehearsalOf(result), 'clean-up')).toMatch(/^kept, as asked/);
    const copies = await copiesOf(database);
    expect(copies).toHaveLength(database.url === undefined ? 0 : 1);
    expect(result.left).toHaveLength(1);
    for (const name of copies)
      await database.query(`DROP DATABASE ${kind === 'postgres' ? `"${name}"` : `\`${name}\``}`);
  });

  it('fails where more is left for review than is let through', async () => {
    const database = await fresh(sample);
    const result = await rehearseOn(database, [
      '--max-review',
      '10',
      '--max-transaction-ms',
      '60000',
      '--json',
    ]);
    expect(result.code).toBe(3);
    expect(stepsWith(rehearsalOf(result), 'failed')).toEqual(['limits']);
    expect(wordsOf(rehearsalOf(result), 'limits')).toMatch(/left for review, over --max-review 10/);
  });

  it('names nobody in what it says, and everybody where it is asked to', async () => {
    const database = await fresh(sample);
    await database.query(`UPDATE person SET email = 'secret@example.org' WHERE 1 = 0`);
    const hidden = await rehearseOn(database, ['--json', '--max-review', '1']);
    expect(hidden.stdout).not.toMatch(/@|1a000000/);
  });
});
