import { createReadStream } from 'node:fs';
import { OnecardError } from '../errors.js';

/** One line of a file, without its break, byte by byte as it stands there. */
export interface FileLine {
  /** Counted from 1. */
  readonly number: number;
  readonly bytes: Buffer;
  /** False of a last line that ends without a break. */
  readonly isWhole: boolean;
}

/** Longer lines are no lines of a report. */
const LONGEST = 1 << 26;
const BREAK = 0x0a;

/** @throws OnecardError where the file cannot be read, or is no text. */
export async function* linesOf(path: string): AsyncIterable<FileLine> {
  let number = 0;
  let rest: Buffer[] = [];
  let length = 0;
  const take = (end: Buffer, isWhole: boolean): FileLine => {
    const bytes = rest.length === 0 ? end : Buffer.concat([...rest, end]);
    rest = [];
    length = 0;
    return { number: ++number, bytes, isWhole };
  };
  for await (const chunk of chunksOf(path)) {
    let from = 0;
    for (let at = chunk.indexOf(BREAK); at >= 0; at = chunk.indexOf(BREAK, from)) {
      yield take(chunk.subarray(from, at), true);
      from = at + 1;
    }
    if (from < chunk.length) rest.push(chunk.subarray(from));
    length += chunk.length - from;
    if (length > LONGEST) throw noReport(path);
  }
  if (length > 0) yield take(Buffer.alloc(0), false);
}

async function* chunksOf(path: string): AsyncIterable<Buffer> {
  try {
    for await (const chunk of createReadStream(path)) yield chunk;
  } catch (cause) {
    const code = cause instanceof Error && 'code' in cause ? cause.code : cause;
    throw new OnecardError(`The file ${path} cannot be read (${code}).`, {
      remedy: 'Name the audit.ndjson of a run, below onecard-runs.',
      cause,
    });
  }
}

export const noReport = (path: string) =>
  new OnecardError(`The file ${path} is no audit report of onecard.`, {
    remedy: 'Name the audit.ndjson of a run, below onecard-runs.',
  });
