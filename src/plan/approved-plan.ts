import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { z } from 'zod';
import type { DatabaseIdentity } from '../database/database.js';
import { OnecardError } from '../errors.js';
import type { Configuration } from '../model/configuration.js';
import { ACTIONS, DECISIONS } from '../model/decision.js';
import { ExitCode } from '../model/exit-code.js';
import { POLICIES, type PolicyName } from '../model/policies.js';
import type { Outcome } from './drift.js';
import { PLAN_FORMAT } from './file.js';

/** The header and the totals are shorter by far. */
const LONGEST_END = 1 << 16;
const LINE_BREAK = 0x0a;

const anyHeader = z.object({ format: z.number() });
const planHeader = z.object({
  database: z.object({ kind: z.string(), version: z.string(), database: z.string(), server: z.string() }),
  policies: z.record(z.string(), z.string()),
  configuration: z.string(),
});
const planTotals = z.object({ totals: z.array(z.unknown()), digest: z.string() });
const planLine = z.object({
  operator: z.string(),
  decision: z.enum(DECISIONS),
  action: z.enum(ACTIONS),
  reason: z.string(),
  person: z.string().nullable(),
  card: z.record(z.string(), z.union([z.string(), z.boolean(), z.null()])).nullable(),
});

/** A plan file that is whole and unaltered; read line by line, however long it is. */
export class ApprovedPlan {
  readonly path: string;
  /** SHA-256 of all bytes before the totals line. */
  readonly digest: string;
  readonly #header: z.infer<typeof planHeader>;
  /** Bytes before the totals line. */
  readonly #size: number;

  private constructor(path: string, digest: string, header: z.infer<typeof planHeader>, size: number) {
    this.path = path;
    this.digest = digest;
    this.#header = header;
    this.#size = size;
  }

