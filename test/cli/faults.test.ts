import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { contents, difference } from '../support/contents.js';
import { type DatabaseUnderTest, serverDatabases, type TestDatabase } from '../support/databases.js';
import { type Moment, progressOf } from '../support/faults/moment.js';
import { onceUnlocked } from '../support/faults/once-unlocked.js';
import { randomFrom } from '../support/faults/random.js';
import { cutConnections, type Field, killRuns, killServer } from '../support/faults/series.js';
import { type Cut, startTcpProxy } from '../support/faults/tcp-proxy.js';
import { apartFromCardKeys, holdAgainstUndisturbed, IDENTICAL } from '../support/faults/undisturbed.js';
import { onecardOn, startOnecardOn } from '../support/on-database.js';
import { largeSample, sampleWithoutCardColumns } from '../support/sample.js';
import { startMariadb } from '../support/servers/mariadb.js';
import { startPostgres } from '../support/servers/postgres.js';
import type { Connection, OwnServer } from '../support/servers/server.js';

const MIGRATE = ['migrate', '--yes', '--quiet', '--batch-size', '5'];

/** In the middle of statements and of COMMIT. */
const CUTS: readonly Cut[] = [
  { text: 'COMMIT', when: 'unanswered' },
  { text: 'COMMIT', when: 'during' },
  { text: 'INSERT INTO', when: 'unanswered' },
  { text: 'UPDATE', when: 'during', which: 'sender' },
  { text: 'COMMIT', when: 'unanswered', which: 'sender' },
  { text: 'COMMIT', when: 'before' },
  { when: 'before', nth: 7 },
];

describe.each(serverDatabases)('a run among faults on $name', ({ fresh, kind }) => {
  const seed = Date.now() % 1_000_000;
  const random = randomFrom(seed);
  const expectAsUndisturbed = holdAgainstUndisturbed(fresh, largeSample);

  it('that is killed again and again ends as if nothing had happened', async () => {
    const database = await fresh(largeSample);
    const before = await contents(database);
    const moments: Moment[] = [];
    const series = { args: MIGRATE, random, most: 8, within: 200 };
    await killRuns(fieldOf(database), series, (moment) => moments.push(moment));
    expect(moments.filter(isMidway).length, `seed ${seed}`).toBeGreaterThan(2);
    expect(moments.filter(({ openTransactions }) => openTransactions > 0).length).toBeGreaterThan(0);
    await expectAsUndisturbed(database, before, `seed ${seed}`);
  }, 120_000);

  it('whose connection is cut in the middle of statements and of COMMIT ends as if nothing had happened', async () => {
    const database = await fresh(largeSample);
    const before = await contents(database);
    const proxy = await startTcpProxy(addressOf(database));
    onTestFinished(() => proxy.close());
    const done: Cut[] = [];
    const series = { args: MIGRATE, random, most: CUTS.length, within: 50 };
    await cutConnections(proxy, fieldOf(database), series, CUTS, (cut, moment) => {
      if (isMidway(moment)) done.push(cut);
    });
    expect(done.length, `seed ${seed}`).toBeGreaterThan(2);
    await expectAsUndisturbed(database, before, `seed ${seed}`);
  }, 120_000);

  it('does not repeat a batch whose COMMIT was done and not answered', async () => {
    const database = await fresh(largeSample);
    const before = await contents(database);
    const proxy = await startTcpProxy(addressOf(database));
    onTestFinished(() => proxy.close());
    const run = startOnecardOn(database, MIGRATE, { env: { DATABASE_URL: proxy.url(urlOf(database)) } });
    while ((await progressOf(database)).applied < 50) await sleep(10);
    // By now nothing but batches is committed.
    await proxy.cutWhen({ text: 'COMMIT', when: 'unanswered' });
    const { code, stderr } = await run.result;
    expect([0, 1], stderr).toContain(code);
    const finished = await onceUnlocked(() => onecardOn(database, MIGRATE));
    expect(finished.code, finished.stderr).toBe(0);
    await expectAsUndisturbed(database, before, `seed ${seed}`);
  }, 120_000);

  it('that was killed while it changed the schema makes the change whole', async () => {
    const args = [...MIGRATE, '--allow-schema-changes'];
    const database = await fresh(sampleWithoutCardColumns);
    const held = await holdTable(database);
    const run = startOnecardOn(database, args);
    await waitsForTable(database);
    run.child.kill('SIGKILL');
    expect((await run.result).code).toBe(null);
    await held.query('ROLLBACK');
    await held.close();
    const resumed = await onceUnlocked(() => onecardOn(database, args));
    expect(resumed.code, resumed.stderr).toBe(0);

    const other = await fresh(sampleWithoutCardColumns);
    const before = await contents(other);
    expect((await onecardOn(other, args)).code).toBe(0);
    const expected = apartFromCardKeys(before, await contents(other));
    expect(difference(expected, apartFromCardKeys(before, await contents(database)))).toEqual(IDENTICAL);
    expect((await onecardOn(database, ['verify'])).code).toBe(0);
  }, 120_000);

  it.each([
    { text: 'CREATE TABLE IF NOT EXISTS', nth: 1, when: 'during' },
    { text: 'CREATE TABLE IF NOT EXISTS', nth: 2, when: 'unanswered' },
    { text: 'ADD COLUMN', nth: 1, when: 'unanswered' },
    { text: 'ADD COLUMN', nth: 2, when: 'before' },
    { text: 'ADD COLUMN', nth: 3, when: 'unanswered' },
  ] as const)('takes up the schema where it was cut: $when $text $nth', async (cut) => {
    const args = [...MIGRATE, '--allow-schema-changes'];
    const database = await fresh(sampleWithoutCardColumns);
    const proxy = await startTcpProxy(addressOf(database));
    onTestFinished(() => proxy.close());
    const isCut = proxy.cutWhen(cut).then(() => true);
    const run = startOnecardOn(database, args, { env: { DATABASE_URL: proxy.url(urlOf(database)) } });
    expect(await Promise.race([isCut, run.result])).toBe(true);
    expect([0, 1]).toContain((await run.result).code);
    const resumed = await onceUnlocked(() => onecardOn(database, args));
    expect(resumed.code, resumed.stderr).toBe(0);
    expect((await onecardOn(database, ['verify'])).code).toBe(0);
  });

  /** As an open transaction of the application does: definitions wait for it. */
  const holdTable = async (database: TestDatabase): Promise<Connection> => {
    const held = await database.connect();
    await held.query('BEGIN');
    await held.query('SELECT COUNT(*) FROM operator');
    return held;
  };

  const waitsForTable = async (database: TestDatabase) => {
    const waiting =
      kind === 'postgres'
        ? `SELECT count(*) AS waiting FROM pg_locks WHERE NOT granted AND relation = 'operator'::regclass`
        : `SELECT COUNT(*) AS waiting FROM information_schema.PROCESSLIST
            WHERE DB = DATABASE() AND STATE = 'Waiting for table metadata lock'`;
    const deadline = Date.now() + 30_000;
    while (Number((await database.query(waiting))[0]?.['waiting']) === 0) {
      if (Date.now() > deadline) throw new Error('The run does not come to wait for the table.');
      await sleep(5);
    }
  };
});

