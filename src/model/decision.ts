import type { StandingWord } from './human-decision.js';
import type { Policies } from './policies.js';

/** What a run does about one operator; every row of the operator table gets exactly one. */
export const DECISIONS = ['create', 'match', 'review', 'linked', 'skip'] as const;
export type Decision = (typeof DECISIONS)[number];

/** What a run writes for the operator. */
export const ACTIONS = ['create', 'link', 'none'] as const;
export type Action = (typeof ACTIONS)[number];

/** Why an operator got its decision, in the words of support staff. */
export const REASONS = {
  'not-an-operator': 'a group or template, no human account',
  'api-account': 'flagged as an API account, which needs no person card',
  excluded: 'excluded by the configuration',
  archived: 'archived, and the policy skips archived operators',
  anonymized: 'anonymized, and the policy skips anonymized operators',
  linked: 'already has its person card',
  'broken-link': 'linked to a person that does not exist',
  'unsure-key': 'a key holds a letter whose lower case is not the same everywhere',
  ambiguous: 'one key hits several persons',
  conflict: 'different keys hit different persons',
  taken: 'the only candidate belongs to another operator already',
  contradiction: 'the only candidate differs in another key',
  contested: 'another unlinked operator has the same candidate',
  match: 'exactly one person shares its keys',
  'shared-key': 'no candidate, but another operator has the same key: likely one human with two accounts',
  'no-candidate': 'no person shares a key with it',
  'does-not-fit': 'a value cannot be stored on the person card',
  decided: 'decided by a human',
  lapsed: 'a human has decided to link it, but that person is gone or taken by now',
} as const satisfies Record<string, string>;
export type Reason = keyof typeof REASONS;

const DECISION_OF: Partial<Record<Reason, Decision>> = {
  'not-an-operator': 'skip',
  'api-account': 'skip',
  excluded: 'skip',
  archived: 'skip',
  anonymized: 'skip',
  linked: 'linked',
  match: 'match',
  'no-candidate': 'create',
};

/** What follows from a reason; of `decided`, see `consequenceOfWord`. */
export function consequenceOf(reason: Reason, { onMatch }: Policies): { decision: Decision; action: Action } {
  const decision = DECISION_OF[reason] ?? 'review';
  if (decision === 'create') return { decision, action: 'create' };
  return { decision, action: decision === 'match' && onMatch !== 'review' ? onMatch : 'none' };
}

const CONSEQUENCE_OF_WORD = {
  link: { decision: 'match', action: 'link' },
  create: { decision: 'create', action: 'create' },
  skip: { decision: 'skip', action: 'none' },
  'api-account': { decision: 'skip', action: 'none' },
} as const satisfies Record<StandingWord, { decision: Decision; action: Action }>;

/** What follows from the reason `decided`, by what was decided. */
export function consequenceOfWord(word: StandingWord): { decision: Decision; action: Action } {
  return CONSEQUENCE_OF_WORD[word];
}

/** A remark about a decision that does not change it. */
export type Finding = 'possible-duplicate' | 'not-as-approved';
export const FINDINGS: Record<Finding, string> = {
  'not-as-approved': 'it is not as in the approved plan',
  'possible-duplicate': 'its person looks generated while another, unlinked person shares its keys',
};

/** At most so many candidates are kept of a decision, lowest keys first; their number is kept in full. */
export const MAX_CANDIDATES = 20;

/** One thing that speaks for or against a decision. */
export type Evidence =
  /** The operator's value of a key, and how many persons and operators (itself included) have the same. */
  | { key: string; value: string; persons: number; operators: number }
  /** A key in which the only candidate differs. */
  | { key: string; operator: string; person: string }
  /** A value that cannot be stored on the card. */
  | { column: string; value: string; problem: string }
  /** What a human decided, and who that was. */
  | { decided: StandingWord; who: string; note: string };

/** The fields of a new card: column of the person table → value as it will be stored. */
export type Card = Readonly<Record<string, CardValue>>;
export type CardValue = string | boolean | null;

/** The decision about one operator. Keys of cards are strings whatever their type in the database. */
export interface PlannedOperator {
  readonly operator: string;
  /** For people to read; never a key. */
  readonly name: string;
  readonly decision: Decision;
  readonly action: Action;
  readonly reason: Reason;
  readonly finding: Finding | null;
  /** The linked person, or the only candidate. */
  readonly person: string | null;
  readonly candidates: readonly string[];
  /** Exact up to 20; beyond that at least as many as one key alone hits. */
  readonly candidateCount: number;
  readonly evidence: readonly Evidence[];
  /** The card that a `create` will insert; its key is made when it is inserted. */
  readonly card: Card | null;
}

/** How many operators got a decision, per decision, action, reason and finding. */
export interface Tally {
  readonly decision: Decision;
  readonly action: Action;
  readonly reason: Reason;
  readonly finding: Finding | null;
  readonly operators: number;
}
