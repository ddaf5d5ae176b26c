import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { linesOf, readReport, reportFolder } from '../support/audit-report.js';
import { serverDatabases, type TestDatabase } from '../support/databases.js';
import { progressOf } from '../support/faults/moment.js';
import { onceUnlocked } from '../support/faults/once-unlocked.js';
import { journalTable, onecardOn, startOnecardOn } from '../support/on-database.js';
import { largeSample } from '../support/sample.js';
import { until } from '../support/watching.js';

const MIGRATE = ['migrate', '--yes', '--quiet'];
const SLOWLY = [...MIGRATE, '--batch-size', '1', '--sleep', '5'];

describe.each(serverDatabases)('an audit report on $name', ({ fresh, kind }) => {
  const runOf = async ({ query }: TestDatabase) => {
    const [row] = await query(`SELECT id FROM ${journalTable(kind, 'run')}`);
    return String(row?.['id']);
  };

  const done = async (database: TestDatabase, args: string[], code = 0): Promise<string> => {
    const result = await onceUnlocked(() => onecardOn(database, args, { timeoutMs: 120_000 }));
    expect(result.code, `${args.join(' ')}: ${result.stdout.slice(-500)}${result.stderr}`).toBe(code);
    return result.stdout;
  };

  /** Kills the command once its report has so many lines. @returns those that were there then. */
  const killedWithin = async (
    database: TestDatabase,
    args: string[],
    folder: () => Promise<string>,
    lines = 2,
  ): Promise<string> => {
    const killed = await onceUnlocked(() => {
      const { child, result } = startOnecardOn(database, args);
      let hasEnded = false;
      const ended = result.finally(() => {
        hasEnded = true;
      });
      const seen = until(
        'a report with lines',
        async () => hasEnded || (await partIn(folder)).length > lines,
      );
      return seen.then(() => child.kill('SIGKILL')).then(() => ended);
    });
    expect(killed.code, killed.stderr).toBe(null);
    const part = await readFile(join(await folder(), 'audit.ndjson.part'), 'utf8');
    expect(linesOf(part).length).toBeGreaterThan(lines);
    return part;
  };

  const partIn = async (folder: () => Promise<string>): Promise<string[]> => {
    const text = await folder()
      .then(
        (path) => readFile(join(path, 'audit.ndjson.part'), 'utf8'),
        () => '',
      )
      .catch(() => '');
    return text.split('\n');
  };

  const expectAsExported = async (
    database: TestDatabase,
    run: string,
    rollback?: number,
  ): Promise<string> => {
    const { text } = await readReport(reportFolder(database, run, rollback));
    const which = rollback === undefined ? [] : ['--rollback', String(rollback)];
    expect(await done(database, ['audit', 'export', run, ...which])).toBe(text);
    const held = await done(database, [
      'audit',
      'verify',
      join(reportFolder(database, run, rollback), 'audit.ndjson'),
    ]);
    expect(held).toContain('Authentic');
    return text;
  };

  it('goes on where a killed run was, and where a killed rollback was', async () => {
    const database = await fresh(largeSample);
    const part = await killedWithin(database, SLOWLY, async () =>
      reportFolder(database, await runOf(database)),
    );
    const run = await runOf(database);
    const { applied } = await progressOf(database);
    expect(linesOf(part).length).toBeLessThanOrEqual(applied + 1);
    await done(database, MIGRATE);
    const text = await expectAsExported(database, run);
    expect(text.startsWith(part)).toBe(true);

    const rollback = ['rollback', run, '--yes', '--quiet'];
    const halfBack = await killedWithin(database, [...rollback, '--batch-size', '1'], async () =>
      reportFolder(database, run, 1),
    );
    await done(database, rollback);
    const back = await expectAsExported(database, run, 1);
    expect(back.startsWith(halfBack)).toBe(true);
    expect(await expectAsExported(database, run)).toBe(text);
  }, 240_000);

  it('of a run that is taken back unfinished says how far it came, whatever was taken back before', async () => {
    const database = await fresh(largeSample);
    const folder = async () => reportFolder(database, await runOf(database));
    const first = await killedWithin(database, SLOWLY, folder);
    const run = await runOf(database);
    // One of it is taken back; then the run goes on, and is killed once more.
    const { operator } = linesOf(first)[1] ?? {};
    await done(database, ['rollback', run, '--only', String(operator), '--yes', '--quiet']);
    const second = await killedWithin(database, SLOWLY, folder, linesOf(first).length + 1);
    expect(second.startsWith(first)).toBe(true);
    const { applied, total } = await progressOf(database);
    expect(applied).toBeLessThan(total);

    await done(database, ['rollback', run, '--yes', '--quiet']);
    const text = await expectAsExported(database, run);
    expect(text.startsWith(second)).toBe(true);
    const lines = linesOf(text);
    expect(lines.filter(({ change }) => change != null)).toHaveLength(applied);
    expect(lines.at(-1)).toMatchObject({ kind: 'summary', actions: total, closing: null });
    const one = linesOf(await expectAsExported(database, run, 1));
    expect(one.map((line) => line['operator'])).toEqual([undefined, operator, undefined]);
    const all = linesOf(await expectAsExported(database, run, 2));
    expect(all).toHaveLength(applied - 1 + 2);
  }, 240_000);

  it('that cannot be written for a while is written by the same command, of a run as of a rollback', async () => {
    const database = await fresh(largeSample);
    const runs = join(database.folder, 'onecard-runs');
    const broken = async (args: string[], isUnderWay: () => Promise<boolean>) => {
      const { result } = startOnecardOn(database, args);
      await until('some progress', isUnderWay);
      await rm(runs, { recursive: true });
      // Nobody, root included, can make a folder where a file is.
      await writeFile(runs, '');
      const { code, stderr } = await result;
      expect(stderr).toMatch(
        /^onecard: The report in onecard-runs\S+ cannot be written: a file of that name is in its place\.\n {2}→ .*data and journal are whole.*\n$/m,
      );
      expect(code).toBe(1);
      await rm(runs);
    };
    await broken([...MIGRATE, '--batch-size', '20'], async () => (await progressOf(database)).applied > 20);
    const run = await runOf(database);
    await done(database, MIGRATE);
    const text = await expectAsExported(database, run);

    const rollback = ['rollback', run, '--yes', '--quiet'];
    await broken([...rollback, '--batch-size', '20'], async () => {
      const [row] = await database.query(`SELECT COUNT(*) AS n FROM ${journalTable(kind, 'taken_back')}`);
      return Number(row?.['n']) > 20;
    });
    await done(database, rollback);
    await expectAsExported(database, run, 1);
    expect(await done(database, ['audit', 'export', run])).toBe(text);
  }, 240_000);
});
