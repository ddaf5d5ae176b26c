import { describe, expect, it } from 'vitest';
import { type Contents, contents, difference } from '../support/contents.js';
import { serverDatabases } from '../support/databases.js';
import { type Deed, startWriter, type WriterLog } from '../support/faults/writer.js';
import { journalTable, onecardOn, rowsOf } from '../support/on-database.js';
import { largeSample } from '../support/sample.js';

const MIGRATE = ['migrate', '--yes', '--quiet', '--batch-size', '10', '--on-match', 'link'];

describe.each(serverDatabases)('a run on $name while another application writes', ({ fresh, kind }) => {
  it('takes nothing from it, touches nothing else, doubles no link, and leaves nobody out', async () => {
    const database = await fresh(largeSample);
    const before = await contents(database);
    const seed = Date.now() % 1_000_000;
    const writer = await startWriter(database, { seed, perSecond: 60, most: 400 });
    const result = await onecardOn(database, MIGRATE, { timeoutMs: 100_000 });
    const log = await writer.stop();
    const after = await contents(database);
    // 3: its own verification finds what the other application has done to cards and operators since.
    expect([0, 3, 7], `seed ${seed}: ${result.stderr}`).toContain(result.code);
    expect(log.deeds.length, `seed ${seed}`).toBeGreaterThan(20);
    expect(new Set(done(log).map(({ what }) => what)).size, `seed ${seed}`).toBeGreaterThan(6);

    expect(lostDeeds(log, after), `seed ${seed}`).toEqual([]);
    const journal = await database.query(
      `SELECT operator, person FROM ${journalTable(kind, 'change')} WHERE state = 'applied'`,
    );
    expect(journal.length).toBeGreaterThan(1_000);
    const planned = new Map(journal.map(({ operator, person }) => [String(operator), String(person)]));
    expect(strangeChanges(log, planned, before, after), `seed ${seed}`).toEqual([]);
    expect(doubleLinks(before, after), `seed ${seed}`).toEqual([]);
    expect(log.slowest, `seed ${seed}`).toBeLessThan(1_000);

    // What arrived late is taken up by the next run, all of it.
    const next = await onecardOn(database, MIGRATE);
    expect([0, 3], next.stderr).toContain(next.code);
    const { stdout } = await onecardOn(database, ['migrate', '--dry-run', '--json', '--on-match', 'link']);
    const open = JSON.parse(stdout).operators.filter(({ action }: { action: string }) => action !== 'none');
    expect(open).toEqual([]);
  }, 120_000);
});

describe.each(serverDatabases)('a rollback on $name while another application writes', ({ fresh, kind }) => {
  it('takes nothing from it, leaves no reference without its person, and takes back all the rest', async () => {
    const database = await fresh(largeSample);
    const before = await contents(database);
    const migrated = await onecardOn(database, ['migrate', '--yes', '--json']);
    expect(migrated.code, migrated.stderr).toBe(0);
    const { run } = JSON.parse(migrated.stdout);
    const seed = Date.now() % 1_000_000;
    const writer = await startWriter(database, { seed, perSecond: 100, most: 600 });
    const args = ['rollback', run, '--yes', '--quiet', '--batch-size', '10'];
    const result = await onecardOn(database, args, { timeoutMs: 100_000 });
    const log = await writer.stop();
    const after = await contents(database);
    expect([0, 7], `seed ${seed}: ${result.stderr}`).toContain(result.code);
    expect(done(log).filter(({ table }) => table === 'incident').length, `seed ${seed}`).toBeGreaterThan(0);

    expect(lostDeeds(log, after), `seed ${seed}`).toEqual([]);
    expect(danglingReferences(before, after), `seed ${seed}`).toEqual([]);
    expect(log.slowest, `seed ${seed}`).toBeLessThan(1_000);
    const kept = await database.query(
      `SELECT operator, person FROM ${journalTable(kind, 'change')} WHERE state = 'kept'`,
    );
    const left = await database.query(
      `SELECT operator FROM ${journalTable(kind, 'change')} WHERE state = 'applied'`,
    );
    expect(left).toEqual([]);
    // What is not as before the run is the other application's doing, or was kept because of it.
    const known = new Set([
      ...done(log).map(({ table, key }) => `${table} ${key}`),
      ...kept.flatMap(({ operator, person }) => [`operator ${operator}`, `person ${person}`]),
    ]);
    const { added, removed, changed } = difference(before, after);
    const strange = [...added, ...removed, ...changed].map(({ table, key }) => `${table} ${key}`);
    expect(
      strange.filter((row) => !known.has(row)),
      `seed ${seed}`,
    ).toEqual([]);
  }, 180_000);
});

