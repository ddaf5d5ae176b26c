import { createReadStream } from 'node:fs';
import { OnecardError } from '../errors.js';
import { type FileLine, linesIn } from '../file-lines.js';

export type { FileLine };

/** @throws OnecardError where the file cannot be read, or is no text. */
export function linesOf(path: string): AsyncIterable<FileLine> {
  return linesIn(chunksOf(path), () => noReport(path));
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
