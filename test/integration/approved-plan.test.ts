import { createHash } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { executeRun } from '../../src/apply/run.js';
import { checkLayout } from '../../src/config/layout.js';
import { loadConfiguration } from '../../src/config/load.js';
import { openDatabase } from '../../src/database/open.js';
import { ApprovedPlan } from '../../src/plan/approved-plan.js';
import type { Outcome } from '../../src/plan/drift.js';
import { findDrift } from '../../src/plan/drift.js';
import { PlanFile } from '../../src/plan/file.js';
import { streamPlan } from '../../src/plan/plan.js';
import { contents, difference } from '../support/contents.js';
import { serverDatabases } from '../support/databases.js';
import { runOptions } from '../support/run-options.js';
import { operatorKey, sample } from '../support/sample.js';

const never = new AbortController().signal;

describe.each(serverDatabases)('a run with an approved plan on $name', ({ fresh }) => {
  const prepare = async () => {
    const place = await fresh(sample);
    if (place.url === undefined) throw new Error('a server was expected');
    const database = await openDatabase({ kind: place.kind, url: place.url }, 'write', {}, place.folder);
    onTestFinished(() => database.close());
    const layout = await checkLayout(database, loadConfiguration(undefined));
    const path = join(place.folder, 'plan.ndjson');
    const file = await PlanFile.create(path, database.identity, layout.configuration);
    await database.snapshot(async (session) => {
      for await (const planned of streamPlan(session, layout, database)) await file.add(planned);
    });
    await file.finish([]);
    const plan = await ApprovedPlan.open(path);
    const run = (isStrict: boolean) =>
      executeRun(database, layout, { ...runOptions(never, 7), approval: { plan, isStrict } }, () => {});
    return { place, database, run };
  };

  it('looks once more when its journal has the plan: what drifted since the question is left out', async () => {
    const { place, database, run } = await prepare();
    // Every other of those in the middle, so that others take their places; one after the other at the end.
    const drifted = [170, 172, 174, 176, 197, 198, 199].map(operatorKey);
    const keys = drifted.map((key) => `'${key}'`).join(', ');
    await place.query(`UPDATE operator SET job_title = 'Chief' WHERE id IN (${keys})`);
    const { applied, run: closed } = await run(false);
    expect(applied).toEqual({ created: 98 - drifted.length, linked: 0, stale: 0, failed: 0 });
    expect(closed).toMatchObject({ actions: 98 - drifted.length, drift: { leftOut: drifted.length } });

    const decision = database.dialect.journal('decision');
    const positions = await place.query(
      `SELECT position FROM ${decision} WHERE action <> 'none' ORDER BY position`,
    );
    expect(positions.map(({ position }) => Number(position))).toEqual(
      Array.from({ length: 98 - drifted.length }, (_, index) => index + 1),
    );
    const leftOut = await place.query(
      `SELECT operator, action FROM ${decision} WHERE finding = 'not-as-approved' ORDER BY operator`,
    );
    expect(leftOut).toEqual(drifted.map((operator) => ({ operator, action: 'none' })));
    const unlinked = await place.query(`SELECT id FROM operator WHERE id IN (${keys}) AND person_id IS NULL`);
    expect(unlinked).toHaveLength(drifted.length);
  });

  it('refuses by then, too, where it is strict, and leaves no run behind', async () => {
    const { place, database, run } = await prepare();
    await place.query(`UPDATE operator SET job_title = 'Chief' WHERE id = '${operatorKey(170)}'`);
    const before = await contents(place);
    await expect(run(true)).rejects.toMatchObject({ exitCode: 5 });
    expect(difference(before, await contents(place))).toEqual({ added: [], removed: [], changed: [] });
    for (const table of ['run', 'decision', 'change'] as const)
      expect(await place.query(`SELECT * FROM ${database.dialect.journal(table)}`)).toEqual([]);
  });

  it('notices a file that was exchanged after it was approved, and writes nothing', async () => {
    const { place, run } = await prepare();
    const path = join(place.folder, 'plan.ndjson');
    const text = await readFile(path, 'utf8');
    await writeFile(path, text.replace('"first_name":"', '"first_name":"X'));
    const before = await contents(place);
    await expect(run(false)).rejects.toMatchObject({
      exitCode: 5,
      message: expect.stringContaining('altered'),
    });
    expect(difference(before, await contents(place))).toEqual({ added: [], removed: [], changed: [] });
  });
});

describe('drift between two lists', () => {
  const outcome = (operator: string): Outcome => ({
    operator,
    decision: 'create',
    action: 'create',
    reason: 'no-candidate',
    person: null,
    card: { last_name: createHash('md5').update(operator).digest('hex') },
  });
  const listOf = async function* (keys: readonly string[]) {
    for (const key of keys) yield outcome(key);
  };

  it('is found whatever order a server has for keys', async () => {
    const drift = await findDrift(
      listOf(['9', '10', 'b', 'ä', 'gone']),
      listOf(['10', '9', 'ä', 'new', 'b']),
    );
    expect(drift).toMatchObject({
      approved: 4,
      leftOut: 1,
      changed: { count: 0 },
      vanished: { count: 1, first: [{ operator: 'gone' }] },
      arrived: { count: 1, first: [{ operator: 'new' }] },
    });
  });
});
