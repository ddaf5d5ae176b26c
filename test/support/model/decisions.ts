import {
  type Action,
  type Decision,
  type Finding,
  MAX_CANDIDATES,
  type Reason,
} from '../../../src/model/decision.js';
import type { Policies } from '../../../src/model/policies.js';
import { holdsUnsureLetter, keysIn, type UnsureLetters } from './keys.js';

/**
 * DESIGN §2 as a program that can be read against it: row by row, each held against each, quadratic. What the
 * classification in SQL decides about any rows has to be what this decides.
 */

interface Card {
  readonly id: string;
  /** Name of a key → its values as the columns hold them. */
  readonly keys: Readonly<Record<string, readonly (string | null)[]>>;
  readonly archived: boolean;
  readonly anonymized: boolean;
}

export interface OperatorCard extends Card {
  readonly isGroup: boolean;
  readonly isApiAccount: boolean;
  readonly isExcluded: boolean;
  /** A person's id, which may not exist. */
  readonly link: string | null;
  /** Whether all its values can be stored on a person card. */
  readonly fits: boolean;
}

export interface PersonCard extends Card {
  /** No access to the SSP and no caller. */
  readonly looksGenerated: boolean;
}

export interface Rules {
  readonly policies: Policies;
  readonly ignoreValues: readonly string[];
  readonly unsureLetters: UnsureLetters;
}

export interface Verdict {
  readonly operator: string;
  readonly decision: Decision;
  readonly action: Action;
  readonly reason: Reason;
  readonly finding: Finding | null;
  readonly person: string | null;
  readonly candidates: readonly string[];
  readonly candidateCount: number;
}

export function decideAll(
  operators: readonly OperatorCard[],
  persons: readonly PersonCard[],
  rules: Rules,
): Verdict[] {
  return operators
    .toSorted((a, b) => (a.id < b.id ? -1 : 1))
    .map((operator) => decide(operator, operators, persons, rules));
}

function decide(
  operator: OperatorCard,
  operators: readonly OperatorCard[],
  persons: readonly PersonCard[],
  rules: Rules,
): Verdict {
  const reason = reasonFor(operator, operators, persons, rules);
  const candidates = isHuman(operator) ? candidatesOf(operator, persons, rules) : [];
  return {
    operator: operator.id,
    ...consequence(reason, rules.policies),
    reason,
    finding:
      reason === 'linked' && isPossibleDuplicate(operator, operators, persons, rules)
        ? 'possible-duplicate'
        : null,
    person: personOf(operator, reason, candidates, rules),
    candidates: candidates
      .map(({ id }) => id)
      .toSorted()
      .slice(0, MAX_CANDIDATES),
    candidateCount: candidates.length,
  };
}

/** The table of DESIGN §2, from the top. */
function reasonFor(
  operator: OperatorCard,
  operators: readonly OperatorCard[],
  persons: readonly PersonCard[],
  rules: Rules,
): Reason {
  const { policies } = rules;
  if (operator.isGroup) return 'not-an-operator';
  if (operator.isApiAccount) return 'api-account';
  if (operator.isExcluded) return 'excluded';
  if (operator.link !== null) return isLinked(operator, persons) ? 'linked' : 'broken-link';
  if (operator.archived && policies.archivedOperators === 'skip') return 'archived';
  if (operator.anonymized && policies.anonymizedOperators === 'skip') return 'anonymized';
  const candidates = candidatesOf(operator, persons, rules);
  if (isUnsure(operator, candidates, rules)) return 'unsure-key';
  const [candidate] = candidates;
  if (candidate === undefined) {
    if (policies.onSharedKey === 'review' && sharesWithAnotherOperator(operator, operators, rules))
      return 'shared-key';
    return operator.fits ? 'no-candidate' : 'does-not-fit';
  }
  if (candidates.length > 1) {
    const oneKeyHitsSeveral = namesOf(operator).some(
      (name) => candidates.filter((person) => sharedIn(name, operator, person, rules).length > 0).length > 1,
    );
    return oneKeyHitsSeveral ? 'ambiguous' : 'conflict';
  }
  if (isTaken(candidate, operators)) return 'taken';
  if (policies.onContradiction === 'review' && contradict(operator, candidate, rules)) return 'contradiction';
  const rivals = operators.filter(
    (other) =>
      other.id !== operator.id &&
      isHuman(other) &&
      !isLinked(other, persons) &&
      candidatesOf(other, persons, rules).includes(candidate),
  );
  if (rivals.length > 0) return 'contested';
  return policies.onMatch === 'create' && !operator.fits ? 'does-not-fit' : 'match';
}

