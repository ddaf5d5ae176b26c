import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { executeRun } from '../../src/apply/run.js';
import { checkLayout } from '../../src/config/layout.js';
import { loadConfiguration } from '../../src/config/load.js';
import { compareContents } from '../../src/rehearse/compare-contents.js';
import { readContents } from '../../src/rehearse/contents.js';
import { proveOnlyPlanned } from '../../src/rehearse/only-planned.js';
import { databases, serverDatabases } from '../support/databases.js';
import { onecardOn } from '../support/on-database.js';
import { opened, openTest } from '../support/opened.js';
import { runOptions } from '../support/run-options.js';
import { operatorKey, personKey, sample } from '../support/sample.js';
import { topdeskTemplate } from '../support/topdesk.js';

/** An operator that gets a card. */
const PLANNED = operatorKey(170);
/** Left for review. */
const NEIGHBOUR = operatorKey(90);
const STRANGER = personKey(90);

const snapshots = [
  // Its link column is still to be added.
  { template: topdeskTemplate, preset: 'topdesk', written: ['persoon'] },
  { template: sample, preset: 'sample', written: ['operator', 'person'] },
];

describe.each(databases)('after a run through the command line on $name', ({ name, fresh }) => {
  // The embedded database takes seconds to open, and is opened five times here.
  it.each(name === 'embedded' ? snapshots.slice(0, 1) : snapshots)(
    'only planned rows of $template.name are others, and after a rollback none',
    async ({ template, preset, written }) => {
      const place = await fresh(template);
      const file = join(place.folder, 'onecard.yaml');
      await writeFile(file, `preset: ${preset}\n`);
      const before = await opened(place, (database) => readContents(database));
      const command = ['migrate', '--yes', '--json', '--allow-schema-changes', '--on-match', 'link'];
      const migrated = await onecardOn(place, command);
      expect(migrated.code, migrated.stderr).toBe(0);
      const { run } = JSON.parse(migrated.stdout);
      const { proof, compared } = await opened(place, async (database) => ({
        proof: await proveOnlyPlanned(database, await checkLayout(database, loadConfiguration(file)), {
          before,
          run,
        }),
        compared: compareContents(before, await readContents(database, { like: before })),
      }));
      expect(proof).toEqual([]);
      // Without what the journal says, the tables that were written to are others.
      expect(compared.map(({ table }) => table)).toEqual(written);
      const back = await onecardOn(place, ['rollback', run, '--yes']);
      expect(back.code, back.stderr).toBe(0);
      const after = await opened(place, (database) => readContents(database, { like: before }));
      expect(compareContents(before, after)).toEqual([]);
    },
    120_000,
  );
});

