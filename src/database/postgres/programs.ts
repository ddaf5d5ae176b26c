import { execFile, spawn } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { promisify } from 'node:util';
import { endOn } from '../../child-process.js';
import { OnecardError } from '../../errors.js';
import { ExitCode } from '../../model/exit-code.js';
import { clientFor } from './login.js';

/** Where Debian and its kin keep the programs of each version. */
const BY_VERSION = '/usr/lib/postgresql';

/** pg_dump and pg_restore of one version. */
export interface DumpPrograms {
  readonly dump: string;
  readonly restore: string;
  /** The first part of it: 15. */
  readonly version: number;
}

/**
 * Those that can dump such a server: of its own version, else of the oldest one after it. What a newer one
 * restores may begin with settings that the server does not know, and an older one refuses to dump.
 */
export async function dumpPrograms(
  serverVersion: number,
  env: NodeJS.ProcessEnv,
  signal: AbortSignal | undefined,
): Promise<DumpPrograms | undefined> {
  const found = await Promise.all(folders(env).map((folder) => programsIn(folder, env, signal)));
  signal?.throwIfAborted();
  return found
    .filter((programs) => programs !== undefined && programs.version >= serverVersion)
    .sort((one, other) => (one?.version ?? 0) - (other?.version ?? 0))[0];
}

function folders(env: NodeJS.ProcessEnv): string[] {
  const versions = existsSync(BY_VERSION) ? readdirSync(BY_VERSION) : [];
  const onPath = (env['PATH'] ?? '').split(delimiter).filter((folder) => folder !== '');
  return [...onPath, ...versions.map((version) => join(BY_VERSION, version, 'bin'))];
}

async function programsIn(
  folder: string,
  env: NodeJS.ProcessEnv,
  signal: AbortSignal | undefined,
): Promise<DumpPrograms | undefined> {
  const [dump, restore] = [join(folder, 'pg_dump'), join(folder, 'pg_restore')];
  if (!existsSync(dump) || !existsSync(restore)) return undefined;
  try {
    const asking = promisify(execFile)(dump, ['--version'], { env, timeout: 10_000, killSignal: 'SIGKILL' });
    endOn(signal, asking.child);
    const { stdout } = await asking;
    const version = Number(/(\d+)/.exec(stdout)?.[1]);
    return version > 0 ? { dump, restore, version } : undefined;
  } catch {
    return undefined;
  }
}

/**
 * The environment in which PostgreSQL's programs go to the very database to which the driver would. The password
 * is handed over there, too: arguments are shown to everybody.
 */
export function libpqEnvironment(url: string | undefined, env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const { host, port, user, database, password } = clientFor(url);
  const options = url === undefined ? new URLSearchParams() : new URL(url).searchParams;
  const mode =
    options.get('sslmode') ?? (/^(true|1)$/.test(options.get('ssl') ?? '') ? 'require' : undefined);
  const settings = {
    PGHOST: host,
    PGPORT: String(port),
    PGUSER: user,
    PGDATABASE: database,
    PGPASSWORD: password || undefined,
    // The driver's own word for it.
    PGSSLMODE: mode === 'no-verify' ? 'require' : mode,
    PGSSLROOTCERT: options.get('sslrootcert') ?? undefined,
    PGSSLCERT: options.get('sslcert') ?? undefined,
    PGSSLKEY: options.get('sslkey') ?? undefined,
    PGCONNECT_TIMEOUT: '10',
    PGAPPNAME: `onecard ${process.pid}`,
    // What the programs say is read.
    LC_MESSAGES: 'C',
    LC_ALL: 'C',
  };
  return {
    ...Object.fromEntries(Object.entries(env).filter(([name]) => !MISLEADING.includes(name))),
    ...Object.fromEntries(Object.entries(settings).filter(([, value]) => value !== undefined)),
  };
}

/** Of these, the first two go before a host and port, and the driver knows neither. */
const MISLEADING = ['PGSERVICE', 'PGHOSTADDR', 'PGCLIENTENCODING', 'DATABASE_URL'];

/**
 * Writes the content of one database into another, empty one, through a pipe.
 * @param how options of pg_restore.
 * @throws OnecardError with what the program says.
 */
export async function dumpAndRestore(
  programs: DumpPrograms,
  from: NodeJS.ProcessEnv,
  to: NodeJS.ProcessEnv,
  how: readonly string[],
  signal: AbortSignal | undefined,
): Promise<void> {
  const dump = start(programs.dump, DUMPING, from, signal);
  const database = to['PGDATABASE'] ?? '';
  const restore = start(programs.restore, [...RESTORING, ...how, `--dbname=${database}`], to, signal);
  // One that fails takes the other along, which then complains of the pipe.
  await pipeline(dump.child.stdout, restore.child.stdin).catch(() => undefined);
  const [dumped, restored] = [await dump.ended, await restore.ended];
  signal?.throwIfAborted();
  const ends =
    dumped.complaint === undefined || BROKEN_PIPE.test(dumped.complaint)
      ? [restored, dumped]
      : [dumped, restored];
  const failed = ends.find(({ code }) => code !== 0);
  if (failed === undefined) return;
  throw new OnecardError(
    `The database cannot be dumped and restored: ${failed.complaint ?? `${failed.program} ended with ${failed.code}.`}`,
    {
      remedy: 'Mend what it says, or rehearse a dump file instead: onecard rehearse DUMP.',
      exitCode: ExitCode.Failed,
    },
  );
}

const BROKEN_PIPE = /broken pipe|could not write/i;

/** Compression would be undone at once; a subscription would ask another server for its changes. */
const DUMPING = [
  '--format=custom',
  '--compress=0',
  '--no-password',
  '--lock-wait-timeout=5000',
  '--no-subscriptions',
];
const RESTORING = ['--format=custom', '--exit-on-error', '--no-password'];

/** As much of its complaints as is kept. */
const COMPLAINT = 10_000;

interface Ending {
  readonly program: string;
  /** Null where a signal has ended it. */
  readonly code: number | null;
  readonly complaint: string | undefined;
}

function start(
  program: string,
  options: readonly string[],
  env: NodeJS.ProcessEnv,
  signal: AbortSignal | undefined,
) {
  const child = spawn(program, options, { env });
  endOn(signal, child);
  let said = '';
  child.stderr.on('data', (chunk) => {
    said = (said + chunk).slice(0, COMPLAINT);
  });
  // One that cannot be started has ended all the same, and said nothing.
  child.on('error', () => undefined);
  const ended = new Promise<Ending>((resolve) => {
    child.once('close', (code) => resolve({ program, code, complaint: complaintIn(said) }));
  });
  return { child, ended };
}

function complaintIn(said: string): string | undefined {
  return said
    .split('\n')
    .find((line) => /(error|fatal):/i.test(line))
    ?.trim();
}
