import { setTimeout as sleep } from 'node:timers/promises';
import type { Database } from '../database/database.js';
import { Aborted } from '../errors.js';
import { onStopSignals } from './stop-signals.js';
import type { Terminal } from './terminal.js';

/**
 * Lets the first Ctrl-C end the work after the batch at hand, as other stop signals do; the second aborts at once.
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
  const listenNoMore = onStopSignals(terminal, {
    first: () => {
      terminal.stderr.write('\nStopping after this batch; once more aborts at once.\n');
      stop.abort();
    },
    again: () => {
      ending ??= endOnServer(database, resuming);
      abort(ending);
    },
  });
  try {
    // What the work comes to once its sessions are ended is of no account.
    return await Promise.race([aborted, work(stop.signal).finally(() => ending)]);
  } finally {
    listenNoMore();
  }
}

const ABORT_WITHIN_MS = 3000;

/** The statements under way, too; what was open is rolled back there. */
async function endOnServer(database: Database, resuming: string): Promise<never> {
  await Promise.race([database.abort().catch(() => undefined), sleep(ABORT_WITHIN_MS)]);
  throw new Aborted(resuming);
}
