import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { type Contents, contents, difference } from '../support/contents.js';
import { serverDatabases, type TestDatabase } from '../support/databases.js';
import { onceUnlocked } from '../support/faults/once-unlocked.js';
import { holdAgainstUndisturbed } from '../support/faults/undisturbed.js';
import { journalTable, onecardOn, rowsOf, startOnecardOn } from '../support/on-database.js';
import { largeSample, regularOperatorKey, regularPersonKey } from '../support/sample.js';
import { changesOf, changesReach } from '../support/watching.js';

const MIGRATE = ['migrate', '--yes', '--batch-size', '5'];

/** The last two in the order in which a run works. */
const LAST = regularOperatorKey(1_999);
const LAST_BUT_ONE = regularOperatorKey(1_998);

/** Nobody is linked to it, and it is nobody's candidate. */
const STRANGER = regularPersonKey(205);

describe.each(serverDatabases)('a run that is disturbed on $name', ({ fresh, kind }) => {
  const expectAsUndisturbed = holdAgainstUndisturbed(fresh, largeSample);

  it('stops after its batch on Ctrl-C, and the next one finishes it', async () => {
    const database = await fresh(largeSample);
    const before = await contents(database);
    const run = startOnecardOn(database, MIGRATE);
    await changesReach(database, 20);
    run.child.kill('SIGINT');
    const stopped = await run.result;
    expect(stopped.code).toBe(130);
    const [{ id } = {}] = await database.query(`SELECT id FROM ${journalTable(kind, 'run')}`);
    expect(stopped.stderr).toContain(`The same command resumes run ${id}.`);

    const written = await changesOf(database);
    expect(written).toBeGreaterThanOrEqual(20);
    expect(written % 5).toBe(0);
    expectWholeCards(before, await contents(database), written);

    const resumed = await onecardOn(database, MIGRATE);
    expect(resumed.code, resumed.stderr).toBe(0);
    expect(resumed.stderr).toContain(`resuming run ${id} after ${written} of`);
    await expectAsUndisturbed(database, before);
    expect(await database.query(`SELECT id, state FROM ${journalTable(kind, 'run')}`)).toEqual([
      { id, state: 'done' },
    ]);
  }, 120_000);

  it('is finished by the next one wherever it was killed, and no operator ever has two cards', async () => {
    const database = await fresh(largeSample);
    const before = await contents(database);
    // Anywhere: while it connects, plans or makes the journal; then twice while it writes.
    await killedAfter(database, Math.random() * 1_500);
    await killedAfter(database, Math.random() * 300, 1);
    await killedAfter(database, Math.random() * 300, (await changesOf(database)) + 1);
    const written = await changesOf(database);
    expect(written).toBeGreaterThan(0);
    expect(written % 5).toBe(0);
    expectWholeCards(before, await contents(database), written);

    const finished = await onceUnlocked(() => onecardOn(database, MIGRATE));
    expect(finished.code, finished.stderr).toBe(0);
    await expectAsUndisturbed(database, before);
  }, 180_000);

  it('refuses a second process, and says who is at work', async () => {
    const database = await fresh(largeSample);
    const before = await contents(database);
    const first = startOnecardOn(database, MIGRATE, { timeoutMs: 120_000 });
    await changesReach(database, 1);
    const second = await onecardOn(database, MIGRATE);
    // Otherwise it was no second process.
    expect(first.child.exitCode).toBe(null);
    expect(second.stderr).toMatch(
      /Another onecard run is working on this database: (process|connection) \d+ of \w+/,
    );
    expect(second.code).toBe(6);
    const { code, stderr } = await first.result;
    expect(code, stderr).toBe(0);
    await expectAsUndisturbed(database, before);
  }, 120_000);

  it('leaves out, and reports, what others changed before it came to it', async () => {
    const database = await fresh(largeSample);
    const before = await contents(database);
    const run = startOnecardOn(database, MIGRATE);
    await changesReach(database, 5);
    run.child.kill('SIGINT');
    expect((await run.result).code).toBe(130);
    await database.query(`
      UPDATE operator SET last_name = 'Renamed' WHERE id = '${LAST}';
      UPDATE operator SET person_id = '${STRANGER}' WHERE id = '${LAST_BUT_ONE}'`);

    const resumed = await onecardOn(database, [...MIGRATE, '--json']);
    expect(resumed.code, resumed.stderr).toBe(7);
    const summary = JSON.parse(resumed.stdout);
    expect(summary).toMatchObject({ stale: 2 });
    const audit = await readFile(join(database.folder, summary.report, 'audit.ndjson'), 'utf8');
    const changeOf = (operator: string) => {
      const line = audit.split('\n').find((text) => text.includes(`"operator":"${operator}"`));
      return JSON.parse(line ?? '{}').change;
    };
    expect(changeOf(LAST)).toMatchObject({
      state: 'stale',
      why: 'the operator was changed in the meantime',
      fields: [{ table: 'operator', column: 'last_name', planned: expect.any(String), found: 'Renamed' }],
    });
    expect(changeOf(LAST_BUT_ONE)).toMatchObject({
      state: 'stale',
      why: 'the operator was linked in the meantime',
    });
    const operators = rowsOf(await contents(database), 'operator');
    expect(operators.get(LAST)).toMatchObject({ person_id: null, last_name: 'Renamed' });
    expect(operators.get(LAST_BUT_ONE)).toMatchObject({ person_id: STRANGER });

    // The next run takes up what is left.
    await database.query(`UPDATE operator SET person_id = NULL WHERE id = '${LAST_BUT_ONE}'`);
    const next = await onecardOn(database, [...MIGRATE, '--json']);
    expect(next.code, next.stderr).toBe(0);
    expect(JSON.parse(next.stdout)).toMatchObject({ created: 2, stale: 0 });
    const after = await contents(database);
    expectWholeCards(before, after, difference(before, after).added.length);
    const card = rowsOf(after, 'operator').get(LAST)?.['person_id'] ?? '';
    expect(rowsOf(after, 'person').get(card)).toMatchObject({ last_name: 'Renamed' });
  }, 120_000);

  it('goes on only with the policies that it was planned with', async () => {
    const database = await fresh(largeSample);
    const run = startOnecardOn(database, MIGRATE);
    await changesReach(database, 5);
    run.child.kill('SIGINT');
    expect((await run.result).code).toBe(130);
    const written = await changesOf(database);
    const other = await onecardOn(database, [...MIGRATE, '--on-match', 'link']);
    expect(other.code).toBe(2);
    expect(other.stderr).toContain('is unfinished');
    expect(await changesOf(database)).toBe(written);
  }, 120_000);

  /** Kills a run so many milliseconds after its start, or after the changes have reached a number. */
  const killedAfter = async (database: TestDatabase, milliseconds: number, changes?: number) => {
    const killed = await onceUnlocked(async () => {
      const run = startOnecardOn(database, MIGRATE);
      const ended = run.result.then(() => undefined);
      const reached = changes === undefined ? undefined : changesReach(database, changes);
      await Promise.race([ended, reached]);
      await Promise.race([ended, sleep(milliseconds)]);
      run.child.kill('SIGKILL');
      return run.result;
    });
    expect(killed.code, `killed after ${milliseconds} ms: ${killed.stderr}`).toBe(null);
  };
});

/** There are so many new cards, and each has exactly one operator. */
function expectWholeCards(before: Contents, after: Contents, count: number): void {
  const cards = difference(before, after).added.map(({ key }) => key);
  const links = [...rowsOf(after, 'operator').values()].map((operator) => operator['person_id']);
  const isCard = new Set(cards);
  const linked = links.filter((person) => person != null && isCard.has(person));
  expect(linked.toSorted()).toEqual(cards.toSorted());
  expect(cards).toHaveLength(count);
}
