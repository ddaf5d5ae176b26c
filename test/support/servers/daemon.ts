import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync } from 'node:fs';
import { chown, mkdtemp, open, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer, Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

const READY_WITHIN_MS = 60_000;
const STOPPED_WITHIN_MS = 30_000;

/** Who runs a server: PostgreSQL refuses root, and MariaDB should not be root either. */
interface Account {
  readonly uid?: number;
  readonly gid?: number;
}

/** A temporary folder that belongs to the account under which its server is to run. */
export interface Home {
  readonly folder: string;
  readonly account: Account;
  readonly guard: Guard;
}

export interface Daemon {
  readonly pid: number;
  /** Sends the signal and waits for the process to end. */
  end(signal: NodeJS.Signals): Promise<void>;
}

export async function makeHome(name: string, userNames: string[]): Promise<Home> {
  const folder = await mkdtemp(join(tmpdir(), `onecard-${name}-`));
  const home = { folder, account: serviceAccount(userNames), guard: watchOver(folder) };
  await handOver(home, folder);
  return home;
}

/** Returns the path of the new file, which the home's account can read. */
export async function writeInto(home: Home, name: string, content: string): Promise<string> {
  const file = join(home.folder, name);
  await writeFile(file, content, { mode: 0o600 });
  await handOver(home, file);
  return file;
}

/** Runs a helper program such as `initdb` to its end; an error holds what it printed. */
export async function runTool(home: Home, program: string, args: string[], env = {}): Promise<void> {
  const child = spawn(program, args, {
    ...home.account,
    cwd: home.folder,
    env: { ...cleanEnvironment(), ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  child.stdout.on('data', (chunk) => (output += chunk));
  child.stderr.on('data', (chunk) => (output += chunk));
  const [code] = await once(child, 'close');
  if (code !== 0) throw new Error(`${program} ended with ${code}:\n${output}`);
}

export async function removeHome(home: Home): Promise<void> {
  await rm(home.folder, { recursive: true, force: true, maxRetries: 5 });
  home.guard.dismiss();
}

/** Starts a server and waits until `answers` no longer throws. */
export async function startDaemon(
  home: Home,
  program: string,
  args: string[],
  answers: () => Promise<unknown>,
  largestFile?: number,
): Promise<Daemon> {
  const log = await open(logOf(home), 'a');
  // Shells count files in blocks of 512 bytes.
  const limited = largestFile && ['-c', `ulimit -f ${largestFile / 512}; exec "$0" "$@"`, program, ...args];
  const child = spawn(limited ? '/bin/sh' : program, limited || args, {
    ...home.account,
    cwd: home.folder,
    env: cleanEnvironment(),
    detached: true,
    stdio: ['ignore', log.fd, log.fd],
  });
  await Promise.race([once(child, 'spawn'), once(child, 'error').then(([error]) => Promise.reject(error))]);
  await log.close();
  child.unref();
  const pid = child.pid as number;
  home.guard.watch(pid);

  const daemon: Daemon = {
    pid,
    async end(signal) {
      if (isRunning(child)) {
        child.ref();
        const ended = once(child, 'exit', { signal: AbortSignal.timeout(STOPPED_WITHIN_MS) });
        process.kill(pid, signal);
        await ended;
      }
      home.guard.watch(undefined);
    },
  };

  const deadline = Date.now() + READY_WITHIN_MS;
  for (;;) {
    try {
      await answers();
      return daemon;
    } catch (error) {
      if (isRunning(child) && Date.now() < deadline) {
        await sleep(25);
        continue;
      }
      await daemon.end('SIGKILL');
      throw new Error(`${program} does not answer:\n${await readLog(home)}`, { cause: error });
    }
  }
}

/** What the home's server has printed, through all its starts. */
export function readLog(home: Home): Promise<string> {
  return readFile(logOf(home), 'utf8');
}

/** Below the range from which systems pick client ports, so that nobody takes it during a restart. */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = 20_000 + Math.floor(Math.random() * 12_000);
    const probe = createServer().listen(port, '127.0.0.1');
    const free = await Promise.race([
      once(probe, 'listening').then(() => true),
      once(probe, 'error').then(() => false),
    ]).catch(() => false);
    if (!free) continue;
    await new Promise((closed) => probe.close(closed));
    return port;
  }
}

/** The first of these programs in these folders or on the PATH, or undefined. */
export function findProgram(names: string[], folders: string[] = []): string | undefined {
  const path = (process.env['PATH'] ?? '').split(delimiter);
  return [...folders, ...path, '/usr/sbin', '/usr/local/sbin']
    .flatMap((folder) => names.map((name) => join(folder, name)))
    .find((program) => existsSync(program));
}

export function foldersIn(parent: string): string[] {
  return existsSync(parent) ? readdirSync(parent) : [];
}

/** Ends the server and removes its folder when this process goes, however that happens. */
interface Guard {
  watch(pid: number | undefined): void;
  dismiss(): void;
}

/**
 * A shell in a session of its own that reads from a pipe to this process: the pipe ends when this process
 * ends, even by SIGKILL, where no exit handler would run.
 */
export function watchOver(folder: string): Guard {
  const script = `
    while read -r line; do pid=$line; done
    if [ -n "$pid" ]; then
      kill -QUIT "$pid"
      for second in 1 2 3 4 5; do kill -0 "$pid" && sleep 1; done
      kill -KILL "$pid"
    fi
    for attempt in 1 2 3 4 5; do rm -rf "$1"; sleep 1; done`;
  const shell = spawn('/bin/sh', ['-c', script, 'guard', folder], {
    detached: true,
    stdio: ['pipe', 'ignore', 'ignore'],
  });
  shell.unref();
  const { stdin } = shell;
  if (stdin instanceof Socket) stdin.unref();
  return {
    watch: (pid) => stdin.write(`${pid ?? ''}\n`),
    dismiss: () => shell.kill('SIGKILL'),
  };
}

function logOf({ folder }: Home): string {
  return join(folder, 'server.log');
}

async function handOver({ account }: Home, path: string): Promise<void> {
  if (account.uid !== undefined && account.gid !== undefined) await chown(path, account.uid, account.gid);
}

function isRunning(child: ChildProcess): boolean {
  return child.exitCode === null && child.signalCode === null;
}

function serviceAccount(userNames: string[]): Account {
  if (process.getuid?.() !== 0) return {};
  for (const name of [...userNames, 'nobody']) {
    try {
      return { uid: idOf('-u', name), gid: idOf('-g', name) };
    } catch {
      // No such user here: the next one.
    }
  }
  throw new Error(`As root, a server needs one of these users: ${userNames.join(', ')}, nobody`);
}

function idOf(flag: '-u' | '-g', userName: string): number {
  return Number(execFileSync('id', [flag, userName], { stdio: ['ignore', 'pipe', 'ignore'] }));
}

/** Nothing from the developer's shell may change how a server behaves. */
function cleanEnvironment(): NodeJS.ProcessEnv {
  return { PATH: process.env['PATH'], LC_ALL: 'C', TZ: 'UTC' };
}
