import {
  type Measures,
  REHEARSAL_STEPS,
  type Rehearsal,
  type RehearsalStep,
  type StepResult,
} from '../../../src/model/rehearsal.js';

const NOTHING_MEASURED: Measures = {
  longestTransactionMs: null,
  longestLockMs: null,
  databaseBytes: null,
  journalBytes: null,
  logBytes: null,
};

/** A step that passed, unless told otherwise. */
export function stepResult(step: RehearsalStep, changed: Partial<StepResult> = {}): StepResult {
  return {
    step,
    outcome: 'passed',
    milliseconds: 1234,
    message: 'as it should be',
    details: [],
    ...changed,
  };
}

/** A rehearsal that passed every step and measured nothing, unless told otherwise. */
export function rehearsed({
  results = [],
  measures = {},
  ...changed
}: Omit<Partial<Rehearsal>, 'steps' | 'measures'> & {
  readonly results?: readonly StepResult[];
  readonly measures?: Partial<Measures>;
} = {}): Rehearsal {
  const steps = (Object.keys(REHEARSAL_STEPS) as RehearsalStep[]).map(
    (step) => results.find((result) => result.step === step) ?? stepResult(step),
  );
  return {
    onecard: '0.1.0',
    passed: steps.every(({ outcome }) => outcome !== 'failed'),
    startedAt: '2026-11-23T02:15:07.123Z',
    milliseconds: 42_000,
    snapshot: 'dump snapshot.sql.gz',
    database: { kind: 'PostgreSQL', version: '15.4' },
    isRedacted: true,
    decisions: [
      { decision: 'create', action: 'create', reason: 'no-candidate', finding: null, operators: 210 },
      { decision: 'linked', action: 'none', reason: 'linked', finding: 'possible-duplicate', operators: 3 },
    ],
    baseline: null,
    ...changed,
    steps,
    measures: { ...NOTHING_MEASURED, ...measures },
  };
}

/** A baseline of which three decisions changed, and two of them are listed. */
export const changedBaseline: NonNullable<Rehearsal['baseline']> = {
  file: 'approved.ndjson',
  same: 327,
  changed: 3,
  changes: [
    {
      operator: 'operator-3f9a2c7d1b04e5a6',
      before: { decision: 'create', reason: 'no-candidate', action: 'create', person: null },
      after: { decision: 'match', reason: 'match', action: 'link', person: 'person-00112233445566aa' },
    },
    {
      operator: '4711',
      before: null,
      after: { decision: 'review', reason: 'taken', action: 'none', person: '12' },
    },
  ],
  isOtherConfiguration: true,
  changedPolicies: [{ policy: 'onMatch', before: 'review', after: 'link' }],
};
