import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { contents } from '../support/contents.js';
import { postgres, serverDatabases, type TestDatabase } from '../support/databases.js';
import { onecardOn, writingNothing } from '../support/on-database.js';
import { mariadbIsInstalled, startMariadb } from '../support/servers/mariadb.js';
import {
  type Pooler,
  type PoolMode,
  pgbouncerIsInstalled,
  startPgbouncer,
} from '../support/servers/pgbouncer.js';
import { connectTo, type OwnServer } from '../support/servers/server.js';
import { cast } from './cast.js';

const RUN = ['migrate', '--yes', '--quiet'];
const LOOKING = [['scan'], ['migrate', '--dry-run'], ['report', '--format', 'csv']];

const onPostgres = serverDatabases.filter(({ kind }) => kind === 'postgres');

describe.runIf(pgbouncerIsInstalled && postgres).each(onPostgres)(
  'through a pooler of $name',
  ({ fresh }) => {
    async function through(mode: PoolMode, settings: string[] = []) {
      const pooler: Pooler = await startPgbouncer(postgres ?? expect.fail(), mode, settings);
      onTestFinished(() => pooler.stop());
      const database = await fresh(cast);
      const url = pooler.url(database.name);
      return {
        database,
        run: (args: string[]) => onecardOn(database, args, { env: { DATABASE_URL: url } }),
        /** As another client of the pooler would. */
        query: (sql: string) => connectTo({ kind: 'postgres', url }).query(sql),
      };
    }

    const refusal = {
      code: 2,
      stdout: '',
      stderr:
        'onecard: A connection pooler stands between, and gives every transaction another session: settings, locks and the read-only guard would reach other clients.\n' +
        '  → Connect to the database server itself, or through a pool in session mode (PgBouncer: pool_mode = session).\n',
    };

    it.each<[string, PoolMode, string[]]>([
      ['transactions', 'transaction', []],
      [
        'transactions, each by the backend that waited longest',
        'transaction',
        ['server_round_robin = 1', 'min_pool_size = 3'],
      ],
      ['transactions, with one backend for all', 'transaction', ['default_pool_size = 1']],
      ['statements', 'statement', []],
    ])('that pools %s, nothing is done at all', async (_, mode, settings) => {
      const { database, run, query } = await through(mode, settings);
      const before = await contents(database);
      // Several backends have served already.
      await Promise.all([1, 2, 3].map(() => query('SELECT pg_sleep(0.05)')));
      for (const args of [RUN, ...LOOKING, ['verify'], ['grants']]) {
        expect(await run(args)).toEqual(refusal);
        // What a session of ours was set to would stay with the backend.
        const [setting] = await query(
          `SELECT current_setting('default_transaction_read_only') AS read_only, current_setting('jit') AS jit`,
        );
        expect(setting).toEqual({ read_only: 'off', jit: 'on' });
      }
      expect(await contents(database)).toEqual(before);
    });

    it('that pools sessions, everything works', async () => {
      const { database, run } = await through('session');
      for (const args of LOOKING) expect(await run(args)).toMatchObject({ code: 0 });
      expect(await run(RUN)).toMatchObject({ code: 0, stderr: '' });
      expect(await onecardOn(database, ['migrate', '--yes'])).toMatchObject({
        stdout: expect.stringContaining('Nothing to do.'),
      });
    });

    it('that has no session left, it gives up in time', async () => {
      const { run } = await through('session', ['default_pool_size = 1']);
      expect(await run(['scan'])).toEqual({
        code: 1,
        stdout: '',
        stderr:
          'onecard: A connection pooler stands between, and has given no further session within 5 s.\n' +
          '  → Connect to the database server itself, or give the pool at least five sessions.\n',
      });
    });
  },
);

describe.each(onPostgres)('a database on $name that is set to read alone', ({ fresh }) => {
  it('refuses a run, although a session could be set to write, and serves those that only look', async () => {
    const database = await fresh(cast);
    await database.query(`ALTER DATABASE "${database.name}" SET default_transaction_read_only = on`);
    for (const args of LOOKING) expect(await onecardOn(database, args)).toMatchObject({ code: 0 });
    const before = await contents(database);
    expect(await onecardOn(database, RUN)).toEqual({
      code: 2,
      stdout: '',
      stderr:
        'onecard: The database is read-only: default_transaction_read_only is on for this user, database or server.\n' +
        '  → Lift it for the time of the run, such as with ALTER ROLE … SET default_transaction_read_only = off; a dry run works as it is. Nothing was changed.\n',
    });
    expect(await contents(database)).toEqual(before);
  });
});

describe.runIf(mariadbIsInstalled)('a MariaDB', () => {
  let server: OwnServer;
  let database: TestDatabase;
  beforeAll(async () => {
    server = await startMariadb(['--log-bin', '--binlog-format=STATEMENT', '--server-id=1']);
    const url = await server.createDatabase('live');
    const query = (sql: string) => server.query(sql, 'live');
    await cast.fill(query, 'mysql');
    const folder = await mkdtemp(join(tmpdir(), 'onecard-refusals-'));
    database = {
      kind: 'mysql',
      name: 'live',
      url,
      folder,
      query,
      connect: () => server.connect('live'),
      createRole: () => expect.fail(),
      close: () => rm(folder, { recursive: true }),
    };
  });
  afterAll(async () => {
    await database?.close();
    await server?.stop();
  });

  async function refuses(says: string, remedy: string): Promise<void> {
    for (const args of LOOKING) expect(await onecardOn(database, args)).toMatchObject({ code: 0 });
    const { stdout } = await onecardOn(database, ['scan', '--json']);
    expect(JSON.parse(stdout).readiness.obstacles).toContainEqual({ message: says, remedy });
    expect(await writingNothing(database, () => onecardOn(database, RUN))).toEqual({
      code: 2,
      stdout: '',
      stderr: `onecard: ${says}\n  → ${remedy} Nothing was changed.\n`,
    });
  }

  it('that logs statements refuses a run', () =>
    refuses(
      'The server logs statements for its replicas (binlog_format=STATEMENT), which would make other keys there.',
      'Have it log rows first: SET GLOBAL binlog_format = ROW.',
    ));

  it('that is read-only refuses a run, even of a user who could write', async () => {
    await server.query('SET GLOBAL binlog_format = ROW; SET GLOBAL read_only = ON');
    await refuses(
      'The database is read-only: read_only is on.',
      'Run against the primary server; a dry run works on a replica.',
    );
    await server.query('SET GLOBAL read_only = OFF');
  });

  it('that logs rows, and may be written to, is run on', async () => {
    await server.query('SET GLOBAL binlog_format = ROW; SET GLOBAL read_only = OFF');
    expect(await onecardOn(database, RUN)).toMatchObject({ code: 0, stderr: '' });
  });
});
