import { setTimeout as sleep } from 'node:timers/promises';
import type { Database, LockHolder } from '../database/database.js';
import { retrying, WHILE_LOST } from '../database/retry.js';
import { OnecardError } from '../errors.js';
import { ExitCode } from '../model/exit-code.js';

/**
 * Takes the lock that allows one process at a time to write.
 * @throws OnecardError with exit code 6 where another process holds it.
 */
export async function takeLock(database: Database): Promise<void> {
  await take(database, 1);
}

/** A server takes a moment to notice that a session of ours is gone. */
const RETAKE_ATTEMPTS = 20;
const RETAKE_PAUSE_MS = 500;

/** The same after the session that held it was cut, perhaps with the server itself. */
export async function retakeLock(database: Database): Promise<void> {
  await retrying(() => take(database, RETAKE_ATTEMPTS), WHILE_LOST);
}

async function take(database: Database, attempts: number): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    const holder = await database.lock();
    if (holder === undefined) return;
    if (attempt === attempts) throw locked(holder);
    await sleep(RETAKE_PAUSE_MS);
  }
}

const locked = ({ description }: LockHolder) =>
  new OnecardError(`Another onecard run is working on this database: ${description}.`, {
    remedy: 'Wait for it to end, then run the same command again; `onecard runs` shows how far it is.',
    exitCode: ExitCode.Locked,
  });
