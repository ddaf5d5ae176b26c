import { FINDINGS, REASONS, type Tally } from '../model/decision.js';
import {
  type BaselineComparison,
  type BaselineDecision,
  type Measures,
  REHEARSAL_STEPS,
  type Rehearsal,
  type StepOutcome,
} from '../model/rehearsal.js';
import { countOf, formatBytes, formatCount, formatTimeTaken } from './terminal/amounts.js';

export const MARKS: Readonly<Record<StepOutcome, string>> = { passed: '✓', failed: '✗', skipped: '–' };

export interface Measured {
  readonly name: keyof Measures;
  readonly label: string;
  /** A whole number of milliseconds or bytes. */
  readonly amount: number;
  /** With its unit. */
  readonly shown: string;
}

const MEASURES: readonly (readonly [keyof Measures, string, (amount: number) => string])[] = [
  ['longestTransactionMs', 'longest transaction', (amount) => `${formatCount(amount)} ms`],
  ['longestLockMs', 'longest time to lock the rows of a batch', (amount) => `${formatCount(amount)} ms`],
  ['databaseBytes', 'data at the start', formatBytes],
  ['journalBytes', 'journal after the first run', formatBytes],
  ['logBytes', "written to the server's log of changes by the first run", formatBytes],
];

/** What was measured, without what this database does not tell. */
export function measured(measures: Measures): Measured[] {
  return MEASURES.flatMap(([name, label, show]) => {
    const amount = measures[name];
    return amount === null ? [] : [{ name, label, amount: Math.round(amount), shown: show(amount) }];
  });
}

/** `passed: 13 steps in 42.0 s, 2 skipped`, `failed: rollback; 11 steps passed, 3 skipped, in 42.0 s` */
export function verdictOf({ steps, milliseconds, passed }: Rehearsal): string {
  const failed = steps.filter(({ outcome }) => outcome === 'failed');
  const passedSteps = countOf(countBy(steps, 'passed'), 'step');
  const skipped = countBy(steps, 'skipped');
  const time = formatTimeTaken(milliseconds);
  if (passed) return `passed: ${passedSteps} in ${time}${skipped === 0 ? '' : `, ${skipped} skipped`}`;
  const names = failed.map(({ step }) => REHEARSAL_STEPS[step]).join('; ');
  return `failed${names && `: ${names}`}; ${passedSteps} passed, ${skipped} skipped, in ${time}`;
}

export const countBy = (steps: Rehearsal['steps'], outcome: StepOutcome) =>
  steps.filter((step) => step.outcome === outcome).length;

/** `create (no-candidate)`, `match (decided), link to person 4711`, `not there` */
export function decisionInWords(decision: BaselineDecision | null): string {
  if (decision === null) return 'not there';
  const { decision: kind, reason, action, person } = decision;
  const who = person === null ? '' : called('person', person);
  if (kind === 'create' || action === 'none') return `${kind} (${reason})${who && `, ${who}`}`;
  // A match alone does not say what becomes of it: the policy does.
  return `${kind} (${reason}), ${action === 'link' ? `link to ${who}` : `a new card beside ${who}`}`;
}

/** `operator 4711`; a pseudonym says the word itself. */
export const called = (kind: 'operator' | 'person', key: string) =>
  key.startsWith(`${kind}-`) ? key : `${kind} ${key}`;

/** What a comparison came to: `12 decisions changed since the baseline approved.ndjson, 318 are as they were`. */
export function comparisonInWords({ file, same, changed }: BaselineComparison): string {
  if (changed === 0) return `Every decision is as in the baseline ${file}: ${countOf(same, 'operator')}`;
  return `${countOf(changed, 'decision')} changed since the baseline ${file}; ${formatCount(same)} ${same === 1 ? 'is' : 'are'} as before`;
}

/** What may be why; none where the configuration is the same. */
export function surroundingsInWords({ isOtherConfiguration, changedPolicies }: BaselineComparison): string[] {
  if (!isOtherConfiguration) return [];
  if (changedPolicies.length === 0) return ['The configuration has changed since the baseline was written.'];
  const policies = changedPolicies.map(({ policy, before, after }) =>
    before === null ? `${policy} is ${after}` : `${policy} was ${before} and is ${after}`,
  );
  return [`The configuration has changed since the baseline was written: ${policies.join(', ')}.`];
}

/** A reason, or the finding that says more. */
export const reasonOf = ({ reason, finding }: Tally) => finding ?? reason;

export const meaningOf = ({ reason, finding }: Tally) =>
  finding === null ? REASONS[reason] : FINDINGS[finding];
