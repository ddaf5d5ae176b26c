import type { Patience } from '../database/database.js';
import { kindOfFailure, serverWords } from '../database/failure-kinds.js';
import { retrying, WHILE_BUSY, WHILE_LOST } from '../database/retry.js';
import type { Batch } from './statements.js';

/** What is done with a batch; each in a transaction of its own. */
export interface BatchWork<Result> {
  readonly patience: Patience;
  /** No further attempts once it is aborted. */
  readonly signal: AbortSignal;
  /** Must find out by itself where an earlier attempt was committed while the connection was lost. */
  attempt(batch: Batch, patience: Patience): Promise<Result>;
  /** Notes that the one operator of this batch cannot be written, and why. */
  fail(batch: Batch, why: string): Promise<Result>;
  sum(one: Result, other: Result): Result;
  onRetry(why: string): void;
}

/**
 * Works on a batch whatever gets in its way, as far as that is possible: tries again while others are at work on
 * the same rows, or while the connection is lost; halves a batch that the database refuses, until the row at
 * fault stands alone, which is noted as failed. Each attempt is rolled back as a whole.
 * @throws whatever no further attempt would mend: nothing of what was left then is written.
 */
export async function resiliently<Result>(
  work: BatchWork<Result>,
  batch: Batch,
  retries: number = WHILE_BUSY.retries,
): Promise<Result> {
  try {
    return await tried(work, retries, (patience) => work.attempt(batch, patience));
  } catch (error) {
    const kind = kindOfFailure(error);
    const isOver = work.signal.aborted && kind === 'busy';
    if (isOver || (kind !== 'data' && kind !== 'busy')) throw error;
    return batch.from === batch.to ? noteFailure(work, batch, error) : inHalves(work, batch);
  }
}

/** A lost connection takes longer to come back than a lock; while it is lost, locks are of no account. */
function tried<T>(
  { patience, signal, onRetry }: Pick<BatchWork<unknown>, 'patience' | 'signal' | 'onRetry'>,
  retries: number,
  attempt: (patience: Patience) => Promise<T>,
): Promise<T> {
  const again = { signal, onRetry: (error: unknown) => onRetry(serverWords(error)) };
  return retrying(() => retrying(() => attempt(patience), { ...WHILE_BUSY, retries, ...again }), {
    ...WHILE_LOST,
    ...again,
  });
}

/** The whole was tried often enough: what is left to find out is which row it is. */
const RETRIES_OF_A_HALF = 1;

/** One after the other, so that the journal has no gaps when the second half ends the run. */
async function inHalves<Result>(work: BatchWork<Result>, { from, to }: Batch): Promise<Result> {
  const middle = Math.floor((from + to) / 2);
  const half = (batch: Batch) =>
    resiliently(work, batch, batch.from === batch.to ? WHILE_BUSY.retries : RETRIES_OF_A_HALF);
  const first = await half({ from, to: middle });
  return work.sum(first, await half({ from: middle + 1, to }));
}

function noteFailure<Result>(work: BatchWork<Result>, batch: Batch, error: unknown): Promise<Result> {
  const why = serverWords(error);
  return tried(work, WHILE_BUSY.retries, () => work.fail(batch, why));
}
