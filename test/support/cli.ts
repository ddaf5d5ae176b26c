import { type ChildProcess, spawn } from 'node:child_process';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';

/** Found from the root of the package: this file itself is compiled, too, for the programs that use it. */
const CLI = join(dirname(createRequire(import.meta.url).resolve('#package')), 'dist/src/cli.js');
const DEFAULT_TIMEOUT_MS = 60_000;

export interface CliOptions {
  /** The working folder, and the home folder too: no developer's `.pgpass` or `.my.cnf` counts. */
  readonly folder: string;
  /** The whole environment apart from PATH, HOME and the time zone. */
  readonly env?: Record<string, string>;
  /** What is typed, or piped in; without it, standard input is empty. */
  readonly input?: string;
  /** When it aborts, the command gets SIGINT, as from Ctrl-C, or the signal given as the reason. */
  readonly signal?: AbortSignal;
  readonly timeoutMs?: number;
  /** A program and its first arguments; it gets the command line as its last ones, and starts it. */
  readonly through?: readonly [string, ...string[]];
}

export interface CliResult {
  /** Null when a signal ended the command. */
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs the built command line to its end. Rejects only when that takes too long. */
export function onecard(args: string[], options: CliOptions): Promise<CliResult> {
  return startOnecard(args, options).result;
}

/** The same for tests that watch the output, or send signals of their own while it runs. */
export function startOnecard(
  args: string[],
  { folder, env = {}, input, signal, timeoutMs = DEFAULT_TIMEOUT_MS, through }: CliOptions,
): { child: ChildProcess; result: Promise<CliResult> } {
  const command = [process.execPath, CLI, ...args] as const;
  const [program, ...rest] = through === undefined ? command : ([...through, ...command] as const);
  const child = spawn(program, rest, {
    cwd: folder,
    env: { PATH: process.env['PATH'], HOME: folder, TZ: 'UTC', ...env },
    stdio: 'pipe',
  });
  // A command may end before it has read everything.
  child.stdin.on('error', () => {});
  child.stdin.end(input);

  const result = new Promise<CliResult>((resolve, reject) => {
    let stdout = '';
    let stderr = '';
    child.stdout.setEncoding('utf8').on('data', (text) => (stdout += text));
    child.stderr.setEncoding('utf8').on('data', (text) => (stderr += text));

    const interrupt = () => child.kill(isSignal(signal?.reason) ? signal.reason : 'SIGINT');
    signal?.addEventListener('abort', interrupt);
    const timer = setTimeout(() => {
      child.kill('SIGKILL');
      reject(new Error(`onecard ${args.join(' ')} took over ${timeoutMs} ms:\n${stdout}\n${stderr}`));
    }, timeoutMs);

    child.on('error', reject);
    child.on('close', (code) => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', interrupt);
      resolve({ code, stdout, stderr });
    });
  });
  return { child, result };
}

function isSignal(reason: unknown): reason is NodeJS.Signals {
  return typeof reason === 'string' && reason.startsWith('SIG');
}
