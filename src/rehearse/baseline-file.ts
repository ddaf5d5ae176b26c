import { createHash, type Hash, randomBytes } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { access, rename, rm } from 'node:fs/promises';
import { z } from 'zod';
import { OnecardError } from '../errors.js';
import { type FileLine, linesIn } from '../file-lines.js';
import type { BaselineDecision } from '../model/rehearsal.js';
import { PrivateFile } from '../private-file.js';

/** Raised when a reader of the former format would misread the new one. */
const BASELINE_FORMAT = 1;

/** What people approved about one operator. */
export interface BaselineLine extends BaselineDecision {
  /** Key or pseudonym. */
  readonly operator: string;
}

/** What a baseline is about, and how it names operators and persons. */
export interface BaselineHeader {
  readonly keys: 'pseudonyms' | 'plain';
  /** Tells the secret of the pseudonyms from others; null where there are none. */
  readonly keyCheck: string | null;
  /** The digest of the configuration in effect. */
  readonly configuration: string;
  readonly policies: Readonly<Record<string, string>>;
}

const anyHeader = z.object({ onecard: z.literal('baseline'), format: z.number() });
const baselineHeader = z.object({
  keys: z.enum(['pseudonyms', 'plain']),
  keyCheck: z.string().nullable(),
  configuration: z.string(),
  policies: z.record(z.string(), z.string()),
});
const baselineLine = z.object({
  operator: z.string(),
  decision: z.string(),
  reason: z.string(),
  action: z.string(),
  person: z.string().nullable(),
});
const baselineTotals = z.object({ operators: z.number(), digest: z.string() });

/** Undefined where the text is no such line. */
export const parseBaselineLine = (text: string): BaselineLine | undefined => parsed(baselineLine, text);

/** In one form always, so that a line changes only where a decision does. */
export const baselineText = ({ operator, decision, reason, action, person }: BaselineLine) =>
  JSON.stringify({ operator, decision, reason, action, person });

/**
 * The order of the lines: by the operator as it is written, UTF-16 code unit by code unit, the same on every machine.
 * Pseudonyms in the order of the keys would give the keys away to whoever can list those.
 */
export const inBaselineOrder = (a: BaselineLine, b: BaselineLine) =>
  a.operator < b.operator ? -1 : a.operator > b.operator ? 1 : 0;

/**
 * Writes a baseline whole or not at all: a header, a line per operator, and a line with their number and the SHA-256
 * of all that stands before it. It takes the place of a former baseline, and of nothing else.
 * @param lines in the order of a baseline.
 * @returns how many operators it holds.
 * @throws OnecardError where there is another file of that name, or the file cannot be written.
 */
export async function writeBaselineFile(
  path: string,
  header: BaselineHeader,
  lines: AsyncIterable<BaselineLine>,
): Promise<number> {
  await refuseOtherFile(path);
  const { keys, keyCheck, configuration, policies } = header;
  const started = { onecard: 'baseline', format: BASELINE_FORMAT, keys, keyCheck, configuration, policies };
  const half = `${path}.${randomBytes(6).toString('hex')}`;
  let operators = 0;
  async function* pieces() {
    const hash = createHash('sha256');
    yield hashed(hash, JSON.stringify(started));
    for await (const line of lines) {
      operators++;
      yield hashed(hash, baselineText(line));
    }
    yield `${JSON.stringify({ operators, digest: hash.digest('hex') })}\n`;
  }
  await PrivateFile.fill(half, pieces());
  try {
    await rename(half, path);
  } catch (cause) {
    await rm(half, { force: true });
    throw unusable(path, `cannot be written: ${codeOf(cause)}`, 'Check the folder and its rights.', cause);
  }
  return operators;
}

/** @throws OnecardError where there is a file of that name that is no baseline. */
export async function refuseOtherFile(path: string): Promise<void> {
  if (!(await exists(path))) return;
  if (parsed(anyHeader, (await firstLine(path)) ?? '') !== undefined) return;
  throw new OnecardError(`The file ${path} exists already, and is no baseline: it is not overwritten.`, {
    remedy: 'Name another file, or remove it first.',
  });
}

