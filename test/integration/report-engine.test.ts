import { describe, expect, it, onTestFinished } from 'vitest';
import { STANDARD_SIZE, sampleRows, sampleSchema } from '../../fixtures/sample/index.js';
import { executeRun } from '../../src/apply/run.js';
import { checkLayout } from '../../src/config/layout.js';
import { loadConfiguration } from '../../src/config/load.js';
import { openDatabase } from '../../src/database/open.js';
import { RunTable } from '../../src/journal/journal.js';
import { reportTotals } from '../../src/report/link-totals.js';
import { type LinkReportOptions, type LinkRow, linkReport } from '../../src/report/links.js';
import { endRollback, executeRollback } from '../../src/rollback/rollback.js';
import { type DatabaseUnderTest, databases, type Template } from '../support/databases.js';
import { runOptions } from '../support/run-options.js';

const sample: Template = {
  name: 'sample-for-reports',
  async fill(query, kind) {
    for (const statement of sampleSchema(kind)) await query(statement);
    for (const statement of sampleRows(kind, STANDARD_SIZE)) await query(statement);
  },
};

async function opened({ fresh, kind }: DatabaseUnderTest) {
  const { url, folder } = await fresh(sample);
  const target = url === undefined ? ({ kind: 'embedded' } as const) : { kind, url };
  const database = await openDatabase(target, 'write', {}, folder);
  onTestFinished(() => database.close());
  const layout = await checkLayout(database, loadConfiguration(undefined, { onMatch: 'link' }));
  return {
    migrate: async () => {
      const { run } = await executeRun(database, layout, runOptions(), () => undefined);
      await database.transaction((session) => new RunTable(database).enter(session, run, 'done'));
      return run.id;
    },
    rollBack: async (run: string, only?: string) => {
      const options = {
        lockTimeout: 5_000,
        batchSize: { time: 5_000, fixed: 1_000 },
        signal: new AbortController().signal,
      };
      const result = await executeRollback(database, layout, { run, only }, options, () => {});
      await endRollback(database, result, { auditHead: '', summary: '{}' });
      return result.takenBack;
    },
    totals: () => database.snapshot((session) => reportTotals(session, database, layout)),
    run: (sql: string) => database.transaction((session) => session.run(sql)),
    report: (options: LinkReportOptions = {}) =>
      database.snapshot(async (session) => {
        const rows: LinkRow[] = [];
        for await (const row of linkReport(session, database, layout, options)) rows.push({ ...row });
        return rows;
      }),
  };
}

const NEWCOMER = '0a000000-0000-4000-8000-0000000000ff';

const of = (rows: readonly LinkRow[], operator: string) => rows.find((row) => row.operator === operator);

