import { findProgram, freePort, makeHome, removeHome, startDaemon, writeInto } from './daemon.js';
import { connectTo, type Server } from './server.js';

const program = findProgram(['pgbouncer']);

/** Whether this machine can start PgBouncer. */
export const pgbouncerIsInstalled = program !== undefined;

export type PoolMode = 'session' | 'transaction' | 'statement';

export interface Pooler {
  /** The server's superuser, through the pooler; the name of a database may follow. */
  url(database: string): string;
  stop(): Promise<void>;
}

/** A pooler before this server, for its superuser alone. */
export async function startPgbouncer(
  server: Server,
  mode: PoolMode,
  settings: string[] = [],
): Promise<Pooler> {
  if (program === undefined) throw new Error('PgBouncer is not installed: apt-get install pgbouncer');
  const home = await makeHome('pgbouncer', ['postgres']);
  const port = await freePort();
  const users = await writeInto(home, 'users', `"${server.superuser}" "${server.password}"\n`);
  const configuration = await writeInto(
    home,
    'pgbouncer.ini',
    [
      '[databases]',
      `* = host=${server.host} port=${server.port}`,
      '[pgbouncer]',
      'listen_addr = 127.0.0.1',
      `listen_port = ${port}`,
      'unix_socket_dir =',
      'auth_type = plain',
      `auth_file = ${users}`,
      `pool_mode = ${mode}`,
      ...settings,
    ].join('\n'),
  );
  const url = (database: string) =>
    `postgres://${server.superuser}:${server.password}@127.0.0.1:${port}/${database}`;
  const daemon = await startDaemon(home, program, [configuration], () =>
    connectTo({ kind: 'postgres', url: url('postgres') }).query('SELECT 1'),
  );
  return {
    url,
    async stop() {
      await daemon.end('SIGTERM');
      await removeHome(home);
    },
  };
}
