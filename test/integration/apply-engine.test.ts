import { describe, expect, it, onTestFinished } from 'vitest';
import { STANDARD_SIZE, sampleRows, sampleSchema } from '../../fixtures/sample/index.js';
import { applyBatch } from '../../src/apply/batch.js';
import { executeRun, type RunEvent } from '../../src/apply/run.js';
import { checkLayout } from '../../src/config/layout.js';
import { loadConfiguration } from '../../src/config/load.js';
import { openDatabase } from '../../src/database/open.js';
import { contents, difference } from '../support/contents.js';
import { type DatabaseUnderTest, serverDatabases, type Template } from '../support/databases.js';

const sample: Template = {
  name: 'sample',
  async fill(query, kind) {
    for (const statement of sampleSchema(kind)) await query(statement);
    for (const statement of sampleRows(kind, STANDARD_SIZE)) await query(statement);
  },
};

/** Three operators that get a card. */
const [EDITED, LINKED, DELETED] = [170, 172, 173].map(
  (n) => `0a000000-0000-4000-8000-${String(n).padStart(12, '0')}`,
);
const SOMEBODY = '0b000000-0000-4000-8000-000000000222';

async function prepare({ fresh }: DatabaseUnderTest) {
  const place = await fresh(sample);
  if (place.url === undefined) throw new Error('a server was expected');
  const { url, kind } = place;
  const database = await openDatabase({ kind, url }, 'write', {}, place.folder);
  onTestFinished(() => database.close());
  const layout = await checkLayout(database, loadConfiguration(undefined));
  const run = (signal: AbortSignal, emit: (event: RunEvent) => void = () => {}) =>
    executeRun(database, layout, { ticket: undefined, batchSize: 10, signal }, emit);
  /** A run that is stopped as soon as it is planned. */
  const planOnly = () => {
    const stop = new AbortController();
    return run(stop.signal, (event) => event.kind === 'planned' && stop.abort());
  };
  return { place, database, layout, run, planOnly };
}

const never = new AbortController().signal;

describe.each(serverDatabases)('applying on $name', (underTest) => {
  it('does not write what changed since it was planned, and says why', async () => {
    const { place, database, run, planOnly } = await prepare(underTest);
    expect(await planOnly()).toMatchObject({ isInterrupted: true });
    await place.query(`UPDATE operator SET job_title = 'Chief of staff' WHERE id = '${EDITED}'`);
    await place.query(`UPDATE operator SET person_id = '${SOMEBODY}' WHERE id = '${LINKED}'`);
    await place.query(`DELETE FROM operator WHERE id = '${DELETED}'`);

    const { applied, closing } = await run(never);
    expect(applied).toEqual({ created: 95, linked: 0, stale: 3 });

    const journal = await place.query(
      `SELECT operator, reason FROM ${database.dialect.journal('change')} WHERE state = 'stale' ORDER BY operator`,
    );
    expect(journal).toEqual([
      { operator: EDITED, reason: 'the operator was changed in the meantime' },
      { operator: LINKED, reason: 'the operator was linked in the meantime' },
      { operator: DELETED, reason: 'the operator is gone' },
    ]);
    // The one that was only edited is found again by the closing classification.
    expect(closing.filter(({ action }) => action !== 'none')).toMatchObject([
      { decision: 'create', operators: 1 },
    ]);
  });

  it('rolls the whole batch back when the database refuses one card of it, and finishes once that is mended', async () => {
    const { place, run } = await prepare(underTest);
    const before = await contents(place);
    const check = `ALTER TABLE person ADD CONSTRAINT no_such_card CHECK (selectable_as_caller OR last_name <> 'Nobody')`;
    await place.query(check);
    await place.query(`UPDATE operator SET last_name = 'Nobody' WHERE id = '${DELETED}'`);
    await expect(run(never)).rejects.toThrow(/no_such_card/);

    // Ten operators a batch: the first one of them failed, so nothing at all was written.
    const { added, changed, removed } = difference(before, await contents(place));
    expect({ added, removed }).toEqual({ added: [], removed: [] });
    expect(changed.map(({ key }) => key)).toEqual([DELETED]);

    await place.query('ALTER TABLE person DROP CONSTRAINT no_such_card');
    expect((await run(never)).applied.created).toBe(98);
  });

  it('refuses a batch of a run that another process has taken over', async () => {
    const { place, database, layout, planOnly } = await prepare(underTest);
    const { run } = await planOnly();
    const before = await contents(place);
    await place.query(`UPDATE ${database.dialect.journal('run')} SET token = token + 1`);
    await expect(applyBatch(database, layout, run, { from: 1, to: 10 })).rejects.toThrow(/taken over/);
    expect(difference(before, await contents(place))).toEqual({ added: [], removed: [], changed: [] });
  });
});