/** A baseline of this format. */
export interface OpenedBaseline {
  readonly header: BaselineHeader;
  /**
   * In the order of a baseline, read piece by piece.
   * @throws OnecardError where the file is damaged, at the latest at its end.
   */
  lines(): AsyncIterable<BaselineLine>;
}

/** @throws OnecardError where the file cannot be read, is no baseline, or is of another format. */
export async function openBaseline(path: string): Promise<OpenedBaseline> {
  const header = readHeader(path, (await firstLine(path)) ?? '');
  return { header, lines: () => readLines(path) };
}

function readHeader(path: string, text: string): BaselineHeader {
  const known = parsed(anyHeader, text);
  if (known === undefined) throw noBaseline(path);
  if (known.format !== BASELINE_FORMAT) {
    throw unusable(
      path,
      `has the format ${known.format}, and this version of onecard reads the format ${BASELINE_FORMAT}`,
      'Write it anew with --write-baseline, or use the version of onecard that wrote it.',
    );
  }
  const header = parsed(baselineHeader, text);
  if (header === undefined) throw damaged(path, 'its first line does not say what it is about');
  return header;
}

async function* readLines(path: string): AsyncIterable<BaselineLine> {
  const hash = createHash('sha256');
  let last: BaselineLine | undefined;
  let operators = 0;
  let totals: z.infer<typeof baselineTotals> | undefined;
  for await (const { number, bytes } of fileLines(path)) {
    const text = textOf(bytes);
    if (totals !== undefined) throw damaged(path, `line ${number} stands behind its end`);
    if (number > 1) {
      totals = parsed(baselineTotals, text);
      if (totals !== undefined) continue;
      const line = parseBaselineLine(text);
      if (line === undefined) throw damaged(path, `line ${number} is none of a baseline`);
      if (last !== undefined && inBaselineOrder(last, line) >= 0) {
        throw damaged(path, `line ${number} is not in its place`);
      }
      last = line;
      operators++;
      yield line;
    }
    hashed(hash, text);
  }
  if (totals === undefined) throw damaged(path, 'it does not end with its totals: it was cut short');
  if (totals.operators !== operators || totals.digest !== hash.digest('hex')) {
    throw damaged(path, 'its lines do not have the digest that its last line gives');
  }
}

/** @returns the line as it is written. */
function hashed(hash: Hash, text: string): string {
  hash.update(text).update('\n');
  return `${text}\n`;
}

/** Version control may have given it the line breaks of Windows. */
const textOf = (bytes: Buffer) =>
  bytes.toString('utf8', 0, bytes.at(-1) === 0x0d ? bytes.length - 1 : bytes.length);

function parsed<T>(schema: z.ZodType<T>, text: string): T | undefined {
  try {
    return schema.safeParse(JSON.parse(text)).data;
  } catch {
    return undefined;
  }
}

async function firstLine(path: string): Promise<string | undefined> {
  for await (const { bytes } of fileLines(path)) return textOf(bytes);
  return undefined;
}

async function* fileLines(path: string): AsyncIterable<FileLine> {
  try {
    yield* linesIn(createReadStream(path), () => noBaseline(path));
  } catch (error) {
    if (error instanceof OnecardError) throw error;
    const code = codeOf(error);
    throw unusable(
      path,
      `cannot be read: ${code === 'ENOENT' ? 'it does not exist' : code}`,
      code === 'ENOENT'
        ? 'Check the path given with --baseline, or write a first one with --write-baseline.'
        : 'Check its path, and that this user may read it.',
      error,
    );
  }
}

const codeOf = (error: unknown) => (error instanceof Error && 'code' in error ? error.code : String(error));

async function exists(path: string): Promise<boolean> {
  try {
    await access(path);
    return true;
  } catch (error) {
    return codeOf(error) !== 'ENOENT';
  }
}

export const unusable = (path: string, why: string, remedy: string, cause?: unknown) =>
  new OnecardError(`The baseline ${path} ${why}.`, { remedy, cause });

const damaged = (path: string, why: string) =>
  unusable(
    path,
    `is damaged: ${why}`,
    'Get the file as it was written, or write it anew with --write-baseline and have it approved.',
  );

const noBaseline = (path: string) =>
  new OnecardError(`${path} is no baseline of onecard.`, {
    remedy: 'Name a file that was made by: onecard rehearse --write-baseline FILE',
  });
