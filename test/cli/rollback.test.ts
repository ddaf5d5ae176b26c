import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import type { CliResult } from '../support/cli.js';
import { type Contents, contents, difference } from '../support/contents.js';
import { databases, serverDatabases, type TestDatabase } from '../support/databases.js';
import {
  journalTable,
  onecardOn,
  rowsOf,
  startOnecardOn,
  together,
  writingNothing,
} from '../support/on-database.js';
import { expectedOperators, largeSample, operatorKey, regularPersonKey, sample } from '../support/sample.js';

const IDENTICAL = { added: [], removed: [], changed: [] };

/** Operators that get a card. */
const creates = expectedOperators('create');
const [EDITED = '', REFERENCED = '', UNLINKED = '', DELETED = '', RELINKED = '', SHARED = ''] = creates;
/** Left for review by the run, so that it has no link. */
const NEIGHBOUR = operatorKey(90);
/** Nobody is linked to it. */
const STRANGER = regularPersonKey(200);

describe.each(databases)('a rollback on $name', ({ name, fresh, kind }) => {
  it('leaves the data as before the run, and the run can be made again', async () => {
    const database = await fresh(sample);
    const before = await together(database, contents);
    const run = await migrate(database, ['--on-match', 'link']);

    const preview = await writingNothing(database, () => onecardOn(database, ['rollback', run, '--dry-run']));
    expect(preview.code, preview.stderr).toBe(0);
    expect(preview.stdout).toContain(`operator ${creates[0]}`);
    expect(preview.stdout).toMatch(/- person [0-9a-f-]{36}/);
    expect(preview.stdout).toMatch(/operator\.person_id: [0-9a-f-]{36} → NULL/);

    const unasked = await writingNothing(database, () => onecardOn(database, ['rollback', run]));
    expect(unasked.code).toBe(2);
    expect(unasked.stderr).toContain('--yes');

    const result = await onecardOn(database, ['rollback', run, '--yes', '--json']);
    expect(result.code, result.stderr).toBe(0);
    const linked = expectedOperators('match').length;
    expect(JSON.parse(result.stdout)).toMatchObject({
      state: 'rolled-back',
      removed: creates.length,
      restored: creates.length + linked,
      kept: 0,
      reasons: [],
    });
    expect(difference(before, await together(database, contents))).toEqual(IDENTICAL);
    expect(await verified(database)).toBe(0);

    const again = await writingNothing(database, () => onecardOn(database, ['rollback', run, '--yes']));
    expect(again.code).toBe(2);
    expect(again.stderr).toContain(`The run ${run} was rolled back already.`);

    await migrate(database, ['--on-match', 'link']);
    expect(await verified(database)).toBe(0);
  }, 120_000);

  it('keeps what others changed or refer to since, says so, and takes it back once that is gone', async () => {
    const database = await fresh(sample);
    const before = await together(database, contents);
    const run = await migrate(database);
    const cards = await cardsOf(database);
    const card = (operator: string) => cards.get(operator) ?? '';
    await together(database, async ({ query }) => {
      await query(`UPDATE person SET telephone = '+31 1' WHERE id = '${card(EDITED)}'`);
      await query(incident('1', card(REFERENCED)));
      await query(incident('2', card(REFERENCED)));
      await query(`UPDATE operator SET person_id = NULL WHERE id = '${UNLINKED}'`);
      await query(`DELETE FROM operator WHERE id = '${DELETED}'`);
      await query(`UPDATE operator SET person_id = '${STRANGER}' WHERE id = '${RELINKED}'`);
      await query(`UPDATE operator SET person_id = '${card(SHARED)}' WHERE id = '${NEIGHBOUR}'`);
    });
    const touched = await together(database, contents);

    const preview = await writingNothing(database, () =>
      onecardOn(database, ['rollback', run, '--dry-run', '--json']),
    );
    const { changes, totals } = JSON.parse(preview.stdout);
    const result = await onecardOn(database, ['rollback', run, '--yes', '--json']);
    expect(result.code, result.stderr).toBe(7);
    const summary = JSON.parse(result.stdout);
    expect(summary).toMatchObject({ removed: creates.length - 3, kept: 3, linksLeft: 1 });
    const reasons = new Map(
      summary.named.map((each: { operator: string; reason: string; state: string }) => [
        each.operator,
        `${each.state}: ${each.reason}`,
      ]),
    );
    const expected = new Map([
      [EDITED, 'kept: the card was edited since'],
      [REFERENCED, 'kept: the card is referenced: incident.caller_id (2 rows)'],
      [SHARED, 'kept: the card is referenced: operator.person_id (1 row)'],
      [RELINKED, 'rolled-back: the link of the operator was changed since, and is left as it is'],
      [DELETED, 'rolled-back: the operator is gone'],
      // Its stamp says when somebody took the link away.
      ...(kind === 'mysql'
        ? ([
            [
              UNLINKED,
              'rolled-back: a stamp of the operator was moved since, by others or by a trigger, and is left as it is',
            ],
          ] as const)
        : []),
    ]);
    expect(reasons).toEqual(expected);
    // The dry run has shown the same, but for what the server does while it writes.
    expect(totals).toMatchObject({ removed: summary.removed, kept: 3, linksLeft: 1 });
    // All but those that are kept, or have no link of the run any more.
    expect(totals.restored).toBe(creates.length - 6);
    expect(
      changes
        .filter(({ state }: { state: string }) => state === 'kept')
        .map((each: { operator: string }) => each.operator)
        .toSorted(),
    ).toEqual([EDITED, REFERENCED, SHARED].toSorted());

    const after = await together(database, contents);
    const kept = [EDITED, REFERENCED, SHARED];
    const [persons, operators] = [rowsOf(after, 'person'), rowsOf(after, 'operator')];
    for (const operator of kept) {
      expect(persons.get(card(operator))).toEqual(rowsOf(touched, 'person').get(card(operator)));
      expect(operators.get(operator)?.['person_id']).toBe(card(operator));
    }
    for (const operator of creates.filter((each) => !kept.includes(each)))
      expect(persons.has(card(operator)), operator).toBe(false);
    expect(operators.get(RELINKED)?.['person_id']).toBe(STRANGER);
    expect(after.get('incident')).toEqual(touched.get('incident'));
    const restored = creates.filter((each) => ![...kept, UNLINKED, DELETED, RELINKED].includes(each));
    for (const operator of restored)
      expect(operators.get(operator)).toEqual(rowsOf(before, 'operator').get(operator));
    // Two operators of one person, as somebody has linked them.
    const { stdout } = await onecardOn(database, ['verify', '--json']);
    const checks: { name: string; violationCount: number }[] = JSON.parse(stdout).checks;
    expect(checks.find(({ name }) => name === 'journal-seals')?.violationCount).toBe(0);

    await together(database, ({ query }) =>
      query(`DELETE FROM incident WHERE caller_id = '${card(REFERENCED)}'`),
    );
    const late = await onecardOn(database, ['rollback', run, '--only', REFERENCED, '--yes']);
    expect(late.code, late.stderr).toBe(0);
    const last = await together(database, contents);
    expect(last.get('person')?.has(card(REFERENCED))).toBe(false);
    expect(rowsOf(last, 'operator').get(REFERENCED)).toEqual(rowsOf(before, 'operator').get(REFERENCED));
  }, 120_000);

  // The embedded database takes seconds to open.
  it.runIf(name !== 'embedded')(
    'takes back what was done for one operator, and leaves the run as it is',
    async () => {
      const database = await fresh(sample);
      const before = await together(database, contents);
      const run = await migrate(database);
      const all = await together(database, contents);
      const result = await onecardOn(database, ['rollback', run, '--only', EDITED, '--yes']);
      expect(result.code, result.stderr).toBe(0);
      const after = await together(database, contents);
      const { added, removed, changed } = difference(all, after);
      expect([added, removed.length, changed.map(({ key }) => key)]).toEqual([[], 1, [EDITED]]);
      expect(after.get('operator')?.get(EDITED)).toBe(before.get('operator')?.get(EDITED));
      expect(await stateOf(database, run)).toBe('done');
      expect(await verified(database)).toBe(0);
      const unknown = await onecardOn(database, ['rollback', run, '--only', 'nobody', '--yes']);
      expect(unknown.code).toBe(2);
      expect(unknown.stderr).toContain('changed nothing for an operator "nobody"');
      const twice = await onecardOn(database, ['rollback', run, '--only', EDITED, '--yes']);
      expect(twice.code).toBe(2);
      expect(twice.stderr).toContain('taken back already');
      // The next run makes a card for it again; the first can still be taken back, and leaves that card alone.
      await migrate(database);
      const card = (await cardsOf(database)).get(EDITED) ?? '';
      const rest = await onecardOn(database, ['rollback', run, '--yes']);
      expect(rest.code, rest.stderr).toBe(0);
      expect((await cardsOf(database)).get(EDITED)).toBe(card);
    },
    120_000,
  );

  // The embedded database takes seconds to open.
  it.runIf(name !== 'embedded')(
    'says which runs there are when it does not know one',
    async () => {
      const database = await fresh(sample);
      const none = await onecardOn(database, ['rollback', 'nonsense', '--yes']);
      expect(none.code).toBe(2);
      expect(none.stderr).toContain('There is no run "nonsense"');
      expect(none.stderr).toContain('No run has been made');
      const run = await migrate(database);
      const other = await onecardOn(database, ['rollback', 'nonsense', '--yes']);
      expect(other.code).toBe(2);
      expect(other.stderr).toContain(`${run} (done)`);
    },
    120_000,
  );

  const incident = (number: string, person: string) =>
    `INSERT INTO incident (id, number, caller_id, created_at) VALUES ('0e000000-0000-4000-8000-0000000000f${number}', 'X${number}', '${person}', '2026-01-01 00:00:00')`;

  const stateOf = async (database: TestDatabase, run: string) => {
    const [row] = await database.query(`SELECT state FROM ${journalTable(kind, 'run')} WHERE id = '${run}'`);
    return row?.['state'];
  };
});

