import { readdir, readlink } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  type Daemon,
  findProgram,
  foldersIn,
  freePort,
  type Home,
  makeHome,
  readLog,
  removeHome,
  runTool,
  startDaemon,
  writeInto,
} from './daemon.js';
import { connectTo, type OwnServer, randomPassword, type Server } from './server.js';

const SUPERUSER = 'postgres';

/**
 * Nothing waits for a disk, but everything committed reaches the operating system, so that it survives
 * a SIGKILL of the server as it would survive a crash with the usual settings.
 */
const SETTINGS = [
  'fsync=off',
  'max_wal_size=4GB',
  'max_connections=200',
  'listen_addresses=127.0.0.1',
  'unix_socket_directories=',
  'timezone=UTC',
];

const programs = locate();

/** Whether this machine can start PostgreSQL servers. */
export const postgresIsInstalled = programs !== undefined;

export async function startPostgres(): Promise<OwnServer> {
  const { initdb } = installedPrograms();
  const home = await makeHome('postgres', ['postgres']);
  const password = randomPassword();
  const passwordFile = await writeInto(home, 'password', password);
  await runTool(home, initdb, [
    ...['--pgdata', dataOf(home), '--username', SUPERUSER, '--pwfile', passwordFile],
    ...['--auth', 'scram-sha-256', '--encoding', 'UTF8', '--locale', 'C.UTF-8', '--no-sync'],
  ]);
  return run(home, password);
}

/** A hot standby, in step with the primary as it is when this returns; it streams from then on. */
export async function startStandby(primary: Server): Promise<OwnServer> {
  const { basebackup } = installedPrograms();
  const home = await makeHome('standby', ['postgres']);
  await runTool(home, basebackup, [
    ...['--dbname', primary.url, '--pgdata', dataOf(home)],
    ...['--write-recovery-conf', '--checkpoint', 'fast', '--no-sync'],
  ]);
  return run(home, primary.password);
}

/** Waits until the standby has replayed everything that the primary has committed by now. */
export async function catchUp(standby: Server, primary: Server): Promise<void> {
  const [now] = await primary.query('SELECT pg_current_wal_lsn()::text AS lsn');
  const deadline = Date.now() + 30_000;
  for (;;) {
    const [replay] = await standby.query(`SELECT pg_last_wal_replay_lsn() >= '${now?.['lsn']}' AS done`);
    if (replay?.['done'] === true) return;
    if (Date.now() > deadline) throw new Error(`The standby did not get to ${now?.['lsn']} in 30 s.`);
    await sleep(20);
  }
}

async function run(home: Home, password: string): Promise<OwnServer> {
  const port = await freePort();
  const url = `postgres://${SUPERUSER}:${password}@127.0.0.1:${port}/postgres`;
  const server = connectTo({ kind: 'postgres', url });
  const settings = [...SETTINGS, `port=${port}`].flatMap((setting) => ['-c', setting]);
  const start = (largestFile?: number) =>
    startDaemon(
      home,
      installedPrograms().postgres,
      ['-D', dataOf(home), ...settings],
      () => server.query('SELECT 1'),
      largestFile,
    );
  let daemon = await start();

  return {
    ...server,
    get pid() {
      return daemon.pid;
    },
    async stop() {
      await daemon.end('SIGINT');
      await removeHome(home);
    },
    kill: () => killWithBackends(daemon, home),
    async restart(largestFile) {
      daemon = await start(largestFile);
    },
    log: () => readLog(home),
  };
}

/**
 * Each backend would go on with its statement until it notices that the postmaster is gone, and a new
 * postmaster refuses to start beside it. All work in the folder of the data; some may be too young for
 * the postmaster to have named them as its children.
 */
async function killWithBackends(daemon: Daemon, home: Home): Promise<void> {
  await daemon.end('SIGKILL');
  const deadline = Date.now() + 30_000;
  for (;;) {
    const backends = await processesIn(dataOf(home));
    if (backends.length === 0) return;
    if (Date.now() > deadline) throw new Error(`Backends do not end: ${backends.join(', ')}`);
    for (const pid of backends) {
      try {
        process.kill(pid, 'SIGKILL');
      } catch {
        // It has noticed already.
      }
    }
    await sleep(10);
  }
}

async function processesIn(folder: string): Promise<number[]> {
  const pids = (await readdir('/proc')).map(Number).filter(Number.isInteger);
  const places = await Promise.all(pids.map((pid) => readlink(`/proc/${pid}/cwd`).catch(() => undefined)));
  return pids.filter((_, at) => places[at] === folder);
}

function dataOf(home: Home): string {
  return join(home.folder, 'data');
}

function locate() {
  const newestFirst = foldersIn('/usr/lib/postgresql').sort((a, b) => Number(b) - Number(a));
  const postgres = findProgram(
    ['postgres'],
    newestFirst.map((version) => `/usr/lib/postgresql/${version}/bin`),
  );
  if (postgres === undefined) return undefined;
  const beside = dirname(postgres);
  return { postgres, initdb: join(beside, 'initdb'), basebackup: join(beside, 'pg_basebackup') };
}

function installedPrograms() {
  if (programs === undefined) throw new Error('PostgreSQL is not installed: apt-get install postgresql');
  return programs;
}