describe.each(serverDatabases)('a server that dies under a run: $name', (underTest) => {
  let server: OwnServer;
  beforeAll(async () => {
    server = await (underTest.kind === 'postgres' ? startPostgres() : startMariadb());
  });
  afterAll(() => server?.stop());

  it('has whole cards only when it is back, and the run is finished by the next one', async () => {
    const { field, database } = await fieldOn(server, underTest);
    const before = await contents(database);
    const moments: Moment[] = [];
    const series = { args: MIGRATE, random: randomFrom(1), most: 2, within: 200 };
    await killServer(server, field, series, (moment) => moments.push(moment));
    expect(moments.filter(isMidway).length).toBeGreaterThan(0);

    const other = await underTest.fresh(largeSample);
    expect((await onecardOn(other, ['migrate', '--yes'])).code).toBe(0);
    const expected = apartFromCardKeys(before, await contents(other));
    expect(difference(expected, apartFromCardKeys(before, await contents(database)))).toEqual(IDENTICAL);
  }, 120_000);
});

/** A database on a server of one's own, and a working folder. */
async function fieldOn(server: OwnServer, { fresh }: DatabaseUnderTest) {
  const { folder } = await fresh();
  const url = await server.createDatabase('field');
  const database = { kind: server.kind, query: (sql: string) => server.query(sql, 'field') };
  await largeSample.fill(database.query, server.kind);
  return { database, field: { ...database, url, folder } };
}

function fieldOf(database: TestDatabase): Field {
  return { ...database, url: urlOf(database) };
}

function urlOf({ url }: TestDatabase): string {
  if (url === undefined) throw new Error('the embedded database has no URL');
  return url;
}

function addressOf(database: TestDatabase) {
  const { hostname, port } = new URL(urlOf(database));
  return { host: hostname, port: Number(port) };
}

function isMidway({ applied, total }: Pick<Moment, 'applied' | 'total'>): boolean {
  return applied > 0 && applied < total;
}
