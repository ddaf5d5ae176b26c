import { describe, expect, it } from 'vitest';
import { contents, difference } from '../support/contents.js';
import { databases, serverDatabases } from '../support/databases.js';
import { journalTable, onecardOn, together, writingNothing } from '../support/on-database.js';
import { largeSample, operatorKey, sampleWithoutCardColumns } from '../support/sample.js';
import { schemaOf } from '../support/schema-of.js';

const IDENTICAL = { added: [], removed: [], changed: [] };
const MIGRATE = ['migrate', '--yes', '--allow-schema-changes', '--json'];

describe.each(databases)('uninstall on $name', ({ name, fresh, kind }) => {
  it('leaves exactly what was there before the first run, once that is rolled back', async () => {
    const database = await fresh(sampleWithoutCardColumns);
    const before = await together(database, async (opened) => ({
      schema: await schemaOf(opened),
      contents: await contents(opened),
    }));
    const { run } = JSON.parse((await onecardOn(database, MIGRATE)).stdout);
    const rollback = await onecardOn(database, ['rollback', run, '--yes']);
    expect(rollback.code, rollback.stderr).toBe(0);

    const preview = await writingNothing(database, () => onecardOn(database, ['uninstall', '--dry-run']));
    expect(preview.code, preview.stderr).toBe(0);
    expect(preview.stdout).toContain('This is given up for good');
    expect(preview.stdout).toMatch(/ALTER TABLE .*operator.* DROP COLUMN .*person_id/);
    const unasked = await onecardOn(database, ['uninstall']);
    expect(unasked.code).toBe(2);

    const { code, stderr } = await onecardOn(database, ['uninstall', '--yes']);
    expect(code, stderr).toBe(0);
    await together(database, async (opened) => {
      expect(await schemaOf(opened)).toEqual(before.schema);
      expect(difference(before.contents, await contents(opened))).toEqual(IDENTICAL);
    });
    const again = await writingNothing(database, () => onecardOn(database, ['uninstall', '--yes']));
    expect(again.code).toBe(0);
    expect(again.stdout).toContain('Nothing to remove');
  }, 120_000);

  it.runIf(name !== 'embedded')(
    'drops an added link that holds links only when that is asked for',
    async () => {
      const database = await fresh(sampleWithoutCardColumns);
      const before = await schemaOf(database);
      const migrated = await onecardOn(database, MIGRATE);
      expect(migrated.code, migrated.stderr).toBe(0);
      const { created } = JSON.parse(migrated.stdout);
      const preview = await onecardOn(database, ['uninstall', '--dry-run']);
      expect(preview.stdout).toContain(
        `operator.person_id, which onecard has added, stays: it is in use in ${created} rows`,
      );
      const asked = await onecardOn(database, ['uninstall', '--dry-run', '--drop-columns']);
      expect(asked.stdout).toMatch(/DROP COLUMN .*person_id/);

      const cards = await contents(database);
      const { code, stderr } = await onecardOn(database, ['uninstall', '--yes']);
      expect(code, stderr).toBe(0);
      // The journal is gone; links and cards are as they were.
      expect(difference(cards, await contents(database))).toEqual(IDENTICAL);
      const left = await schemaOf(database);
      expect(left.filter((line) => /onecard/.test(line))).toEqual([]);
      expect(left.length).toBeGreaterThan(before.length);
    },
    120_000,
  );

  it.runIf(name !== 'embedded')(
    'drops no column that the application had before',
    async () => {
      const database = await fresh(largeSample);
      const before = await schemaOf(database);
      await onecardOn(database, ['migrate', '--yes']);
      const { code, stderr } = await onecardOn(database, ['uninstall', '--yes', '--drop-columns']);
      expect(code, stderr).toBe(0);
      expect(await schemaOf(database)).toEqual(before);
      const [row] = await database.query(`SELECT person_id FROM operator WHERE id = '${operatorKey(170)}'`);
      expect(row?.['person_id']).not.toBe(null);
    },
    120_000,
  );

  it.runIf(name !== 'embedded')(
    'refuses while a run is unfinished or half taken back',
    async () => {
      const database = await fresh(largeSample);
      await onecardOn(database, ['migrate', '--yes', '--limit', '10']);
      const [{ id } = {}] = await database.query(`SELECT id FROM ${journalTable(kind, 'run')}`);
      const unfinished = await writingNothing(database, () => onecardOn(database, ['uninstall', '--yes']));
      expect(unfinished.code).toBe(2);
      expect(unfinished.stderr).toContain(`The run ${id} is unfinished`);
      await database.query(`UPDATE ${journalTable(kind, 'run')} SET state = 'rolling-back'`);
      const half = await writingNothing(database, () => onecardOn(database, ['uninstall', '--yes']));
      expect(half.code).toBe(2);
      expect(half.stderr).toContain(`onecard rollback ${id}`);
    },
    120_000,
  );
});

it.each(serverDatabases)(
  'schemas are told apart by what uninstall could leave on $name',
  async ({ fresh }) => {
    const database = await fresh(largeSample);
    const before = await schemaOf(database);
    await database.query('CREATE INDEX another ON operator (last_name)');
    expect(await schemaOf(database)).not.toEqual(before);
  },
);
