import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { anySchemas, asPrinted } from '../support/any-schema.js';
import { type Contents, contents, difference } from '../support/contents.js';
import { databases, serverDatabases, type TestDatabase } from '../support/databases.js';
import { onecardOn, rowsOf, together, writingNothing } from '../support/on-database.js';
import { readPlanFile } from '../support/plan-file.js';
import { schemaOf } from '../support/schema-of.js';

const IDENTICAL = { added: [], removed: [], changed: [] };
const RUN = ['migrate', '--yes', '--allow-schema-changes', '--json'];

describe.each(databases)('on $name', ({ name, kind, fresh }) => {
  // The embedded database is PostgreSQL, and takes seconds to open for each command.
  describe.each(name === 'embedded' ? anySchemas.slice(0, 1) : anySchemas)('the schema $name', (schema) => {
    const { link, expectations } = schema;
    const { operators, persons } = schema.tables(kind);
    const creates = expectations.filter((each) => each.decision === 'create').map((each) => each.operator);
    let database: TestDatabase;
    let before: { contents: Contents; schema: string[] };
    let run: string;

    beforeAll(async () => {
      database = await fresh(schema.template);
      await writeFile(join(database.folder, 'onecard.yaml'), schema.configuration(kind));
      before = await stateOf(database);
    }, 120_000);

    it('is planned as was expected by hand', async () => {
      const args = ['migrate', '--dry-run', '--quiet', '--plan-out', 'plan.ndjson'];
      const result = await writingNothing(database, () => onecardOn(database, args));
      expect(result.code, result.stderr).toBe(0);
      const { lines } = await readPlanFile(join(database.folder, 'plan.ndjson'));
      const found = lines.map(({ operator, decision, reason, person, finding }) => {
        return { operator, decision, reason, person, finding: finding ?? null };
      });
      expect(found.toSorted(byOperator)).toEqual(expectations.toSorted(byOperator));
    });

    it('gets a card, as configured, for every operator that lacks one, and nothing else', async () => {
      const result = await onecardOn(database, RUN);
      expect(result.code, result.stderr).toBe(0);
      const summary = JSON.parse(result.stdout);
      run = summary.run;
      expect(summary).toMatchObject({ created: creates.length, linked: 0, stale: 0 });

      const { contents: after } = await stateOf(database);
      const { added, removed } = difference(before.contents, after);
      expect(removed).toEqual([]);
      expect(added.map(({ table }) => table)).toEqual(creates.map(() => persons));
      const rows = rowsOf(after, operators);
      const cards = new Set(added.map(({ key }) => key));
      expect(creates.filter((operator) => cards.delete(String(rows.get(operator)?.[link])))).toEqual(creates);
      // What else there was is as it was, columns that were added apart.
      for (const [table, old] of before.contents) {
        const now = rowsOf(after, table);
        for (const [key, row] of rowsOf(before.contents, table)) {
          const isLinked = table === operators && creates.includes(key);
          expect(now.get(key), key).toMatchObject(isLinked ? { ...row, [link]: expect.any(String) } : row);
        }
        expect(now.size).toBe(old.size + (table === persons ? creates.length : 0));
      }

      for (const [operator, card] of Object.entries(schema.cards)) {
        const key = String(rows.get(operator)?.[link]);
        expect(key).toMatch(schema.newKey);
        expect(rowsOf(after, persons).get(key), operator).toMatchObject(asPrinted(kind, card));
      }
    });

    it('is verified', async () => {
      const result = await writingNothing(database, () => onecardOn(database, ['verify']));
      expect(result.code, result.stdout + result.stderr).toBe(0);
    });

    it('has nothing left to do', async () => {
      const again = await writingNothing(database, () => onecardOn(database, RUN));
      expect(again.code, again.stderr).toBe(0);
    });

    it('keeps a card in a rollback that somebody refers to without a foreign key', async () => {
      const [operator = ''] = creates;
      const row = rowsOf((await stateOf(database)).contents, operators).get(operator);
      await together(database, ({ query }) => query(schema.refer(kind, String(row?.[link]))));
      const result = await onecardOn(database, ['rollback', run, '--dry-run', '--json']);
      expect(result.code, result.stderr).toBe(0);
      const { changes } = JSON.parse(result.stdout);
      const kept = changes.filter(({ state }: { state: string }) => state === 'kept');
      expect(kept.map((change: { operator: string }) => change.operator)).toEqual([operator]);
      await together(database, ({ query }) => query(schema.unrefer(kind)));
    });

    it('is as before after a rollback and uninstall', async () => {
      const back = await onecardOn(database, ['rollback', run, '--yes', '--json']);
      expect(back.code, back.stderr).toBe(0);
      expect(JSON.parse(back.stdout)).toMatchObject({ removed: creates.length, kept: 0 });
      const gone = await onecardOn(database, ['uninstall', '--yes']);
      expect(gone.code, gone.stderr).toBe(0);
      const after = await stateOf(database);
      expect(difference(before.contents, after.contents)).toEqual(IDENTICAL);
      expect(after.schema).toEqual(before.schema);
    });
  });
});

it.each(serverDatabases)(
  'a scan counts a card with several addresses once on $name',
  async ({ kind, fresh }) => {
    const [helpdesk = expect.fail()] = anySchemas;
    const database = await fresh(helpdesk.template);
    await writeFile(join(database.folder, 'onecard.yaml'), helpdesk.configuration(kind));
    const { stdout, stderr } = await onecardOn(database, ['scan', '--json']);
    expect(stderr).toBe('');
    expect(JSON.parse(stdout).keys[0]).toMatchObject({
      key: 'email',
      // One has the same address twice.
      operators: { rows: 36, filled: 32, shared: 2, sharing: 4 },
      persons: { rows: 23, filled: 17, shared: 2, sharing: 4 },
    });
  },
);

function stateOf(database: TestDatabase) {
  return together(database, async (opened) => ({
    contents: await contents(opened),
    schema: await schemaOf(opened),
  }));
}

function byOperator(left: { operator: string }, right: { operator: string }): number {
  return left.operator < right.operator ? -1 : 1;
}
