import { setTimeout as sleep } from 'node:timers/promises';
import type { Database } from '../database/database.js';
import { ExitCode } from '../model/exit-code.js';
import type { Terminal } from './terminal.js';

/**
 * Lets the first Ctrl-C, or SIGTERM, end the work after the batch at hand; the second aborts at once.
 * @param resuming how to go on after that, as a sentence.
 */
export async function stoppable<T>(
  terminal: Terminal,
  database: Database,
  resuming: string,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const stop = new AbortController();
  const onSignal = () => {
    if (stop.signal.aborted) {
      void abort(terminal, database, resuming);
      return;
    }
    terminal.stderr.write('\nStopping after this batch; once more aborts at once.\n');
    stop.abort();
  };
  process.on('SIGINT', onSignal).on('SIGTERM', onSignal);
  try {
    return await work(stop.signal);
  } finally {
    process.off('SIGINT', onSignal).off('SIGTERM', onSignal);
  }
}

const ABORT_WITHIN_MS = 3000;

/** Ends the statements on the server, too; what was open is rolled back there. */
async function abort(terminal: Terminal, database: Database, resuming: string): Promise<never> {
  terminal.stderr.write(`\nAborted: the open batch is rolled back. ${resuming}\n`);
  await Promise.race([database.abort().catch(() => undefined), sleep(ABORT_WITHIN_MS)]);
  process.exit(ExitCode.Interrupted);
}
