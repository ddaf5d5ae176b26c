import type { Database } from '../database/database.js';
import { kindOfFailure } from '../database/failure-kinds.js';
import { RunTable } from '../journal/journal.js';
import { retakeLock } from '../journal/lock.js';
import type { Run } from '../journal/run.js';
import { LockLost } from './batch.js';

/** What a piece of work on a run came to; `run` has the token that it ended with. */
export interface Worked<T> {
  readonly run: Run;
  /** Undefined where somebody asked for the end while it was tried again. */
  readonly result: T | undefined;
}

/**
 * Works on a run under the lock. Where the session of the lock is cut, the lock is taken again and the work goes
 * on under a new token, which is given only where nobody else has taken the run over: nothing happened in between.
 * @param work goes on where the journal ends, each time it is called.
 * @throws OnecardError with exit code 6 where another process has the lock or the run by then.
 */
export async function underLock<T>(
  database: Database,
  run: Run,
  { signal, onRetry }: { readonly signal: AbortSignal; onRetry(why: string): void },
  work: (run: Run) => Promise<T>,
): Promise<Worked<T>> {
  for (let current = run; ; ) {
    try {
      return { run: current, result: await work(current) };
    } catch (error) {
      if (!(error instanceof LockLost)) {
        // What was tried again until somebody asked for the end.
        if (signal.aborted && ['busy', 'lost'].includes(kindOfFailure(error)))
          return { run: current, result: undefined };
        throw error;
      }
      onRetry('the session that holds the lock was cut');
      await retakeLock(database);
      const lost = current;
      current = await database.transaction((session) => new RunTable(database).takeOver(session, lost));
    }
  }
}
