import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import * as fc from 'fast-check';
import { describe, expect, it, onTestFinished } from 'vitest';
import { sampleSchema } from '../../fixtures/sample/index.js';
import { insertRows, literal, type SampleKind, sampleKey } from '../../fixtures/sample/sql.js';
import { checkLayout } from '../../src/config/layout.js';
import { loadConfiguration } from '../../src/config/load.js';
import type { Database } from '../../src/database/database.js';
import { openDatabase } from '../../src/database/open.js';
import { REASONS } from '../../src/model/decision.js';
import { streamPlan } from '../../src/plan/plan.js';
import { type DatabaseUnderTest, databases, type Template } from '../support/databases.js';
import { type Case, cases, type KeyNames } from '../support/model/arbitrary.js';
import { decideAll, type Verdict } from '../support/model/decisions.js';
import type { UnsureLetters } from '../support/model/keys.js';

/** `FAST_CHECK_SEED` and `FAST_CHECK_RUNS` look elsewhere, or for longer. */
const seed = Number(process.env['FAST_CHECK_SEED'] ?? 20_261_123);
const numRuns = Number(process.env['FAST_CHECK_RUNS'] ?? 120);

const BRANCH = sampleKey('0c', 1);

/** The sample's keys, each of them a column on both sides. */
const COLUMNS: Readonly<Record<string, { operator: string; person: string }>> = {
  loginName: { operator: 'login_name', person: 'ssp_login_name' },
  email: { operator: 'email', person: 'email' },
  employeeNumber: { operator: 'employee_number', person: 'employee_number' },
  networkLogin: { operator: 'network_login_name', person: 'network_login_name' },
  mainframeLogin: { operator: 'mainframe_login_name', person: 'mainframe_login_name' },
};

/** Where a layout keeps the keys: how rows of a case are written, and the configuration that says so. */
interface Arrangement {
  readonly name: string;
  readonly keys: KeyNames;
  readonly template: Template;
  readonly configuration: object;
  /** Statements that empty the tables and write the rows of the case. */
  write(kind: SampleKind, rows: Case): string[];
}

const keysInColumns: Arrangement = {
  name: 'keys in columns',
  keys: { single: Object.keys(COLUMNS), several: [] },
  template: {
    name: 'decisions-columns',
    async fill(query, kind) {
      for (const statement of [...sampleSchema(kind), branch(kind)]) await query(statement);
    },
  },
  configuration: { preset: 'sample' },
  write: (kind, rows) => [
    'DELETE FROM operator',
    'DELETE FROM person',
    ...operatorRows(kind, rows, Object.keys(COLUMNS)),
    ...personRows(kind, rows, Object.keys(COLUMNS)),
  ],
};

const branch = (kind: SampleKind) =>
  insertRows(kind, 'branch', ['id', 'name', 'archived'], [[BRANCH, 'Here', false]]);

type Value = string | boolean | null;

function operatorRows(kind: SampleKind, { operators }: Case, keys: readonly string[]): string[] {
  const columns = ['id', 'kind', 'api_account', 'demo_account', 'archived', 'anonymized', 'person_id'];
  const rows = operators.map((row): Value[] => [
    row.id,
    row.isGroup ? 'group' : 'operator',
    row.isApiAccount,
    row.isExcluded,
    row.archived,
    row.anonymized,
    row.link,
    row.title,
    'Somebody',
    BRANCH,
    ...keys.map((key) => row.keys[key]?.[0] ?? null),
  ]);
  const keyColumns = keys.map((key) => COLUMNS[key]?.operator ?? key);
  return inserted(kind, 'operator', [...columns, 'job_title', 'last_name', 'branch_id', ...keyColumns], rows);
}

function personRows(kind: SampleKind, { persons }: Case, keys: readonly string[]): string[] {
  const columns = ['id', 'ssp_access', 'selectable_as_caller', 'archived', 'anonymized'];
  const rows = persons.map((row): Value[] => [
    row.id,
    row.ssp,
    row.caller,
    row.archived,
    row.anonymized,
    'Somebody',
    BRANCH,
    ...keys.map((key) => row.keys[key]?.[0] ?? null),
  ]);
  const keyColumns = keys.map((key) => COLUMNS[key]?.person ?? key);
  return inserted(kind, 'person', [...columns, 'last_name', 'branch_id', ...keyColumns], rows);
}

