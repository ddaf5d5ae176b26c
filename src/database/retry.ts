import pRetry from 'p-retry';
import { type FailureKind, kindOfFailure } from './failure-kinds.js';

export interface Retry {
  readonly kind: FailureKind;
  readonly retries: number;
  /** Milliseconds before the second attempt; doubled each time up to `longest`, with jitter. */
  readonly shortest: number;
  readonly longest: number;
  /** No more attempts once it is aborted: what was under way is ended first. */
  readonly signal?: AbortSignal;
  onRetry?(error: unknown): void;
}

/** A row that others hold is free again soon, or is held for long. */
export const WHILE_BUSY = { kind: 'busy', retries: 5, shortest: 25, longest: 1000 } as const;
/** A server takes a minute to start, or a proxy to fail over. */
export const WHILE_LOST = { kind: 'lost', retries: 20, shortest: 100, longest: 5000 } as const;
/** Others keep a table for long, but each attempt of ours holds them up for a moment only. */
export const DDL_WHILE_BUSY = { kind: 'busy', retries: 10, shortest: 500, longest: 3000 } as const;

/** Does the work again after failures of one kind, with back-off; any other failure is thrown at once. */
export function retrying<T>(work: (attempt: number) => Promise<T>, retry: Retry): Promise<T> {
  return pRetry(work, {
    retries: retry.retries,
    minTimeout: retry.shortest,
    maxTimeout: retry.longest,
    randomize: true,
    shouldRetry: ({ error }) => {
      if (kindOfFailure(error) !== retry.kind || retry.signal?.aborted) return false;
      retry.onRetry?.(error);
      return true;
    },
  });
}
