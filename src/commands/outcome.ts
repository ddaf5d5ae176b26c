import type { Tally } from '../model/decision.js';
import { ExitCode } from '../model/exit-code.js';

/** Operators that a run would write something for. */
export function pendingOf(tallies: readonly Tally[]): number {
  return sum(tallies.filter(({ action }) => action !== 'none'));
}

/** Operators that a human has to decide about. */
export function leftForReview(tallies: readonly Tally[]): number {
  return sum(
    tallies.filter(
      ({ decision, action }) => action === 'none' && (decision === 'review' || decision === 'match'),
    ),
  );
}

/** The exit code of `--detailed-exitcode` for something that only looked. */
export function pendingCode(tallies: readonly Tally[]): ExitCode {
  if (pendingOf(tallies) > 0) return ExitCode.Pending;
  return leftForReview(tallies) > 0 ? ExitCode.LeftForReview : ExitCode.Done;
}

const sum = (tallies: readonly Tally[]) => tallies.reduce((total, { operators }) => total + operators, 0);
