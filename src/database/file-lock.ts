import { readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { OnecardError } from '../errors.js';

/** Between making the file and writing into it, which takes far less. */
const MAKING_MS = 2000;

/** Those of this process, by path: another process with the same number is not this one. */
const held = new Set<string>();

/**
 * Takes a lock file that names this process; a file left by a process that is gone is taken over.
 * @returns what gives it back.
 * @throws OnecardError where another process holds it.
 */
export function lockFile(path: string): () => void {
  while (!tryWrite(path)) {
    const found = readLock(path);
    if (found !== undefined && isHeld(found, path)) throw inUse(found, path);
    if (found !== undefined) discard(found, path);
  }
  held.add(path);
  return () => {
    held.delete(path);
    rmSync(path, { force: true });
  };
}

/** Whether a process took the file and is gone; false where there is none, or it is still held. */
export function isAbandoned(path: string): boolean {
  const found = readLock(path);
  return found !== undefined && !isHeld(found, path);
}

function tryWrite(path: string): boolean {
  try {
    writeFileSync(path, `${process.pid} ${startOf(process.pid) ?? ''}\n`, { flag: 'wx', mode: 0o600 });
    return true;
  } catch (error) {
    if (hasCode(error, 'EEXIST')) return false;
    throw error;
  }
}

interface Lock {
  readonly text: string;
  readonly process: number;
  /** When that process started, where the system tells. */
  readonly start: string | undefined;
}

/** Undefined where it is gone by now. */
function readLock(path: string): Lock | undefined {
  try {
    const text = readFileSync(path, 'utf8');
    const [process, start] = text.trim().split(' ');
    return { text, process: Number(process), start };
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return undefined;
    throw error;
  }
}

function isHeld({ text, process: holder, start }: Lock, path: string): boolean {
  if (text === '') return isYoung(path);
  if (holder === process.pid) return held.has(path);
  return isAlive(holder) && (start === undefined || start === startOf(holder));
}

function isYoung(path: string): boolean {
  const made = statSync(path, { throwIfNoEntry: false })?.mtimeMs;
  return made !== undefined && Date.now() - made < MAKING_MS;
}

/** Moved away before it is removed: by then, another process may have taken over, whose lock has to stay. */
function discard(stale: Lock, path: string): void {
  const aside = `${path}.${process.pid}`;
  try {
    renameSync(path, aside);
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return;
    throw error;
  }
  if (readLock(aside)?.text === stale.text) rmSync(aside, { force: true });
  else renameSync(aside, path);
}

function isAlive(pid: number): boolean {
  if (!Number.isInteger(pid) || pid <= 0) return false;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return hasCode(error, 'EPERM');
  }
}

/** Tells a process from a later one with the same number, as after a restart or in a container; Linux only. */
function startOf(pid: number): string | undefined {
  try {
    // After the name, which may hold blanks and brackets, the start is the twentieth field.
    return readFileSync(`/proc/${pid}/stat`, 'utf8')
      .replace(/^.*\) /s, '')
      .split(' ')[19];
  } catch {
    return undefined;
  }
}

function inUse({ process: holder }: Lock, path: string): OnecardError {
  const who = Number.isInteger(holder) && holder > 0 ? ` (process ${holder})` : '';
  return new OnecardError(`Another onecard${who} is using the embedded sample.`, {
    remedy: `Wait until it has ended. If none is running, remove ${path}.`,
  });
}

const hasCode = (error: unknown, code: string) =>
  error instanceof Error && 'code' in error && error.code === code;