describe.each(serverDatabases)('a proof that only planned rows changed on $name', ({ kind, fresh }) => {
  const isPostgres = kind === 'postgres';

  /** A trigger on each row, as the application could have it. */
  const trigger = (when: string, statement: string) =>
    isPostgres
      ? [
          `CREATE FUNCTION meddle() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN ${statement}; RETURN NEW; END$$`,
          `CREATE TRIGGER meddles ${when} FOR EACH ROW EXECUTE FUNCTION meddle()`,
        ]
      : [
          `CREATE TRIGGER meddles ${when} FOR EACH ROW ${statement.replace('NEW.job_title :=', 'SET NEW.job_title =')}`,
        ];

  /** What is said of a run on the sample with such statements before and after it. */
  async function proofOf(
    setUp: readonly string[],
    afterwards: (run: string, card: string) => string[] = () => [],
  ) {
    const place = await fresh(sample);
    for (const statement of setUp) await place.query(statement);
    const database = await openTest(place);
    onTestFinished(() => database.close());
    const layout = await checkLayout(database, loadConfiguration(undefined));
    const before = await readContents(database);
    const { run } = await executeRun(database, layout, runOptions(), () => {});
    const [row] = await place.query(`SELECT person_id FROM operator WHERE id = '${PLANNED}'`);
    for (const statement of afterwards(run.id, String(row?.['person_id']))) await place.query(statement);
    const rowsOf = (label: string) => before.tables.find((table) => table.label === label)?.rows ?? 0;
    const prove = () => proveOnlyPlanned(database, layout, { before, run: run.id });
    const differences = await prove();
    const messages = differences.map(({ message }) => message);
    return { differences, messages, prove, rowsOf, database, query: place.query };
  }

  const changed = (rows: number, ...columns: string[]) =>
    `${rows} rows as before, but values changed in the column${columns.length === 1 ? '' : 's'} ${columns.join(', ')}`;
  /** MariaDB moves it along with any other column; of a planned operator, it does not count. */
  const stamp = isPostgres ? [] : ['updated_at'];

  it('notices a trigger that writes to another table, and names it', async () => {
    const { differences } = await proofOf([
      'CREATE TABLE audit_log (number int)',
      ...trigger('AFTER INSERT ON person', 'INSERT INTO audit_log VALUES (1)'),
      `CREATE TABLE elsewhere (number int)`,
      isPostgres
        ? 'CREATE TRIGGER aside AFTER DELETE ON person FOR EACH ROW EXECUTE FUNCTION meddle()'
        : 'CREATE TRIGGER aside AFTER DELETE ON person FOR EACH ROW INSERT INTO audit_log VALUES (1)',
    ]);
    expect(differences).toMatchObject([{ table: 'audit_log', kind: 'rows', hiddenTriggers: [] }]);
    expect(differences[0]?.moreRows).toBeGreaterThan(10);
    expect(differences[0]?.message).toMatch(/^audit_log: \d+ rows more \(0 → \d+\)$/);
    // One that fires when a person is deleted cannot have done it.
    expect(differences[0]?.triggers.map(({ name, when }) => [name, when])).toEqual([
      ['meddles', 'AFTER INSERT'],
    ]);
  });

  it('notices a trigger that changes values of another table', async () => {
    const { messages, rowsOf } = await proofOf(
      trigger('AFTER INSERT ON person', "UPDATE incident SET subject = 'x'"),
    );
    expect(messages).toEqual([
      `incident: ${rowsOf('incident')} rows as before, but values changed in the column subject`,
    ]);
  });

  it('notices a trigger that touches another person', async () => {
    const { messages, rowsOf } = await proofOf(
      trigger('AFTER UPDATE ON operator', `UPDATE person SET job_title = 'x' WHERE id = '${STRANGER}'`),
    );
    expect(messages).toEqual([`person: ${changed(rowsOf('person'), 'job_title', ...stamp)}`]);
  });

  // MariaDB lets no trigger write to a table that its statement reads.
  it.runIf(isPostgres)('notices a trigger that touches another operator', async () => {
    const { messages, rowsOf } = await proofOf(
      trigger(
        'AFTER UPDATE OF person_id ON operator',
        `UPDATE operator SET updated_at = '2001-01-01' WHERE id = '${NEIGHBOUR}'`,
      ),
    );
    expect(messages).toEqual([`operator: ${changed(rowsOf('operator'), 'updated_at')}`]);
  });

  it('notices a trigger that changes another column of a planned operator, and lets stamps move', async () => {
    const { messages, rowsOf } = await proofOf([
      // Stamps are configured as such.
      ...trigger('BEFORE UPDATE ON operator', "NEW.job_title := 'x'"),
      isPostgres
        ? `CREATE FUNCTION stamp() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN NEW.updated_at := now(); RETURN NEW; END$$;
           CREATE TRIGGER stamps BEFORE UPDATE ON operator FOR EACH ROW EXECUTE FUNCTION stamp()`
        : 'CREATE TRIGGER stamps BEFORE UPDATE ON operator FOR EACH ROW SET NEW.updated_at = now()',
    ]);
    expect(messages).toEqual([
      `operator: ${rowsOf('operator')} rows as before, but values changed in the column job_title`,
    ]);
  });

  it('notices whatever somebody else has written to a row, and refuses a run that the journal does not know', async () => {
    const { messages, prove, rowsOf, query, database } = await proofOf([]);
    expect(messages).toEqual([]);
    const layout = await checkLayout(database, loadConfiguration(undefined));
    const nothing = { tables: [], unread: [] };
    await expect(proveOnlyPlanned(database, layout, { before: nothing, run: 'nonsense' })).rejects.toThrow(
      'no run "nonsense"',
    );
    const literal = (value: unknown) => (value === null ? 'NULL' : `'${value}'`);
    for (const [table, id, column, value, columns] of [
      ['operator', PLANNED, 'email', 'x', ['email']],
      ['operator', NEIGHBOUR, 'email', 'x', ['email', ...stamp]],
      ['operator', NEIGHBOUR, 'updated_at', '2001-01-01 00:00:00', ['updated_at']],
      ['operator', NEIGHBOUR, 'person_id', STRANGER, ['person_id', ...stamp]],
      ['person', STRANGER, 'email', 'x', ['email', ...stamp]],
    ] as const) {
      const [row] = await query(`SELECT ${column}, updated_at FROM ${table} WHERE id = '${id}'`);
      await query(`UPDATE ${table} SET ${column} = '${value}' WHERE id = '${id}'`);
      const differences = await prove();
      expect(
        differences.map(({ message }) => message),
        `${table} ${id} ${column}`,
      ).toEqual([`${table}: ${changed(rowsOf(table), ...columns)}`]);
      const back = Object.entries(row ?? {}).map(([name, was]) => `${name} = ${literal(was)}`);
      await query(`UPDATE ${table} SET ${back.join(', ')} WHERE id = '${id}'`);
    }
    expect(await prove()).toEqual([]);
  });

  it('notices a card that is gone, a person that is new, and the link of a planned operator that is another', async () => {
    const { differences } = await proofOf([], (_, card) => [
      `UPDATE operator SET person_id = '${STRANGER}' WHERE id = '${PLANNED}'`,
      `DELETE FROM person WHERE id = '${card}'`,
      `CREATE TABLE copied AS SELECT * FROM person WHERE id = '${STRANGER}'`,
      "UPDATE copied SET id = '00000000-0000-4000-8000-00000000000a'",
      'INSERT INTO person SELECT * FROM copied',
      'DROP TABLE copied',
    ]);
    expect(differences).toMatchObject([
      { table: 'operator', kind: 'values', columns: expect.arrayContaining(['person_id']) },
      { table: 'person', kind: 'rows', moreRows: 1 },
      { table: 'person', kind: 'cards', moreRows: -1 },
    ]);
  });

  it('believes no journal that hides a card', async () => {
    const change = isPostgres ? 'onecard.change' : 'onecard_change';
    const { differences } = await proofOf([], () => [
      `UPDATE ${change} SET state = 'stale' WHERE operator = '${PLANNED}'`,
    ]);
    expect(differences).toMatchObject([
      { table: 'operator', kind: 'values', columns: expect.arrayContaining(['person_id']) },
      { table: 'person', kind: 'rows', moreRows: 1 },
    ]);
  });
});