/** Links and callers that name no person, and did not before. */
function danglingReferences(before: Contents, after: Contents): string[] {
  const persons = rowsOf(after, 'person');
  const old = rowsOf(before, 'operator');
  const dangling = (person: string | null | undefined) => person != null && !persons.has(person);
  const operators = [...rowsOf(after, 'operator')].filter(
    ([key, { person_id }]) => dangling(person_id) && old.get(key)?.['person_id'] !== person_id,
  );
  const incidents = [...rowsOf(after, 'incident')].filter(([, { caller_id }]) => dangling(caller_id));
  return [...operators, ...incidents].map(([key]) => key);
}

const done = ({ deeds }: WriterLog) => deeds.filter(({ failed }) => failed === undefined);

/** What the other application wrote last to each place, and is not there. */
function lostDeeds(log: WriterLog, after: Contents): Deed[] {
  const deleted = new Set(
    done(log)
      .filter(({ what }) => what === 'delete operator')
      .map(({ key }) => key),
  );
  const last = new Map<string, Deed>();
  for (const deed of done(log)) {
    for (const column of Object.keys(deed.set ?? { '': '' }))
      last.set(`${deed.table} ${deed.key} ${column}`, deed);
  }
  return [...last.values()].filter(({ table, key, set }) => {
    const row = rowsOf(after, table).get(key);
    if (table === 'operator' && deleted.has(key)) return row !== undefined;
    return row === undefined || Object.entries(set ?? {}).some(([column, value]) => row[column] !== value);
  });
}

/**
 * Rows that changed, came or went, and are in neither the journal nor the other application's log; and operators
 * that are not linked as the journal says.
 */
function strangeChanges(
  log: WriterLog,
  planned: ReadonlyMap<string, string>,
  before: Contents,
  after: Contents,
): string[] {
  const theirs = new Set(done(log).map(({ table, key }) => `${table} ${key}`));
  const ours = new Set(
    [...planned].flatMap(([operator, card]) => [`operator ${operator}`, `person ${card}`]),
  );
  const { added, removed, changed } = difference(before, after);
  const strange = [...added, ...removed, ...changed].map(({ table, key }) => `${table} ${key}`);
  const operators = rowsOf(after, 'operator');
  const otherwise = [...planned].filter(([key, person]) => {
    const operator = operators.get(key);
    return operator === undefined ? !theirs.has(`operator ${key}`) : operator['person_id'] !== person;
  });
  return [
    ...strange.filter((row) => !theirs.has(row) && !ours.has(row)),
    ...otherwise.map(([key]) => `link of operator ${key}`),
  ];
}

/** Persons that more operators are linked to than before, and than one. */
function doubleLinks(before: Contents, after: Contents): string[] {
  const [old, now] = [linksOf(before), linksOf(after)];
  return [...now].filter(([key, count]) => count > Math.max(1, old.get(key) ?? 0)).map(([key]) => key);
}

function linksOf(from: Contents): Map<string, number> {
  const counts = new Map<string, number>();
  for (const { person_id } of rowsOf(from, 'operator').values()) {
    if (person_id != null) counts.set(person_id, (counts.get(person_id) ?? 0) + 1);
  }
  return counts;
}
