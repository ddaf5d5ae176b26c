import type { Tally } from '../model/decision.js';
import type { Measures } from '../model/rehearsal.js';
import { plural } from './judgements.js';
import type { Findings } from './steps.js';

/** What a pipeline does not let through; undefined for no limit. */
export interface Limits {
  /** Operators left for review. */
  readonly maxReview?: number | undefined;
  /** Operators that the database refuses in a run. */
  readonly maxFailed: number;
  readonly maxTransactionMs?: number | undefined;
}

export function holdAgainstLimits(
  findings: Findings,
  { maxReview, maxTransactionMs }: Limits,
  { decisions, measures }: { readonly decisions: readonly Tally[]; readonly measures: Measures },
): void {
  const { longestTransactionMs } = measures;
  const review = decisions
    .filter(({ decision, action }) => action === 'none' && (decision === 'review' || decision === 'match'))
    .reduce((total, { operators }) => total + operators, 0);
  if (maxReview !== undefined && review > maxReview)
    findings.problem(`${plural(review, 'operator')} left for review, over --max-review ${maxReview}`);
  if (
    maxTransactionMs !== undefined &&
    longestTransactionMs !== null &&
    longestTransactionMs > maxTransactionMs
  )
    findings.problem(
      `a transaction took ${longestTransactionMs} ms, over --max-transaction-ms ${maxTransactionMs}`,
    );
  findings.seen = `${review} left for review, longest transaction ${longestTransactionMs ?? '?'} ms`;
}
