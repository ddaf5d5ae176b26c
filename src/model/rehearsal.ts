import type { Tally } from './decision.js';
import type { PolicyName } from './policies.js';

/** What a rehearsal does, in this order. */
export const REHEARSAL_STEPS = {
  load: 'load the snapshot',
  preflight: 'preflight',
  'dry-run': 'dry run',
  'dry-run-wrote-nothing': 'the dry run wrote nothing',
  kill: 'migrate, killed inside a batch',
  resume: 'resume',
  verify: 'verify',
  'only-planned-rows': 'only planned rows changed',
  rollback: 'rollback',
  'as-before': 'the data is as before',
  'migrate-again': 'migrate again',
  'verify-again': 'verify again',
  limits: 'within the limits',
  baseline: 'decisions as in the baseline',
  'clean-up': 'nothing is left behind',
} as const;
export type RehearsalStep = keyof typeof REHEARSAL_STEPS;

/** `skipped`: a step that it builds on failed, or nobody asked for it. */
export type StepOutcome = 'passed' | 'failed' | 'skipped';

export interface StepResult {
  readonly step: RehearsalStep;
  readonly outcome: StepOutcome;
  readonly milliseconds: number;
  /** What was seen, or what is wrong and why: a sentence or a few words, without personal data where redacted. */
  readonly message: string;
  /** More of it, a line each; at most some dozens. What changed since the baseline is in the comparison alone. */
  readonly details: readonly string[];
  /** What to do about a failure, where that is known. */
  readonly remedy?: string;
}

/** What a rehearsal measured; null for what this database does not tell. */
export interface Measures {
  /** The longest transaction of a batch, of runs and rollbacks. */
  readonly longestTransactionMs: number | null;
  /** The longest time that a batch took to lock its rows: no wait for a lock was longer. */
  readonly longestLockMs: number | null;
  /** The data at the start. */
  readonly databaseBytes: number | null;
  /** What the journal came to after the first run. */
  readonly journalBytes: number | null;
  /** Written to the log of changes (WAL, redo log) by the first run. */
  readonly logBytes: number | null;
}

/** An operator whose decision is another one than in the baseline. */
export interface ChangedDecision {
  /** Key or pseudonym. */
  readonly operator: string;
  /** Null where the operator was not there, or is not there any more. */
  readonly before: BaselineDecision | null;
  readonly after: BaselineDecision | null;
}

/** The part of a decision that people approve. */
export interface BaselineDecision {
  readonly decision: string;
  readonly reason: string;
  readonly action: string;
  /** Key or pseudonym of the person it links to; null for none. */
  readonly person: string | null;
}

export interface BaselineComparison {
  readonly file: string;
  /** Operators with the same decision as before. */
  readonly same: number;
  /** All that changed. */
  readonly changed: number;
  /** The first of them, by operator. */
  readonly changes: readonly ChangedDecision[];
  /** The configuration in effect, its policies included, is another one: that may be why. */
  readonly isOtherConfiguration: boolean;
  readonly changedPolicies: readonly ChangedPolicy[];
}

export interface ChangedPolicy {
  readonly policy: PolicyName;
  /** Null where the baseline does not know that policy. */
  readonly before: string | null;
  readonly after: string;
}

/** What a rehearsal came to: the document of `--json`, and what every other form of it is made from. */
export interface Rehearsal {
  readonly onecard: string;
  readonly passed: boolean;
  readonly startedAt: string;
  readonly milliseconds: number;
  /** What was rehearsed on, in words: `database servicedesk`, `dump snapshot.sql.gz`. */
  readonly snapshot: string;
  readonly database: { readonly kind: string; readonly version: string } | null;
  readonly isRedacted: boolean;
  readonly steps: readonly StepResult[];
  /** Of the first dry run. */
  readonly decisions: readonly Tally[];
  readonly measures: Measures;
  /** Null where no baseline was given. */
  readonly baseline: BaselineComparison | null;
}