/** Highest keys first: nothing may depend on the order in which rows lie. */
function inserted(kind: SampleKind, table: string, columns: string[], rows: Value[][]): string[] {
  return rows.length === 0 ? [] : [insertRows(kind, table, columns, rows.toReversed())];
}

/** Of all letters in the case, those that this server lower-cases in another way: both cases are unsure. */
async function unsureLetters(database: Database, rows: Case): Promise<UnsureLetters> {
  const unsure = new Map([['İ', 'i']]);
  if (database.identity.kind !== 'MariaDB') return unsure;
  const texts = [...rows.operators, ...rows.persons].flatMap(({ keys }) => Object.values(keys).flat());
  const letters = [...texts.join('')].flatMap((letter) => [letter, ...letter.toUpperCase()]);
  const beyond = [...new Set(letters)].filter((letter) => letter > '\x7f' && letter !== 'İ');
  if (beyond.length === 0) return unsure;
  const lowered = beyond.map(
    (letter, n) => `LOWER(${literal('mysql', letter)} COLLATE utf8mb4_uca1400_as_cs) AS l${n}`,
  );
  const [row] = await database.transaction((session) => session.rows(`SELECT ${lowered.join(', ')}`));
  beyond.forEach((letter, n) => {
    const given = row?.[`l${n}`] ?? '';
    const rule = letter.toLowerCase();
    if (given !== rule) unsure.set(letter, given).set(rule, rule);
  });
  return unsure;
}

async function prepare({ fresh }: DatabaseUnderTest, { template, configuration, write }: Arrangement) {
  const place = await fresh(template);
  const target =
    place.url === undefined ? { kind: 'embedded' as const } : { kind: place.kind, url: place.url };
  const database = await openDatabase(target, 'write', {}, place.folder);
  onTestFinished(() => database.close());
  const file = join(place.folder, 'onecard.yaml');

  return async (rows: Case): Promise<{ planned: Verdict[]; expected: Verdict[] }> => {
    const { policies, ignoreValues } = rows;
    // YAML takes JSON.
    await writeFile(
      file,
      JSON.stringify({ ...configuration, policies, match: { ignoreValues, ...match(configuration) } }),
    );
    const layout = await checkLayout(database, loadConfiguration(file));
    await database.transaction(async (session) => {
      for (const statement of write(place.kind, rows)) await session.run(statement);
    });
    const planned = await database.snapshot(async (session) => {
      const verdicts: Verdict[] = [];
      for await (const { name: _, evidence: __, card: ___, ...verdict } of streamPlan(
        session,
        layout,
        database,
      ))
        verdicts.push(verdict);
      return verdicts;
    });
    const rules = { policies, ignoreValues, unsureLetters: await unsureLetters(database, rows) };
    return { planned, expected: decideAll(rows.operators, rows.persons, rules) };
  };
}

const match = (configuration: object): object =>
  'match' in configuration && typeof configuration.match === 'object' ? (configuration.match ?? {}) : {};

/** The check, until so long after it has failed first: what is left of a counterexample then is small enough. */
function shrunkWithin(milliseconds: number, check: (rows: Case) => Promise<void>) {
  let deadline = Number.POSITIVE_INFINITY;
  return async (rows: Case) => {
    if (performance.now() > deadline) return;
    try {
      await check(rows);
    } catch (error) {
      deadline = Math.min(deadline, performance.now() + milliseconds);
      throw error;
    }
  };
}

describe.each(databases)('random operators and persons on $name', (underTest) => {
  it.each([keysInColumns])(
    'get the decisions of the model, $name',
    async (arrangement) => {
      const decide = await prepare(underTest, arrangement);
      const met = new Set<string>();
      const check = async (rows: Case) => {
        const { planned, expected } = await decide(rows);
        expect(planned).toEqual(expected);
        for (const { reason } of expected) met.add(reason);
      };
      console.log(
        `${underTest.name}, ${arrangement.name}: FAST_CHECK_SEED=${seed} FAST_CHECK_RUNS=${numRuns}`,
      );
      await fc.assert(fc.asyncProperty(cases(arrangement.keys), shrunkWithin(15_000, check)), {
        seed,
        numRuns,
      });
      // What no case came to was not compared.
      expect([...met].sort()).toEqual(Object.keys(REASONS).sort());
    },
    60_000 + numRuns * 400,
  );
});
