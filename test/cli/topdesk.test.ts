import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import {
  type Column,
  OPTIONAL_ON_BOTH,
  OPTIONAL_ON_PERSONS,
  REQUIRED_ON_BOTH,
  REQUIRED_ON_PERSONS,
} from '../../fixtures/topdesk/columns.js';
import type { CliResult } from '../support/cli.js';
import { type Contents, contents, difference } from '../support/contents.js';
import {
  type DatabaseUnderTest,
  databases,
  serverDatabases,
  type TestDatabase,
} from '../support/databases.js';
import { onecardOn, rowsOf, writingNothing } from '../support/on-database.js';
import { type PlanLine, readPlanFile } from '../support/plan-file.js';
import { topdeskExpectations, topdeskTemplate } from '../support/topdesk.js';

type Row = Readonly<Record<string, string | null>>;

const IDENTICAL = { added: [], removed: [], changed: [] };
const MIGRATE = ['migrate', '--yes', '--allow-schema-changes', '--json'];

const creates = topdeskExpectations
  .filter(({ decision }) => decision === 'create')
  .map(({ operator }) => operator);

/** What an operator's column of the same name is not the right value for. */
const NOT_TAKEN_OVER: Row = {
  // The login to the SSP, and all that opens it.
  tasloginnaam: '',
  wachtwoord: '',
  wachtwoordzout: null,
  logintoken: null,
  // An import of persons must not find the card by the key of an import of operators.
  importsleutel: '',
  importbron: '',
  // Of the person, who has never logged in, and of the row, which is new.
  laatstelogin: null,
  versie: '0',
};

/** What a new card holds that an operator says nothing about, where that is not neutral. */
const OF_A_PERSON: Row = {
  herkomst: 'behandelaarskaart',
  persoonsoort: '1',
  ref_persoonsoort: 'Medewerker',
  ssp_taal: 'nl',
};

function neutral([name, type]: Column): string {
  if (type.startsWith('varchar')) return '';
  if (type === 'smallint' || type === 'integer') return '0';
  if (type.startsWith('numeric')) return '0.00';
  if (type === 'date') return '1970-01-02';
  if (type === 'timestamp') return '1970-01-02 00:00:00';
  throw new Error(`What is neutral for ${name} ${type}?`);
}

/** The whole row that the operator should have got. */
function expectedCard(operator: Row): Row {
  const takenOver = [...REQUIRED_ON_BOTH, ...OPTIONAL_ON_BOTH].map(([name]) => [name, operator[name]]);
  const ofPersons = REQUIRED_ON_PERSONS.map((column) => [column[0], neutral(column)]);
  const empty = OPTIONAL_ON_PERSONS.map(([name]) => [name, null]);
  return {
    ...Object.fromEntries([...takenOver, ...ofPersons, ...empty]),
    ...NOT_TAKEN_OVER,
    ...OF_A_PERSON,
    unid: operator['persoonid'],
    ssp_toegang: '0',
    aanmelder: '0',
  };
}

/** It is gone. */
const NO_BRANCH = 'c1000000-0000-4000-8000-000000009999';

const ADDED_COLUMNS = new Set(['persoonid', 'aanmelder']);

/** The rows of both cards without the columns that a run adds. */
function withoutAdded(all: Contents): Contents {
  const cleaned = (row: string) =>
    JSON.stringify(Object.entries(JSON.parse(row)).filter(([column]) => !ADDED_COLUMNS.has(column)));
  const cards = ['actiedoor', 'persoon'].map(
    (table) =>
      [table, new Map([...(all.get(table) ?? [])].map(([key, row]) => [key, cleaned(row)]))] as const,
  );
  return new Map([...all, ...cards]);
}

const plans = new Map<string, readonly string[]>();

async function freshTopdesk({ fresh }: DatabaseUnderTest): Promise<TestDatabase> {
  const database = await fresh(topdeskTemplate);
  await writeFile(join(database.folder, 'onecard.yaml'), 'preset: topdesk\n');
  return database;
}

