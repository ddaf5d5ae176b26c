import { setTimeout as sleep } from 'node:timers/promises';
import type { Database } from '../database/database.js';
import { Aborted } from '../errors.js';
import type { Terminal } from './terminal.js';

/**
 * Lets the first Ctrl-C, or SIGTERM, end the work after the batch at hand; the second aborts at once.
 * @param resuming how to go on after that, as a sentence.
 * @throws Aborted
 */
export async function stoppable<T>(
  terminal: Terminal,
  database: Database,
  resuming: string,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const stop = new AbortController();
  let ending: Promise<never> | undefined;
  let abort: (ending: Promise<never>) => void = () => undefined;
  const aborted = new Promise<never>((resolve) => {
    abort = resolve;
  });
  const onSignal = () => {
    if (stop.signal.aborted) {
      ending ??= endOnServer(database, resuming);
      abort(ending);
      return;
    }
    terminal.stderr.write('\nStopping after this batch; once more aborts at once.\n');
    stop.abort();
  };
  process.on('SIGINT', onSignal).on('SIGTERM', onSignal);
  try {
    // What the work comes to once its sessions are ended is of no account.
    return await Promise.race([aborted, work(stop.signal).finally(() => ending)]);
  } finally {
    process.off('SIGINT', onSignal).off('SIGTERM', onSignal);
  }
}

const ABORT_WITHIN_MS = 3000;

/** The statements under way, too; what was open is rolled back there. */
async function endOnServer(database: Database, resuming: string): Promise<never> {
  await Promise.race([database.abort().catch(() => undefined), sleep(ABORT_WITHIN_MS)]);
  throw new Aborted(resuming);
}
