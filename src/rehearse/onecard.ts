import { type ChildProcess, spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';
import { OnecardError } from '../errors.js';
import { ACTIONS, DECISIONS, FINDINGS, type Finding, REASONS, type Reason } from '../model/decision.js';
import { KILL_AFTER } from './killed-inside-a-batch.js';

const CLI = fileURLToPath(new URL('../cli.js', import.meta.url));
const KILLED_CLI = fileURLToPath(new URL('../killed-cli.js', import.meta.url));

export interface Ended {
  /** Null where a signal ended it. */
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  /** What it said, progress left aside. */
  readonly stderr: string;
}

/** Where its processes work, and what tells them of the database. */
interface Place {
  readonly folder: string;
  readonly env: NodeJS.ProcessEnv;
  /** Ends the one under way after its batch. */
  readonly signal: AbortSignal;
  /** Ends it at once. */
  readonly atOnce: AbortSignal;
}

/**
 * The command line itself, as a user would call it on the database of a rehearsal, in processes of its own: what is
 * rehearsed is what will be run.
 */
export class Onecard {
  readonly #place: Place;
  #child: ChildProcess | undefined;

  constructor(place: Place) {
    this.#place = place;
    place.signal.addEventListener('abort', () => this.#child?.kill('SIGINT'));
    place.atOnce.addEventListener('abort', () => this.#child?.kill('SIGKILL'));
  }

  call(args: readonly string[]): Promise<Ended> {
    return this.#start(CLI, args, this.#place.env);
  }

  /** A run that dies inside the batch after so many operators. */
  callKilled(args: readonly string[], after: number): Promise<Ended> {
    return this.#start(KILLED_CLI, args, { ...this.#place.env, [KILL_AFTER]: String(after) });
  }

  async #start(program: string, args: readonly string[], env: NodeJS.ProcessEnv): Promise<Ended> {
    this.#place.signal.throwIfAborted();
    // A group of its own: a Ctrl-C on the terminal reaches the rehearsal alone, which passes it on once.
    const child = spawn(process.execPath, [program, ...args, '--no-input', '--no-color', '--quiet'], {
      cwd: this.#place.folder,
      env,
      detached: true,
      // By the channel, it knows when the rehearsal is gone: then it writes no more, as to a database that stays.
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    });
    this.#child = child;
    let stdout = '';
    let stderr = '';
    child.stdout?.setEncoding('utf8').on('data', (text: string) => {
      stdout += text;
    });
    child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      stderr += text;
    });
    return new Promise((resolve, reject) => {
      child.on('error', reject);
      child.on('close', (code, signal) => {
        this.#child = undefined;
        if (this.#place.signal.aborted) reject(this.#place.signal.reason);
        else resolve({ code, signal, stdout, stderr: stderr.trim() });
      });
    });
  }
}

/** @throws OnecardError with the words of the command where it ended otherwise. */
export function expectEnd(ended: Ended, codes: readonly number[]): Ended {
  if (ended.code !== null && codes.includes(ended.code)) return ended;
  const how = ended.code === null ? `killed by ${ended.signal}` : `exit code ${ended.code}`;
  const lines = ended.stderr.replace(/^onecard: /, '').split('\n');
  const isRemedy = (line: string) => /^\s*→ /.test(line);
  const message = lines.filter((line) => !isRemedy(line) && line.trim() !== '').join('\n');
  const remedy = lines
    .filter(isRemedy)
    .map((line) => line.trim().slice('→ '.length))
    .join(' ');
  throw new OnecardError(message === '' ? `it ended with ${how}` : message, {
    ...(remedy !== '' && { remedy }),
  });
}

const tally = z.object({
  decision: z.enum(DECISIONS),
  action: z.enum(ACTIONS),
  reason: z.enum(Object.keys(REASONS) as Reason[]),
  finding: z.enum(Object.keys(FINDINGS) as Finding[]).nullable(),
  operators: z.number(),
});
const refused = z.object({ operator: z.string(), reason: z.string() });
const times = { longestTransactionMs: z.number(), longestLockMs: z.number() };
const check = z.object({
  name: z.string(),
  title: z.string(),
  violationCount: z.number(),
  violations: z.array(
    z.object({ operator: z.string().nullable(), person: z.string().nullable(), text: z.string() }),
  ),
});

/** What the commands say with `--json`, as far as a rehearsal reads it. */
export const documents = {
  dryRun: z.object({ totals: z.array(tally), schemaChanges: z.array(z.object({ sql: z.string() })) }),
  run: z.object({
    run: z.string(),
    created: z.number(),
    linked: z.number(),
    stale: z.number(),
    failed: z.number(),
    refused: z.array(refused),
    pending: z.number(),
    closing: z
      .object({
        doubleLinks: z.object({ count: z.number() }),
        lateCandidates: z.object({ count: z.number() }),
      })
      .nullable(),
    checks: z.array(check),
    ...times,
  }),
  stopped: z.object({ stopped: z.string(), failed: z.number(), refused: z.array(refused) }),
  verification: z.object({ violations: z.number(), checks: z.array(check) }),
  rollback: z.object({
    removed: z.number(),
    restored: z.number(),
    kept: z.number(),
    linksLeft: z.number(),
    reasons: z.array(z.object({ reason: z.string(), operators: z.number() })),
    ...times,
  }),
};

export type StoppedDocument = z.infer<typeof documents.stopped>;
export type RunDocument = z.infer<typeof documents.run>;
export type VerificationDocument = z.infer<typeof documents.verification>;
export type RollbackDocument = z.infer<typeof documents.rollback>;

/** Undefined where it said something else, or nothing. */
export function tryDocument<T>(schema: z.ZodType<T>, { stdout }: Ended): T | undefined {
  if (stdout === '') return undefined;
  return schema.safeParse(JSON.parse(stdout)).data;
}

export function readDocument<T>(schema: z.ZodType<T>, { stdout }: Ended): T {
  return schema.parse(JSON.parse(stdout));
}