describe.each(databases)('a dry run on TOPdesk on $name, with nothing but the preset', (underTest) => {
  let lines: readonly PlanLine[] = [];

  it('plans what was written by hand before, and writes nothing', async () => {
    const database = await freshTopdesk(underTest);
    const dryRun = ['migrate', '--dry-run', '--plan-out', 'plan.ndjson', '--json'];
    const { code, stderr } = await writingNothing(database, () => onecardOn(database, dryRun));
    expect(code, stderr).toBe(0);
    const plan = await readPlanFile(join(database.folder, 'plan.ndjson'));
    lines = plan.lines;
    plans.set(underTest.name, plan.texts);
    expect(
      lines.map(({ operator, decision, reason, person }) => ({ operator, decision, reason, person })),
    ).toEqual(
      topdeskExpectations.map(({ operator, decision, reason, person }) => ({
        operator,
        decision,
        reason,
        person,
      })),
    );
    expect(lines.filter((line) => line['finding'] !== undefined)).toEqual([]);
  }, 60_000);

  it('names the value that a card cannot hold', () => {
    const misfits = lines
      .filter(({ reason }) => reason === 'does-not-fit')
      .map(({ operator, evidence }) => [Number(operator.slice(-12)), ...evidence]);
    expect(misfits).toEqual([
      [54, { column: 'functie', value: expect.stringMatching(/^Co/), problem: 'longer than 60 characters' }],
      [55, { column: 'functie', value: '🚒'.repeat(61), problem: 'longer than 60 characters' }],
      [56, { column: 'kamer', value: '', problem: 'empty, but required on the card' }],
      [57, { column: 'vestigingid', value: NO_BRANCH, problem: 'not in vestiging' }],
      [58, { column: 'toestel', value: '40000', problem: expect.stringContaining('32767') }],
      [61, { column: 'geslacht', value: '9', problem: 'breaks the check persoon_geslacht_ck' }],
    ]);
  });
});

it('is the same plan for TOPdesk on every database', () => {
  const [first, ...others] = plans.values();
  expect(first?.length).toBe(topdeskExpectations.length);
  for (const other of others) expect(other).toEqual(first);
});

describe.each(serverDatabases)('a run on TOPdesk on $name, with nothing but the preset', (underTest) => {
  let database: TestDatabase;
  let before: Contents;
  let after: Contents;
  let run: CliResult;

  beforeAll(async () => {
    database = await freshTopdesk(underTest);
    before = await contents(database);
  }, 60_000);

  it('gives each planned operator a card that verify passes', async () => {
    run = await onecardOn(database, MIGRATE);
    expect(run.code, run.stderr).toBe(0);
    expect(JSON.parse(run.stdout)).toMatchObject({
      created: creates.length,
      linked: 0,
      stale: 0,
      failed: 0,
      violations: 0,
    });
    after = await contents(database);
    const verified = await onecardOn(database, ['verify', '--json']);
    expect(verified.code, verified.stdout).toBe(0);
  }, 60_000);

  it('fills every column of each card, required or not, with the right value', () => {
    const operators = rowsOf(after, 'actiedoor');
    const persons = rowsOf(after, 'persoon');
    expect(persons.size).toBe(rowsOf(before, 'persoon').size + creates.length);
    for (const key of creates) {
      const operator = operators.get(key) ?? {};
      const card = persons.get(operator['persoonid'] ?? '');
      expect(card, key).toEqual(expectedCard(operator));
      expect(card?.['unid']).toMatch(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/);
    }
  });

  it('copies no credential', () => {
    const old = rowsOf(before, 'persoon');
    const cards = [...rowsOf(after, 'persoon')].filter(([key]) => !old.has(key));
    expect(cards).toHaveLength(creates.length);
    expect(JSON.stringify(cards)).not.toMatch(/not\.a\.real\.hash|zout\.|token\./);
  });

  it('touches nothing else', () => {
    const { added, removed, changed } = difference(withoutAdded(before), withoutAdded(after));
    expect(removed).toEqual([]);
    expect(changed).toEqual([]);
    expect(added.map(({ table }) => table)).toEqual(creates.map(() => 'persoon'));
    const links = [...rowsOf(after, 'actiedoor')].filter(([, { persoonid }]) => persoonid !== null);
    expect(links.map(([key]) => key).toSorted()).toEqual(creates.toSorted());
    // Whoever could be selected as caller still can.
    for (const key of rowsOf(before, 'persoon').keys())
      expect(rowsOf(after, 'persoon').get(key)?.['aanmelder'], key).toBe('1');
  });

  it('does nothing when it is run again', async () => {
    const again = await writingNothing(database, () => onecardOn(database, ['migrate', '--yes']));
    expect(again.code, again.stderr).toBe(0);
    expect(again.stdout).toContain('Nothing to do.');
    expect(difference(after, await contents(database))).toEqual(IDENTICAL);
  }, 60_000);

  it('takes it all back, and leaves what was there before', async () => {
    const rollback = await onecardOn(database, ['rollback', JSON.parse(run.stdout).run, '--yes', '--json']);
    expect(rollback.code, rollback.stderr).toBe(0);
    expect(JSON.parse(rollback.stdout)).toMatchObject({ removed: creates.length, kept: 0 });
    const rolledBack = await contents(database);
    expect(difference(withoutAdded(before), withoutAdded(rolledBack))).toEqual(IDENTICAL);

    const uninstall = await onecardOn(database, ['uninstall', '--yes']);
    expect(uninstall.code, uninstall.stderr).toBe(0);
    expect(difference(before, await contents(database))).toEqual(IDENTICAL);
  }, 60_000);
});

