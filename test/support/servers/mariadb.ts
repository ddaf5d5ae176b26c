import { join } from 'node:path';
import {
  findProgram,
  freePort,
  type Home,
  makeHome,
  readLog,
  removeHome,
  runTool,
  startDaemon,
  writeInto,
} from './daemon.js';
import { connectTo, type OwnServer, randomPassword } from './server.js';

const SUPERUSER = 'root';

/**
 * Nothing waits for a disk, but everything committed reaches the operating system, so that it survives
 * a SIGKILL of the server as it would survive a crash with the usual settings.
 */
const SETTINGS = [
  '--innodb-flush-method=nosync',
  '--innodb-flush-log-at-trx-commit=2',
  '--innodb-buffer-pool-size=512M',
  '--innodb-fast-shutdown=2',
  '--skip-log-bin',
  '--skip-performance-schema',
  '--skip-name-resolve',
  '--bind-address=127.0.0.1',
  '--character-set-server=utf8mb4',
  '--default-time-zone=+00:00',
  '--max-allowed-packet=64M',
  '--max-connections=200',
  '--userstat=ON',
];

const programs = locate();

/** Whether this machine can start MariaDB servers. */
export const mariadbIsInstalled = programs !== undefined;

/** @param more options that go before the usual ones. */
export async function startMariadb(more: string[] = []): Promise<OwnServer> {
  const { install } = installedPrograms();
  const home = await makeHome('mariadb', ['mysql']);
  await runTool(home, install, [
    ...[
      '--no-defaults',
      `--datadir=${dataOf(home)}`,
      `--tmpdir=${home.folder}`,
      '--innodb-flush-method=nosync',
    ],
    ...['--auth-root-authentication-method=normal', '--skip-test-db'],
  ]);
  return run(home, randomPassword(), more);
}

async function run(home: Home, password: string, more: string[]): Promise<OwnServer> {
  const port = await freePort();
  const url = `mysql://${SUPERUSER}:${password}@127.0.0.1:${port}/mysql`;
  const server = connectTo({ kind: 'mysql', url });
  const files = [
    `--datadir=${dataOf(home)}`,
    // A starting server clears leftovers in its folder for temporary tables, those of its neighbours, too.
    `--tmpdir=${home.folder}`,
    `--socket=${join(home.folder, 'server.sock')}`,
    `--pid-file=${join(home.folder, 'server.pid')}`,
    `--init-file=${await writeFirstStatements(home, password)}`,
  ];
  const start = (largestFile?: number) =>
    startDaemon(
      home,
      installedPrograms().server,
      ['--no-defaults', ...files, ...SETTINGS, ...more, `--port=${port}`],
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
      await daemon.end('SIGTERM');
      await removeHome(home);
    },
    kill: () => daemon.end('SIGKILL'),
    async restart(largestFile) {
      daemon = await start(largestFile);
    },
    log: () => readLog(home),
  };
}

/** The superuser as the tests know it; run at every start of the server. One statement a line. */
function writeFirstStatements(home: Home, password: string): Promise<string> {
  const statements = [
    `CREATE USER IF NOT EXISTS ${SUPERUSER}@'127.0.0.1';`,
    `ALTER USER ${SUPERUSER}@'127.0.0.1' IDENTIFIED BY '${password}';`,
    `GRANT ALL PRIVILEGES ON *.* TO ${SUPERUSER}@'127.0.0.1' WITH GRANT OPTION;`,
    `ALTER USER ${SUPERUSER}@localhost IDENTIFIED BY '${password}';`,
  ];
  return writeInto(home, 'first-statements.sql', `${statements.join('\n')}\n`);
}

function dataOf(home: Home): string {
  return join(home.folder, 'data');
}

function locate() {
  const server = findProgram(['mariadbd', 'mysqld']);
  const install = findProgram(['mariadb-install-db', 'mysql_install_db']);
  return server && install ? { server, install } : undefined;
}

function installedPrograms() {
  if (programs === undefined) throw new Error('MariaDB is not installed: apt-get install mariadb-server');
  return programs;
}
