import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { OnecardError } from '../errors.js';
import { ExitCode } from '../model/exit-code.js';

/**
 * Takes a lock file that names this process; a file left by a process that is gone is taken over.
 * @returns what gives it back.
 * @throws OnecardError where another process holds it.
 */
export function lockFile(path: string): () => void {
  if (!tryWrite(path)) {
    const holder = Number(readFileSync(path, 'utf8').split('\n')[0]);
    if (isAlive(holder)) {
      throw new OnecardError(`Another onecard (process ${holder}) is using the embedded sample.`, {
        remedy: 'Wait until it has ended; only one process at a time can use the sample.',
        exitCode: ExitCode.Usage,
      });
    }
    rmSync(path, { force: true });
    if (!tryWrite(path)) return lockFile(path);
  }
  return () => rmSync(path, { force: true });
}

function tryWrite(path: string): boolean {
  try {
    writeFileSync(path, `${process.pid}\n`, { flag: 'wx', mode: 0o600 });
    return true;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EEXIST') return false;
    throw error;
  }
}

function isAlive(pid: number): boolean {
  if (!Number.isInteger(pid) || pid <= 0) return false;
  if (pid === process.pid) return true;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
}
