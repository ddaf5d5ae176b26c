import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { serverDatabases, type TestDatabase } from '../support/databases.js';
import { journalTable, onecardOn, startOnecardOn } from '../support/on-database.js';
import { refuseNobody, refuseNobodyNoMore } from '../support/refusing.js';
import { largeSample, regularOperatorKey } from '../support/sample.js';
import { changesOf, changesReach, until } from '../support/watching.js';

const MIGRATE = ['migrate', '--yes', '--batch-size', '20'];
/** Refuses three of the regular operators, whatever else is in their batch. */
const REFUSED = [1_000, 1_001, 1_500].map(regularOperatorKey);

describe.each(serverDatabases)('a run on $name', ({ fresh, kind }) => {
  const onPostgres = kind === 'postgres';
  const sleepFor = (seconds: number) => (onPostgres ? `SELECT pg_sleep(${seconds})` : `DO SLEEP(${seconds})`);

  it('stops after --limit operators, and the next one does the rest', async () => {
    const database = await fresh(largeSample);
    const canary = await onecardOn(database, ['migrate', '--yes', '--limit', '10']);
    expect(canary.code, canary.stderr).toBe(1);
    expect(canary.stderr).toMatch(
      /Stopped after 10 operators, as --limit asks: 10 of 1,969 operators are written/,
    );
    expect(await changesOf(database)).toBe(10);
    const rest = await onecardOn(database, ['migrate', '--yes', '--json']);
    expect(rest.code, rest.stderr).toBe(0);
    // By the whole run, the canary included.
    expect(JSON.parse(rest.stdout)).toMatchObject({ created: 1_969, failed: 0, stale: 0 });
  }, 120_000);

  it('refuses a time of day that there is not', async () => {
    const database = await fresh(largeSample);
    const { code, stderr } = await onecardOn(database, ['migrate', '--yes', '--stop-at', '25:00']);
    expect(code).toBe(2);
    expect(stderr).toContain("'25:00'. It has to be a time of day, such as 04:30.");
    expect(await changesOf(database).catch(() => 0)).toBe(0);
  });

  it('pauses while the pause file exists, and says so here and to others', async () => {
    const database = await fresh(largeSample);
    const pauseFile = join(database.folder, 'pause');
    await writeFile(pauseFile, '');
    const run = startOnecardOn(database, [...MIGRATE, '--pause-file', pauseFile], { timeoutMs: 120_000 });
    await changesReach(database, 20);
    const overview = async () => JSON.parse((await onecardOn(database, ['runs', '--json'])).stdout);
    await until('it is paused', async () => (await overview()).runs[0].activity.includes('paused'));
    const { holder, runs } = await overview();
    expect(holder).toMatch(/^(process|connection) \d+ of \w+ on .*since \d{4}-/);
    expect(runs).toMatchObject([
      {
        state: 'applying',
        isCutShort: false,
        activity: `paused while ${pauseFile} exists`,
        done: 20,
        actions: 1_969,
        changes: { applied: 20 },
      },
    ]);
    expect(await changesOf(database)).toBe(20);
    await rm(pauseFile);
    const { code, stderr } = await run.result;
    expect(code, stderr).toBe(0);
    expect(stderr).toContain(`applying  paused while ${pauseFile} exists`);
    expect((await onecardOn(database, ['runs'])).stdout).toMatch(/done +1,969 \/ 1,969 +100 % +1,969/);
  }, 120_000);

  it('notes the rows that the database refuses, writes all others, and makes them once that is mended', async () => {
    const database = await fresh(largeSample);
    await refuseSome(database);
    const { code, stdout, stderr } = await onecardOn(database, ['migrate', '--yes', '--json']);
    expect(code, stderr).toBe(7);
    expect(JSON.parse(stdout)).toMatchObject({ created: 1_966, failed: 3 });
    expect(stderr.match(/one operator was refused by the database/g)).toHaveLength(3);
    for (const personal of [...REFUSED, 'no_such_card']) expect(stderr).not.toContain(personal);
    const failed = await database.query(
      `SELECT operator, reason FROM ${journalTable(kind, 'change')} WHERE state = 'failed' ORDER BY operator`,
    );
    expect(failed.map(({ operator }) => operator)).toEqual(REFUSED);
    for (const { reason } of failed) expect(reason).toContain('no_such_card');
    const { run, refused } = JSON.parse(stdout);
    expect(refused).toEqual(failed);
    const summary = await readFile(join(database.folder, 'onecard-runs', run, 'summary.md'), 'utf8');
    for (const key of REFUSED) expect(summary).toContain(`- operator ${key}: `);
    const report = JSON.parse((await onecardOn(database, ['report', '--json'])).stdout);
    const shown = report.filter(({ state }: { state: string }) => state === 'failed');
    expect(shown.map(({ operator, why }: Record<string, string>) => ({ operator, reason: why }))).toEqual(
      failed,
    );
    await refuseNobodyNoMore(database);
    const next = await onecardOn(database, ['migrate', '--yes', '--json']);
    expect(next.code, next.stderr).toBe(0);
    expect(JSON.parse(next.stdout)).toMatchObject({ created: 3, failed: 0 });
    expect((await onecardOn(database, ['verify', '--complete'])).stdout).not.toContain('last_name');
  }, 120_000);

  it('stops after --max-failures rows that the database refuses', async () => {
    const database = await fresh(largeSample);
    await refuseSome(database);
    const { code, stderr } = await onecardOn(database, [...MIGRATE, '--max-failures', '2']);
    expect(code, stderr).toBe(1);
    expect(stderr).toContain('Stopped after 2 rows that the database refused, as --max-failures asks');
    for (const key of REFUSED.slice(0, 2))
      expect(stderr).toMatch(new RegExp(`^  operator ${key}: .*no_such_card`, 'm'));
    expect(await changesOf(database)).toBeLessThan(1_500);
  }, 120_000);

  it('does not wait for a row that another session holds, and names it', async () => {
    const database = await fresh(largeSample);
    const held = regularOperatorKey(900);
    const holder = database
      .query(`BEGIN; UPDATE operator SET job_title = 'x' WHERE id = '${held}'; ${sleepFor(60)}; COMMIT`)
      .catch(() => undefined);
    const { code, stdout, stderr } = await onecardOn(database, ['migrate', '--yes', '--json']);
    expect(code, stderr).toBe(7);
    expect(JSON.parse(stdout)).toMatchObject({
      created: 1_968,
      failed: 1,
      refused: [
        {
          operator: held,
          reason: expect.stringMatching(/lock timeout|max_statement_time|Lock wait timeout/),
        },
      ],
    });
    await database.close();
    await holder;
  }, 120_000);

  it('goes on under a new token when its lock session alone was cut', async () => {
    const database = await fresh(largeSample);
    const run = startOnecardOn(database, [...MIGRATE, '--sleep', '20'], { timeoutMs: 120_000 });
    await changesReach(database, 20);
    await cutLockSession(database);
    const { code, stderr } = await run.result;
    expect(code, stderr).toBe(0);
    expect(stderr).toContain('the session that holds the lock was cut');
    expect(await changesOf(database)).toBe(1_969);
    expect(await database.query(`SELECT token FROM ${journalTable(kind, 'run')}`)).toEqual([{ token: 2 }]);
  }, 120_000);

  it('stops at its next batch when its lock session was cut and another has the lock', async () => {
    const database = await fresh(largeSample);
    const run = startOnecardOn(database, [...MIGRATE, '--sleep', '20'], { timeoutMs: 120_000 });
    await changesReach(database, 20);
    const rival = database.query(`${await cutting(database)}; ${takingLock(database)}; ${sleepFor(40)}`);
    rival.catch(() => undefined);
    await until('the rival has the lock', async () => (await lockOwner(database)) !== undefined);
    const written = await changesOf(database);
    const { code, stderr } = await run.result;
    expect(code, stderr).toBe(6);
    expect(stderr).toMatch(/Another onecard run is working on this database: (process|connection) \d+/);
    expect(await changesOf(database)).toBeLessThanOrEqual(written + 20);
  }, 120_000);

  it('ends its statement on the server, too, when Ctrl-C comes twice', async () => {
    const database = await fresh(largeSample);
    await database.query(
      onPostgres
        ? `CREATE FUNCTION dawdle() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN PERFORM pg_sleep(30); RETURN NEW; END';
           CREATE TRIGGER dawdle BEFORE INSERT ON person FOR EACH ROW EXECUTE FUNCTION dawdle()`
        : 'CREATE TRIGGER dawdle BEFORE INSERT ON person FOR EACH ROW DO SLEEP(30)',
    );
    const run = startOnecardOn(database, [...MIGRATE, '--lock-timeout', '100000'], { timeoutMs: 120_000 });
    await until('a card is being inserted', async () => (await inserting(database)) > 0);
    run.child.kill('SIGINT');
    await sleep(300);
    run.child.kill('SIGINT');
    const { code, stderr } = await run.result;
    expect(code, stderr).toBe(130);
    expect(stderr).toContain('once more aborts at once');
    expect(stderr).toContain('The same command resumes the run.');
    await until('the server is at rest', async () => (await inserting(database)) === 0);
    expect(await changesOf(database)).toBe(0);
    await database.query(onPostgres ? 'DROP TRIGGER dawdle ON person' : 'DROP TRIGGER dawdle');
    const resumed = await onecardOn(database, ['migrate', '--yes']);
    expect(resumed.code, resumed.stderr).toBe(0);
  }, 120_000);

  /** By a trigger: what constraints refuse is known when the run is planned. */
  const refuseSome = async (database: TestDatabase) => {
    await database.query(
      `UPDATE operator SET last_name = 'Nobody' WHERE id IN (${REFUSED.map((key) => `'${key}'`).join(', ')})`,
    );
    await refuseNobody(database);
  };

  const inserting = async (database: TestDatabase) => {
    const [row] = await database.query(
      onPostgres
        ? `SELECT COUNT(*)::int AS n FROM pg_stat_activity WHERE datname = current_database() AND application_name LIKE 'onecard %' AND query LIKE 'INSERT INTO "public"."person"%change%' AND state = 'active'`
        : `SELECT COUNT(*) AS n FROM information_schema.PROCESSLIST WHERE DB = DATABASE() AND INFO LIKE 'DO SLEEP(30)%' AND ID <> CONNECTION_ID()`,
    );
    return Number(row?.['n']);
  };

  const lockOwner = async (database: TestDatabase): Promise<number | undefined> => {
    const [row] = await database.query(
      onPostgres
        ? `SELECT pid AS owner FROM pg_locks WHERE locktype = 'advisory' AND granted AND database = (SELECT oid FROM pg_database WHERE datname = current_database())`
        : `SELECT IS_USED_LOCK('onecard ${database.name}') AS owner`,
    );
    return row?.['owner'] == null ? undefined : Number(row['owner']);
  };

  const cutting = async (database: TestDatabase) => {
    const owner = await lockOwner(database);
    return onPostgres ? `SELECT pg_terminate_backend(${owner})` : `KILL ${owner}`;
  };

  const cutLockSession = async (database: TestDatabase) => database.query(await cutting(database));

  const takingLock = (database: TestDatabase) =>
    onPostgres
      ? `SELECT pg_advisory_lock(${BigInt('0x6f6e656361')})`
      : `SELECT GET_LOCK('onecard ${database.name}', 10)`;
});