  /**
   * @throws OnecardError with exit code 2 where the file cannot be read; with 5 where it is no plan, cut short,
   *   of another format, or altered.
   */
  static async open(path: string): Promise<ApprovedPlan> {
    const { start, end, size } = await readEnds(path);
    const header = readHeader(path, start);
    const { digest, totalsSize } = readTotals(path, end);
    const plan = new ApprovedPlan(path, digest, header, size - totalsSize);
    const hash = createHash('sha256');
    for await (const chunk of plan.#chunks()) hash.update(chunk);
    if (hash.digest('hex') !== digest) throw altered(path);
    return plan;
  }

  /** @throws OnecardError with exit code 5 where this is not the plan that was approved. */
  refuseOtherDigest(approved: string): void {
    if (approved.trim().toLowerCase() === this.digest) return;
    throw refused(
      `The plan ${this.path} has the digest ${this.digest}, and not the approved one, ${approved}.`,
      'Apply the very file that was approved.',
    );
  }

  /**
   * A server may have been upgraded since: that makes it no other database.
   * @throws OnecardError with exit code 5 where the plan was made of another database.
   */
  refuseOtherDatabase({ kind, database, server }: DatabaseIdentity): void {
    const planned = this.#header.database;
    if (planned.kind === kind && planned.database === database && planned.server === server) return;
    throw refused(
      `The plan ${this.path} is about the ${planned.kind} database ${planned.database} (${planned.server}), and this is the ${kind} database ${database} (${server}).`,
      'Connect to that database, or make a plan of this one: onecard migrate --dry-run --plan-out FILE',
    );
  }

  /** @throws OnecardError with exit code 5 where it was made with another configuration or other policies. */
  refuseOtherConfiguration({ digest, policies }: Configuration): void {
    if (this.#header.configuration === digest) return;
    const differing = (Object.keys(POLICIES) as PolicyName[])
      .filter((policy) => this.#header.policies[policy] !== policies[policy])
      .map((policy) => `${policy} was ${this.#header.policies[policy]} and is ${policies[policy]}`);
    throw refused(
      differing.length === 0
        ? `The plan ${this.path} was made with another configuration.`
        : `The plan ${this.path} was made with other policies: ${differing.join(', ')}.`,
      differing.length === 0
        ? 'Use the configuration that it was made with, or make a new plan.'
        : 'Give the policies that it was made with, or make a new plan.',
    );
  }

  /**
   * What it says of each operator, in the order of the keys.
   * @throws OnecardError with exit code 5 where the file has changed since it was opened, at the latest at its end.
   */
  async *lines(): AsyncIterable<Outcome> {
    const hash = createHash('sha256');
    let rest: Buffer = Buffer.alloc(0);
    let isHeader = true;
    for await (const chunk of this.#chunks()) {
      hash.update(chunk);
      const bytes = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
      let start = 0;
      for (let end = bytes.indexOf(LINE_BREAK); end !== -1; end = bytes.indexOf(LINE_BREAK, start)) {
        if (!isHeader) yield this.#read(bytes.toString('utf8', start, end));
        isHeader = false;
        start = end + 1;
      }
      rest = bytes.subarray(start);
    }
    if (hash.digest('hex') !== this.digest) throw altered(this.path);
  }

  #read(line: string): Outcome {
    const parsed = planLine.safeParse(parseJson(line));
    if (!parsed.success) throw noPlan(this.path);
    return parsed.data;
  }

  #chunks(): AsyncIterable<Buffer> {
    return createReadStream(this.path, { end: this.#size - 1 });
  }
}

interface Ends {
  readonly start: Buffer;
  readonly end: Buffer;
  /** Of the whole file, in bytes. */
  readonly size: number;
}

async function readEnds(path: string): Promise<Ends> {
  let file: FileHandle | undefined;
  try {
    file = await open(path);
    const facts = await file.stat();
    if (!facts.isFile()) throw unreadable(path, 'it is no regular file');
    const { size } = facts;
    const length = Math.min(size, LONGEST_END);
    const start = Buffer.alloc(length);
    await file.read(start, 0, length, 0);
    const end = Buffer.alloc(length);
    await file.read(end, 0, length, size - length);
    return { start, end, size };
  } catch (error) {
    if (error instanceof OnecardError) throw error;
    const code = error instanceof Error && 'code' in error ? String(error.code) : String(error);
    throw unreadable(path, code === 'ENOENT' ? 'it does not exist' : code, error);
  } finally {
    await file?.close();
  }
}

function readHeader(path: string, start: Buffer) {
  const length = start.indexOf(LINE_BREAK);
  const line = length === -1 ? undefined : parseJson(start.toString('utf8', 0, length));
  const known = anyHeader.safeParse(line);
  if (!known.success) throw noPlan(path);
  if (known.data.format !== PLAN_FORMAT) {
    throw refused(
      `The plan ${path} has the format ${known.data.format}; this version of onecard reads the format ${PLAN_FORMAT}.`,
      'Apply it with the version of onecard that made it, or make a new plan.',
    );
  }
  const header = planHeader.safeParse(line);
  if (!header.success) throw noPlan(path);
  return header.data;
}

function readTotals(path: string, end: Buffer): { digest: string; totalsSize: number } {
  const before = end.lastIndexOf(LINE_BREAK, end.length - 2);
  const totals = planTotals.safeParse(parseJson(end.toString('utf8', before + 1)));
  if (before === -1 || !totals.success) {
    throw refused(
      `The plan ${path} does not end with its totals: it was cut short, or something was added to it.`,
      'Get the whole file again, or make a new plan.',
    );
  }
  return { digest: totals.data.digest, totalsSize: end.length - before - 1 };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

const refused = (message: string, remedy: string) =>
  new OnecardError(message, { remedy, exitCode: ExitCode.PlanRefused });

const noPlan = (path: string) =>
  refused(
    `${path} is not a plan file.`,
    'Name a file that was made by: onecard migrate --dry-run --plan-out FILE',
  );

const altered = (path: string) =>
  refused(
    `The plan ${path} was altered: its lines do not have the digest that its last line gives.`,
    'Get the file as it was approved, or make a new plan.',
  );

const unreadable = (path: string, why: string, cause?: unknown) =>
  new OnecardError(`The plan ${path} cannot be read: ${why}.`, {
    remedy: 'Check the path given with --plan, and that this user may read it.',
    cause,
  });