describe.each(serverDatabases)('a rollback that is disturbed on $name', ({ fresh, kind }) => {
  it('is finished by the same command wherever it was stopped or killed, and refuses a run meanwhile', async () => {
    const database = await fresh(largeSample);
    const before = await contents(database);
    const run = await migrate(database);
    const rollback = ['rollback', run, '--yes', '--batch-size', '5'];

    const first = startOnecardOn(database, rollback);
    await takenBack(database, 20);
    first.child.kill('SIGINT');
    const stopped = await first.result;
    expect(stopped.code, stopped.stderr).toBe(130);
    expect(stopped.stderr).toContain(`onecard rollback ${run} takes back the rest.`);
    let handled = await countTakenBack(database);
    expect(handled % 5).toBe(0);
    expectWhole(before, await contents(database), await countTakenBack(database, 'applied'));
    const refused = await onecardOn(database, ['migrate', '--yes']);
    expect(refused.code).toBe(2);
    expect(refused.stderr).toContain(`onecard rollback ${run}`);
    expect((await onecardOn(database, ['verify'])).code).toBe(0);

    for (const pause of [Math.random() * 100, Math.random() * 300, Math.random() * 300]) {
      const next = startOnecardOn(database, rollback);
      await Promise.race([next.result, takenBack(database, handled + 5)]);
      await sleep(pause);
      next.child.kill('SIGKILL');
      await next.result;
      handled = await countTakenBack(database);
      expect(handled % 5).toBe(0);
      expectWhole(before, await contents(database), await countTakenBack(database, 'applied'));
    }
    expect(handled).toBeLessThan(1_000);
    const last = await onceUnlocked(() => onecardOn(database, rollback));
    expect(last.code, last.stderr).toBe(0);
    expect(difference(before, await contents(database))).toEqual(IDENTICAL);
    expect(await verified(database)).toBe(0);
  }, 180_000);

  it('keeps each card that rows of a trigger refer to, as was said beforehand, until those rows are gone', async () => {
    const database = await fresh(sample);
    const insert = 'INSERT INTO notification_pref (person_id) VALUES (NEW.id)';
    await database.query(
      `CREATE TABLE notification_pref (person_id ${kind === 'postgres' ? 'uuid' : 'char(36)'} PRIMARY KEY)`,
    );
    await database.query(
      kind === 'postgres'
        ? `ALTER TABLE notification_pref ADD FOREIGN KEY (person_id) REFERENCES person (id) ON DELETE CASCADE;
           CREATE FUNCTION give_pref() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN ${insert}; RETURN NULL; END$$;
           CREATE TRIGGER give_pref AFTER INSERT ON person FOR EACH ROW EXECUTE FUNCTION give_pref()`
        : `ALTER TABLE notification_pref MODIFY person_id ${await personKeyType(database)},
             ADD FOREIGN KEY (person_id) REFERENCES person (id) ON DELETE CASCADE;
           CREATE TRIGGER give_pref AFTER INSERT ON person FOR EACH ROW ${insert}`,
    );
    for (const command of [['migrate', '--dry-run'], ['scan']]) {
      const { stdout } = await onecardOn(database, command);
      expect(stdout.replaceAll(/\s+/g, ' ')).toContain(
        'Where give_pref makes rows that refer to a new person, a rollback keeps that card as referenced, until those rows are gone.',
      );
    }
    const run = await migrate(database);
    const back = await onecardOn(database, ['rollback', run, '--yes', '--json']);
    expect(back.code, back.stderr).toBe(7);
    const reasons = new Set(JSON.parse(back.stdout).named.map(({ reason }: { reason: string }) => reason));
    expect(reasons).toEqual(new Set(['the card is referenced: notification_pref.person_id (1 row)']));
    await database.query('DELETE FROM notification_pref');
    const one = await onecardOn(database, ['rollback', run, '--only', EDITED, '--yes']);
    expect(one.code, one.stderr).toBe(0);
  }, 120_000);

  it('takes back a run that is unfinished, which is not resumed any more', async () => {
    const database = await fresh(largeSample);
    const before = await contents(database);
    const stopped = await onecardOn(database, ['migrate', '--yes', '--limit', '30']);
    expect(stopped.code).toBe(1);
    const [{ id } = {}] = await database.query(`SELECT id FROM ${journalTable(kind, 'run')}`);
    const result = await onecardOn(database, ['rollback', String(id), '--yes', '--json']);
    expect(result.code, result.stderr).toBe(0);
    expect(JSON.parse(result.stdout)).toMatchObject({ removed: 30, kept: 0 });
    expect(difference(before, await contents(database))).toEqual(IDENTICAL);
    expect(await verified(database)).toBe(0);
    expect(await migrate(database)).not.toBe(id);
    expect(await verified(database)).toBe(0);
  }, 120_000);

  it('names every privilege that the user lacks before it writes anything', async () => {
    const database = await fresh(sample);
    const run = await migrate(database);
    const { url } = await readerOf(database);
    const result = await writingNothing(database, () =>
      onecardOn(database, ['rollback', run, '--yes'], { env: { DATABASE_URL: url } }),
    );
    expect(result.code, result.stderr).toBe(2);
    expect(result.stderr).toMatch(/DELETE on the table \S*person/);
    expect(result.stderr).toMatch(
      kind === 'postgres' ? /SELECT on the table \S*incident/ : /SELECT on the database/,
    );
  }, 120_000);

  it('says what a foreign key without an index costs', async () => {
    const database = await fresh(sample);
    const run = await migrate(database);
    if (kind === 'postgres') await database.query('DROP INDEX incident_caller_id_idx; ANALYZE incident');
    const { stderr, code } = await onecardOn(database, ['rollback', run, '--dry-run']);
    expect(code, stderr).toBe(0);
    // MariaDB keeps an index for each.
    const says = /The foreign key incident\.caller_id has no index: .* rows .* for each of \d+ cards/;
    if (kind === 'postgres') expect(stderr).toMatch(says);
    else expect(stderr).not.toContain('no index');
  }, 120_000);

  /** May read the journal and the cards, and no incident. */
  const readerOf = async (database: TestDatabase) => {
    const role = await database.createRole();
    const tables = ['run', 'decision', 'change'].map((table) => journalTable(kind, table));
    const names = [...tables, 'operator', 'person'];
    await database.query(
      kind === 'postgres'
        ? `GRANT USAGE ON SCHEMA onecard TO ${role.name}; GRANT SELECT ON ${names.join(', ')} TO ${role.name}; GRANT UPDATE ON onecard.run, onecard.change TO ${role.name}`
        : [
            ...names.map((table) => `GRANT SELECT ON ${database.name}.${table} TO ${role.name}`),
            `GRANT UPDATE ON ${database.name}.onecard_run TO ${role.name}`,
            // Enough to see that the foreign key is there.
            `GRANT INSERT ON ${database.name}.incident TO ${role.name}`,
          ].join('; '),
    );
    return role;
  };

  const personKeyType = async (database: TestDatabase) => {
    const [row] = await database.query(
      `SELECT CONCAT(COLUMN_TYPE, COALESCE(CONCAT(' COLLATE ', COLLATION_NAME), '')) AS type FROM information_schema.COLUMNS
        WHERE TABLE_SCHEMA = DATABASE() AND TABLE_NAME = 'person' AND COLUMN_NAME = 'id'`,
    );
    return String(row?.['type']);
  };

  const countTakenBack = async (database: TestDatabase, state?: string) => {
    const condition = state === undefined ? "state <> 'applied'" : `state = '${state}'`;
    const [row] = await database.query(
      `SELECT COUNT(*) AS changes FROM ${journalTable(kind, 'change')} WHERE ${condition}`,
    );
    return Number(row?.['changes']);
  };

  const takenBack = async (database: TestDatabase, count: number) => {
    const deadline = Date.now() + 30_000;
    while ((await countTakenBack(database)) < count) {
      if (Date.now() > deadline) throw new Error(`The rollback has not handled ${count} changes in 30 s.`);
      await sleep(10);
    }
  };
});

