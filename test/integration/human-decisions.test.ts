import { describe, expect, it, onTestFinished } from 'vitest';
import { executeRun, type RunEvent } from '../../src/apply/run.js';
import { checkLayout } from '../../src/config/layout.js';
import { loadConfiguration } from '../../src/config/load.js';
import { openDatabase } from '../../src/database/open.js';
import type { FilledFile } from '../../src/model/human-decision.js';
import { findDecided } from '../../src/plan/decided.js';
import { streamPlan } from '../../src/plan/plan.js';
import { verifyDatabase } from '../../src/verify/verify.js';
import { cast } from '../cli/cast.js';
import { contents, difference } from '../support/contents.js';
import { type DatabaseUnderTest, serverDatabases } from '../support/databases.js';
import { runOptions } from '../support/run-options.js';
import { operatorKey, personKey } from '../support/sample.js';

const OPERATORS = [50, 51, 52].map(operatorKey);
const [TAKEN = '', GONE = '', CHANGED = ''] = OPERATORS;
const PERSONS = [55, 56, 57].map(personKey);
const SOMEBODY = operatorKey(173);

async function prepare({ fresh }: DatabaseUnderTest) {
  const place = await fresh(cast);
  if (place.url === undefined) throw new Error('a server was expected');
  const { url, kind } = place;
  const database = await openDatabase({ kind, url }, 'write', {}, place.folder);
  onTestFinished(() => database.close());
  const layout = await checkLayout(database, loadConfiguration(undefined));
  const file = (digest = 'f'.repeat(64)): FilledFile => ({
    path: 'decisions.csv',
    digest,
    lines: OPERATORS.map((operator, index) => ({
      row: index + 2,
      cells: { operator, decision: 'link', person: PERSONS[index] ?? '', who: 'Anna', note: '' },
    })),
  });
  const run = (signal: AbortSignal, decisions?: FilledFile, emit: (event: RunEvent) => void = () => {}) =>
    executeRun(database, layout, { ...runOptions(signal, 10), decisions }, emit);
  /** A run that is stopped as soon as it is planned. */
  const planOnly = (decisions: FilledFile) => {
    const stop = new AbortController();
    return run(stop.signal, decisions, (event) => event.kind === 'planned' && stop.abort());
  };
  const disturb = async () => {
    await place.query(`UPDATE operator SET person_id = '${PERSONS[0]}' WHERE id = '${SOMEBODY}'`);
    await place.query(`DELETE FROM person WHERE id = '${PERSONS[1]}'`);
    await place.query(`UPDATE person SET employee_number = 'E-1' WHERE id = '${PERSONS[2]}'`);
  };
  return { place, database, layout, file, run, planOnly, disturb };
}

const never = new AbortController().signal;

describe.each(serverDatabases)('what humans have decided on $name', (underTest) => {
  it('is not written where its person has gone, changed or found another operator since it was planned', async () => {
    const { place, database, layout, file, run, planOnly, disturb } = await prepare(underTest);
    expect(await planOnly(file())).toMatchObject({ stopped: { kind: 'signal' } });
    await disturb();

    const { applied } = await run(never, file());
    expect(applied).toMatchObject({ linked: 0, stale: 4 });
    const changes = await place.query(
      `SELECT operator, reason FROM ${database.dialect.journal('change')} WHERE state = 'stale' ORDER BY operator`,
    );
    expect(changes).toEqual([
      { operator: TAKEN, reason: 'the person was linked to another operator in the meantime' },
      { operator: GONE, reason: 'the person is gone' },
      { operator: CHANGED, reason: 'the person was changed in the meantime' },
      { operator: SOMEBODY, reason: 'the operator was linked in the meantime' },
    ]);
    const { checks } = await verifyDatabase(database, layout, { complete: false });
    expect(checks.flatMap(({ violations }) => violations)).toEqual([]);
    expect(checks.map(({ name }) => name)).toContain('human-decisions');
  }, 60_000);

  it('is refused as a whole where that happens before it is planned, and nothing stays of the run', async () => {
    const { place, database, file, run, disturb } = await prepare(underTest);
    await disturb();
    const before = await contents(place);
    await expect(run(never, file())).rejects.toMatchObject({
      exitCode: 2,
      message: expect.stringContaining('has 2 problems'),
    });
    expect(difference(before, await contents(place))).toEqual({ added: [], removed: [], changed: [] });
    for (const table of ['run', 'decision', 'human_decision'] as const)
      expect(await place.query(`SELECT * FROM ${database.dialect.journal(table)}`)).toEqual([]);
  }, 60_000);

  it('is taken over by the run that resumes with the same file, and by no other file', async () => {
    const { database, file, run, planOnly } = await prepare(underTest);
    const { run: planned } = await planOnly(file());
    const other = file('0'.repeat(64));
    const [first, ...rest] = other.lines;
    if (first === undefined) throw new Error('a line was expected');
    const skip = { ...first, cells: { ...first.cells, decision: 'skip', person: '' } };
    await expect(run(never, { ...other, lines: [skip, ...rest] })).rejects.toMatchObject({ exitCode: 2 });
    const { run: resumed, applied } = await run(never, file());
    expect(resumed.id).toBe(planned.id);
    expect(applied).toMatchObject({ linked: 3, stale: 0 });
    expect(await database.snapshot((session) => findDecided(session, database))).toEqual({
      isRemembered: true,
      file: [],
    });
  }, 60_000);

  it('gives a person to one operator, the one that was decided last, where the journal names two', async () => {
    const { place, database, layout, file, planOnly } = await prepare(underTest);
    await planOnly(file());
    const table = database.dialect.journal('human_decision');
    const others = 'run_id, decision, person, who, note, file_digest, taken_at, seal';
    await place.query(
      `INSERT INTO ${table} (number, operator, ${others})
       SELECT 100, '${SOMEBODY}', ${others} FROM ${table} WHERE operator = '${TAKEN}'`,
    );
    const reasons = new Map<string, string>();
    await database.snapshot(async (session) => {
      for await (const { operator, reason, person } of streamPlan(session, layout, database))
        reasons.set(operator, `${reason} ${person}`);
    });
    expect(reasons.get(SOMEBODY)).toBe(`decided ${PERSONS[0]}`);
    expect(reasons.get(TAKEN)).toBe(`lapsed ${personKey(50)}`);
  }, 60_000);

  it('costs nothing while there is none', async () => {
    const { database } = await prepare(underTest);
    expect(await database.snapshot((session) => findDecided(session, database))).toBeUndefined();
  }, 60_000);

  it('is found out where what was written is not what was decided', async () => {
    const { place, database, layout, file, run } = await prepare(underTest);
    await run(never, file());
    await place.query(
      `UPDATE ${database.dialect.journal('human_decision')} SET person = '${PERSONS[2]}' WHERE operator = '${TAKEN}'`,
    );
    const { checks } = await verifyDatabase(database, layout, { complete: false });
    const texts = checks
      .filter(({ name }) => name === 'human-decisions')
      .flatMap(({ violations }) => violations.map(({ text }) => text));
    expect(texts).toEqual([
      expect.stringContaining(`Operator ${TAKEN}: Anna decided link to person ${PERSONS[2]}`),
      expect.stringContaining('its seal does not fit'),
    ]);
  }, 60_000);
});