describe.each(databases)('a link report on $name', (underTest) => {
  it('says of every operator row, in the order of the keys, who linked it and why', async () => {
    const { migrate, run: send, report } = await opened(underTest);
    const run = await migrate();
    const rows = await report();
    expect(rows).toHaveLength(330);
    expect(rows.map(({ operator }) => operator)).toEqual(rows.map(({ operator }) => operator).toSorted());

    const linkedBefore = rows.find(
      ({ linkedBy, decision }) => linkedBy === 'before' && decision === 'linked',
    );
    expect(linkedBefore).toMatchObject({ person: expect.any(String), state: null, changedAt: null, run });
    const created = rows.filter(({ linkedBy, action }) => linkedBy === 'onecard' && action === 'create');
    expect(created).toHaveLength(98);
    for (const row of created) {
      expect(row).toMatchObject({
        decision: 'create',
        reasonText: 'no person shares a key with it',
        personName: row.operatorName,
        state: 'applied',
        changedAt: expect.stringMatching(/^\d{4}-\d\d-\d\dT/),
        run,
      });
    }
    const broken = rows.find(({ reason }) => reason === 'broken-link');
    expect(broken).toMatchObject({ person: expect.any(String), personName: null, linkedBy: 'before' });

    // What counts is the live link, whatever the journal says.
    await send(`UPDATE operator SET person_id = NULL WHERE id = '${created[0]?.operator}'`);
    expect(of(await report(), created[0]?.operator ?? '')).toMatchObject({
      person: null,
      linkedBy: null,
      decision: 'create',
      state: 'applied',
    });
  });

  it('says of what a rollback kept that the run linked it, and of the rest that it was rolled back', async () => {
    const { migrate, rollBack, run: send, report } = await opened(underTest);
    const first = await migrate();
    const [kept, back, ...others] = (await report()).filter(({ action }) => action === 'create');
    if (kept === undefined || back === undefined) throw new Error('the sample has cards to create');
    await send(`UPDATE person SET telephone = '+31 1' WHERE id = '${kept.person}'`);
    // Another run, which finds all of them linked.
    await send(`INSERT INTO operator (id, kind, last_name, branch_id, api_account, demo_account, archived, anonymized)
      SELECT '${NEWCOMER}', 'operator', 'Newcomer', branch_id, FALSE, FALSE, FALSE, FALSE FROM operator WHERE id = '${back.operator}'`);
    const second = await migrate();
    expect(await rollBack(first)).toMatchObject({ kept: 1 });

    const isKept = {
      linkedBy: 'onecard',
      person: kept.person,
      decision: 'create',
      state: 'kept',
      run: first,
    };
    const isBack = { linkedBy: null, person: null, decision: 'create', state: 'rolled-back', run: first };
    for (const options of [{}, { run: first }]) {
      const rows = await report(options);
      expect(of(rows, kept.operator)).toMatchObject(isKept);
      for (const { operator } of [back, ...others]) expect(of(rows, operator)).toMatchObject(isBack);
    }
    expect(of(await report(), NEWCOMER)).toMatchObject({
      linkedBy: 'onecard',
      state: 'applied',
      run: second,
    });

    // The word of a run that comes later counts more.
    const third = await migrate();
    const rows = await report();
    expect(of(rows, kept.operator)).toMatchObject(isKept);
    expect(of(rows, back.operator)).toMatchObject({ linkedBy: 'onecard', state: 'applied', run: third });
    await send(`UPDATE operator SET person_id = NULL WHERE id = '${back.operator}'`);
    expect(of(await report(), back.operator)).toMatchObject({ linkedBy: null, state: 'applied', run: third });
  });

  it('takes some of them: a decision, the first, a run', async () => {
    const { migrate, report } = await opened(underTest);
    const run = await migrate();
    const all = await report();
    const skipped = await report({ decision: 'skip' });
    expect(skipped).toEqual(all.filter(({ decision }) => decision === 'skip'));
    expect(await report({ limit: 2 })).toEqual(all.slice(0, 2));
    expect(await report({ run })).toEqual(all);
    const ofNobody = await report({ run: 'nobody' });
    expect(new Set(ofNobody.map(({ decision }) => decision))).toEqual(new Set([null]));
  });

  it('counts as many as its rows: before and now, by decision and by reason', async () => {
    const { migrate, report, totals } = await opened(underTest);
    const before = await totals();
    await migrate();
    const [rows, after] = [await report(), await totals()];
    const needing = rows.filter(
      ({ reason }) => !['not-an-operator', 'api-account', 'excluded'].includes(reason ?? ''),
    );
    const linkedNow = needing.filter(({ person }) => person !== null).length;
    const linkedBefore = needing.filter(({ linkedBy }) => linkedBy === 'before').length;
    expect(linkedNow).toBeGreaterThan(linkedBefore);
    expect(after).toMatchObject({ operators: 330, needingCards: needing.length, linkedBefore, linkedNow });
    const countsOf = (labels: readonly (string | null)[]) =>
      [...new Set(labels)].map((label) => ({ label, count: labels.filter((each) => each === label).length }));
    const { decisions, reasons } = after;
    expect(new Set(decisions)).toEqual(new Set(countsOf(rows.map(({ decision }) => decision))));
    expect(new Set(reasons)).toEqual(new Set(countsOf(rows.map(({ reasonText }) => reasonText))));
    // Nobody had decided anything then.
    expect(before).toMatchObject({ operators: 330, needingCards: 330 });
    expect(before.decisions).toEqual([{ label: 'no run has decided about it', count: 330 }]);
  });

  it('works without a journal', async () => {
    const { report } = await opened(underTest);
    const rows = await report();
    expect(rows).toHaveLength(330);
    expect(new Set(rows.map(({ decision, run }) => `${decision} ${run}`))).toEqual(new Set(['null null']));
    expect(of(rows, '0a000000-0000-4000-8000-000000000020')).toMatchObject({
      person: '0b000000-0000-4000-8000-000000000020',
      linkedBy: 'before',
    });
  });
});
