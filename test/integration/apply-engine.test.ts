import { describe, expect, it, onTestFinished } from 'vitest';
import { STANDARD_SIZE, sampleRows, sampleSchema } from '../../fixtures/sample/index.js';
import { applyBatch } from '../../src/apply/batch.js';
import { executeRun, type RunEvent } from '../../src/apply/run.js';
import { checkLayout } from '../../src/config/layout.js';
import { loadConfiguration } from '../../src/config/load.js';
import { openDatabase } from '../../src/database/open.js';
import { contents, difference } from '../support/contents.js';
import { type DatabaseUnderTest, serverDatabases, type Template } from '../support/databases.js';
import { runOptions } from '../support/run-options.js';

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
    executeRun(database, layout, runOptions(signal, 10), emit);
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
    expect(await planOnly()).toMatchObject({ stopped: { kind: 'signal' } });
    await place.query(`UPDATE operator SET job_title = 'Chief of staff' WHERE id = '${EDITED}'`);
    await place.query(`UPDATE operator SET person_id = '${SOMEBODY}' WHERE id = '${LINKED}'`);
    await place.query(`DELETE FROM operator WHERE id = '${DELETED}'`);

    const { applied, closing } = await run(never);
    expect(applied).toEqual({ created: 95, linked: 0, stale: 3, failed: 0 });

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

  it('leaves out the one card that the database refuses, says why, and finishes it once that is mended', async () => {
    const { place, database, run } = await prepare(underTest);
    const check = `ALTER TABLE person ADD CONSTRAINT no_such_card CHECK (selectable_as_caller OR last_name <> 'Nobody')`;
    await place.query(check);
    await place.query(`UPDATE operator SET last_name = 'Nobody' WHERE id = '${DELETED}'`);
    const failed: RunEvent[] = [];
    const { applied } = await run(never, (event) => event.kind === 'failed' && failed.push(event));
    expect(applied).toEqual({ created: 97, linked: 0, stale: 0, failed: 1 });
    expect(failed).toMatchObject([{ why: expect.stringContaining('no_such_card') }]);
    const journal = await place.query(
      `SELECT operator, reason FROM ${database.dialect.journal('change')} WHERE state = 'failed'`,
    );
    expect(journal).toMatchObject([{ operator: DELETED, reason: expect.stringContaining('no_such_card') }]);
    // Neither half of it is there.
    expect(await place.query(`SELECT person_id FROM operator WHERE id = '${DELETED}'`)).toEqual([
      { person_id: null },
    ]);
    expect(await place.query(`SELECT id FROM person WHERE last_name = 'Nobody'`)).toEqual([]);
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
