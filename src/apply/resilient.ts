import type { Layout } from '../config/layout.js';
import type { Database, Patience } from '../database/database.js';
import { kindOfFailure, serverWords } from '../database/failures.js';
import { retrying, WHILE_BUSY, WHILE_LOST } from '../database/retry.js';
import type { Run } from '../journal/run.js';
import { applyBatch, type BatchResult, failBatch, sumOf } from './batch.js';
import type { Batch } from './statements.js';

export interface Circumstances {
  readonly database: Database;
  readonly layout: Layout;
  readonly run: Run;
  readonly patience: Patience;
  /** No further attempts once it is aborted. */
  readonly signal: AbortSignal;
  onRetry(why: string): void;
  onFailed(batch: Batch, why: string): void;
}

/**
 * Applies a batch whatever gets in its way, as far as that is possible: tries again while others are at work on
 * the same rows, or while the connection is lost; halves a batch that the database refuses, until the row at
 * fault stands alone, which is noted as failed. Each attempt is a transaction of its own, rolled back as a whole.
 * @throws whatever no further attempt would mend: nothing of what was left then is written.
 */
export async function applyResiliently(
  circumstances: Circumstances,
  batch: Batch,
  retries: number = WHILE_BUSY.retries,
): Promise<BatchResult> {
  const { database, layout, run, patience } = circumstances;
  try {
    return await attempt(circumstances, retries, () => applyBatch(database, layout, run, batch, patience));
  } catch (error) {
    const kind = kindOfFailure(error);
    const isOver = circumstances.signal.aborted && kind === 'busy';
    if (isOver || (kind !== 'data' && kind !== 'busy')) throw error;
    return batch.from === batch.to
      ? noteFailure(circumstances, batch, error)
      : inHalves(circumstances, batch);
  }
}

/** A lost connection takes longer to come back than a lock; while it is lost, locks are of no account. */
function attempt<T>({ signal, onRetry }: Circumstances, retries: number, work: () => Promise<T>): Promise<T> {
  const again = { signal, onRetry: (error: unknown) => onRetry(serverWords(error)) };
  return retrying(() => retrying(work, { ...WHILE_BUSY, retries, ...again }), {
    ...WHILE_LOST,
    ...again,
  });
}

/** The whole was tried often enough: what is left to find out is which row it is. */
const RETRIES_OF_A_HALF = 1;

/** One after the other, so that the journal has no gaps when the second half ends the run. */
async function inHalves(circumstances: Circumstances, { from, to }: Batch): Promise<BatchResult> {
  const middle = Math.floor((from + to) / 2);
  const half = (batch: Batch) =>
    applyResiliently(circumstances, batch, batch.from === batch.to ? WHILE_BUSY.retries : RETRIES_OF_A_HALF);
  return sumOf(await half({ from, to: middle }), await half({ from: middle + 1, to }));
}

async function noteFailure(circumstances: Circumstances, batch: Batch, error: unknown): Promise<BatchResult> {
  const { database, run, onFailed } = circumstances;
  const why = serverWords(error);
  const result = await attempt(circumstances, WHILE_BUSY.retries, () => failBatch(database, run, batch, why));
  onFailed(batch, why);
  return result;
}