function consequence(reason: Reason, policies: Policies): { decision: Decision; action: Action } {
  switch (reason) {
    case 'not-an-operator':
    case 'api-account':
    case 'excluded':
    case 'archived':
    case 'anonymized':
      return { decision: 'skip', action: 'none' };
    case 'linked':
      return { decision: 'linked', action: 'none' };
    case 'match':
      return { decision: 'match', action: policies.onMatch === 'review' ? 'none' : policies.onMatch };
    case 'no-candidate':
      return { decision: 'create', action: 'create' };
    default:
      return { decision: 'review', action: 'none' };
  }
}

/** The linked person, or the only candidate; nobody where it is unsure who that is. */
function personOf(
  operator: OperatorCard,
  reason: Reason,
  candidates: readonly PersonCard[],
  rules: Rules,
): string | null {
  if (!isHuman(operator) || reason === 'broken-link') return null;
  if (operator.link !== null) return operator.link;
  if (isUnsure(operator, candidates, rules)) return null;
  return candidates.length === 1 ? (candidates[0]?.id ?? null) : null;
}

const isHuman = ({ isGroup, isApiAccount, isExcluded }: OperatorCard) =>
  !isGroup && !isApiAccount && !isExcluded;

const isLinked = ({ link }: OperatorCard, persons: readonly PersonCard[]) =>
  persons.some(({ id }) => id === link);

/** When any operator row whatsoever is linked to it. */
const isTaken = ({ id }: PersonCard, operators: readonly OperatorCard[]) =>
  operators.some(({ link }) => link === id);

/** It shares at least one value of at least one key. */
const candidatesOf = (operator: OperatorCard, persons: readonly PersonCard[], rules: Rules) =>
  persons.filter(
    (person) =>
      !(person.archived && rules.policies.archivedPersons === 'ignore') &&
      namesOf(operator).some((name) => sharedIn(name, operator, person, rules).length > 0),
  );

function contradict(operator: OperatorCard, person: PersonCard, rules: Rules): boolean {
  return namesOf(operator).some(
    (name) =>
      valuesOf(name, operator, rules).size > 0 &&
      valuesOf(name, person, rules).size > 0 &&
      sharedIn(name, operator, person, rules).length === 0,
  );
}

/** Another row that is neither a group nor an API account, linked or not. */
function sharesWithAnotherOperator(
  operator: OperatorCard,
  operators: readonly OperatorCard[],
  rules: Rules,
): boolean {
  return operators.some(
    (other) =>
      other.id !== operator.id &&
      !other.isGroup &&
      !other.isApiAccount &&
      namesOf(operator).some((name) => sharedIn(name, operator, other, rules).length > 0),
  );
}

/** Its person looks generated while another, unlinked person shares its keys. */
function isPossibleDuplicate(
  operator: OperatorCard,
  operators: readonly OperatorCard[],
  persons: readonly PersonCard[],
  rules: Rules,
): boolean {
  const own = persons.find(({ id }) => id === operator.link);
  return (
    own?.looksGenerated === true &&
    candidatesOf(operator, persons, rules).some((person) => !isTaken(person, operators))
  );
}

/** One of its own values holds such a letter, or one by which a candidate is reached. */
function isUnsure(operator: OperatorCard, candidates: readonly PersonCard[], rules: Rules): boolean {
  const { unsureLetters, ignoreValues } = rules;
  return namesOf(operator).some(
    (name) =>
      (!operator.anonymized &&
        (operator.keys[name] ?? []).some((value) => holdsUnsureLetter(value, unsureLetters))) ||
      candidates.some((person) => {
        const shared = sharedIn(name, operator, person, rules);
        return (person.keys[name] ?? []).some(
          (value) =>
            holdsUnsureLetter(value, unsureLetters) &&
            [...keysIn([value], ignoreValues, unsureLetters)].some((key) => shared.includes(key)),
        );
      }),
  );
}

const namesOf = ({ keys }: Card) => Object.keys(keys);

/** Replacement values of anonymized cards are never keys. */
const valuesOf = (name: string, card: Card, { ignoreValues, unsureLetters }: Rules) =>
  card.anonymized ? new Set<string>() : keysIn(card.keys[name] ?? [], ignoreValues, unsureLetters);

function sharedIn(name: string, one: Card, other: Card, rules: Rules): string[] {
  const values = valuesOf(name, other, rules);
  return [...valuesOf(name, one, rules)].filter((value) => values.has(value));
}
