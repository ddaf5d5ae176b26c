import type { Tally } from '../model/decision.js';
import type { Measures } from '../model/rehearsal.js';
import { plural } from './judgements.js';
import type { Findings } from './steps.js';

/** What a pipeline does not let through; undefined for no limit. */
export interface Limits {
  /** Operators that a run writes at least: where it writes none, most of a rehearsal is skipped. */
  readonly minWritten: number;
  /** Operators left for review. */
  readonly maxReview?: number | undefined;
  /** Operators that the database refuses in a run. */
  readonly maxFailed: number;
  readonly maxTransactionMs?: number | undefined;
}

export function holdAgainstLimits(
  findings: Findings,
  { minWritten, maxReview, maxTransactionMs }: Limits,
  { decisions, measures }: { readonly decisions: readonly Tally[]; readonly measures: Measures },
): void {
  const { longestTransactionMs } = measures;
  const count = (chosen: (tally: Tally) => boolean) =>
    decisions.filter(chosen).reduce((total, { operators }) => total + operators, 0);
  const written = count(({ action }) => action !== 'none');
  const review = count(
    ({ decision, action }) => action === 'none' && (decision === 'review' || decision === 'match'),
  );
  if (written < minWritten) {
    findings.problem(`${plural(written, 'operator')} to be written, under --min-written ${minWritten}`);
    findings.remedy =
      'Rehearse on a snapshot from before the migration; or, where this one is meant, --min-written 0.';
  }
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
  findings.seen = `${review} left for review, longest transaction ${longestTransactionMs === null ? 'not measured' : `${longestTransactionMs} ms`}`;
}