/** There are so many cards left, and each still has its operator. */
function expectWhole(before: Contents, after: Contents, count: number): void {
  const cards = difference(before, after).added.map(({ key }) => key);
  const isCard = new Set(cards);
  const links = [...rowsOf(after, 'operator').values()].map((operator) => operator['person_id'] ?? '');
  expect(links.filter((person) => isCard.has(person)).toSorted()).toEqual(cards.toSorted());
  expect(cards).toHaveLength(count);
}

/** The server may take a moment to notice that a killed client is gone. */
async function onceUnlocked(run: () => Promise<CliResult>): Promise<CliResult> {
  const deadline = Date.now() + 10_000;
  for (;;) {
    const result = await run();
    if (result.code !== 6 || Date.now() > deadline) return result;
    await sleep(100);
  }
}

async function migrate(database: TestDatabase, flags: string[] = []): Promise<string> {
  const { code, stdout, stderr } = await onecardOn(database, ['migrate', '--yes', '--json', ...flags]);
  expect(code, stderr).toBe(0);
  return JSON.parse(stdout).run;
}

async function verified(database: TestDatabase): Promise<number | null> {
  const { code, stdout } = await onecardOn(database, ['verify']);
  if (code !== 0) console.log(stdout);
  return code;
}

/** Of each operator that has one, its person. */
async function cardsOf(database: TestDatabase): Promise<Map<string, string>> {
  const rows = await database.query('SELECT id, person_id FROM operator WHERE person_id IS NOT NULL');
  return new Map(rows.map(({ id, person_id }) => [String(id), String(person_id)]));
}