it.each(serverDatabases)(
  'keeps the cards of TOPdesk that others refer to without a foreign key on $name',
  async (underTest) => {
    const database = await freshTopdesk(underTest);
    const { run } = JSON.parse((await onecardOn(database, MIGRATE)).stdout);
    const operators = rowsOf(await contents(database), 'actiedoor');
    const [attached = '', given = '', logged = ''] = creates;
    const card = (operator: string) => operators.get(operator)?.['persoonid'] ?? '';
    await database.query(`INSERT INTO bijlage VALUES ('b1', 'brief.pdf', '${card(attached)}')`);
    await database.query(`INSERT INTO object VALUES ('o1', 'LAPTOP-003', '${card(given)}')`);
    await database.query(`INSERT INTO mutatielog VALUES ('m1', 'bekeken', '${card(logged)}', '')`);

    const { code, stdout, stderr } = await onecardOn(database, ['rollback', run, '--yes', '--json']);
    expect(code, stderr).toBe(7);
    const { named } = JSON.parse(stdout);
    expect(
      named.map(({ operator, state, reason }: Record<string, string>) => [operator, state, reason]),
    ).toEqual([
      [attached, 'kept', 'the card is referenced: bijlage.kaartid (1 row)'],
      [given, 'kept', 'the card is referenced: object.gebruikerid (1 row)'],
      [logged, 'kept', 'the card is referenced: mutatielog.persoonid (1 row)'],
    ]);
  },
  60_000,
);

it.each(serverDatabases)(
  'plans for TOPdesk with the privileges that `grants` prints, the lookups of foreign keys included, on $name',
  async (underTest) => {
    const database = await freshTopdesk(underTest);
    const role = await database.createRole();
    const printed = await onecardOn(database, ['grants', 'dry-run', '--role', role.name, '--json']);
    expect(printed.code, printed.stderr).toBe(0);
    const [{ statements }] = JSON.parse(printed.stdout).commands;
    for (const statement of statements) await database.query(statement);
    const planned = await onecardOn(database, ['migrate', '--dry-run', '--json'], {
      env: { DATABASE_URL: role.url },
    });
    expect(planned.code, planned.stderr).toBe(0);
  },
  60_000,
);
