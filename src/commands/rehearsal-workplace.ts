import { mkdtemp, readdir } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isAbandoned, lockFile } from '../database/file-lock.js';
import { OnecardError } from '../errors.js';

const PREFIX = 'onecard-rehearsal-';
const LOCK = 'lock';

/** A temporary folder, for our eyes only: plans and reports stand there in full. */
export interface Workplace {
  readonly path: string;
  /** The rehearsal is over: what is still there is there on purpose. */
  leave(): void;
}

/** @throws OnecardError where there is no place for it. */
export async function makeWorkplace(): Promise<Workplace> {
  try {
    const path = await mkdtemp(join(tmpdir(), PREFIX));
    return { path, leave: lockFile(join(path, LOCK)) };
  } catch (cause) {
    const code = cause instanceof Error && 'code' in cause ? ` (${cause.code})` : '';
    throw new OnecardError(`No temporary folder can be made in ${tmpdir()}${code}.`, {
      remedy: 'Set TMPDIR to a folder that is there, and that this user may write to.',
      cause,
    });
  }
}

/** Those whose rehearsal was killed. */
export async function leftWorkplaces(): Promise<string[]> {
  const names = await readdir(tmpdir());
  return names.filter((name) => name.startsWith(PREFIX) && isLeft(name)).map((name) => join(tmpdir(), name));
}

/** What cannot be looked into is another user's. */
function isLeft(name: string): boolean {
  try {
    return isAbandoned(join(tmpdir(), name, LOCK));
  } catch {
    return false;
  }
}
