import type { Evidence } from '../model/decision.js';
import type { HistoryEntry, LinkDetails } from '../model/report.js';
import type { LinkFacts } from './link-facts.js';

export function detailsOf({ card, evidence, candidates, history }: LinkFacts): LinkDetails {
  return {
    card: card.map(({ name, value }) => [name, value] as const),
    evidence: evidence.map(evidenceInWords),
    candidates,
    history,
  };
}

/** `email ann@example.org: 1 person, 2 operators` */
function evidenceInWords(evidence: Evidence): string {
  if ('problem' in evidence) return `${evidence.column} ${evidence.value}: ${evidence.problem}`;
  if ('persons' in evidence)
    return `${evidence.key} ${evidence.value}: ${count(evidence.persons, 'person')}, ${count(evidence.operators, 'operator')}`;
  if ('decided' in evidence) {
    const { decided, who, note } = evidence;
    return `${decided}, decided by ${who}${note === '' ? '' : `: ${note}`}`;
  }
  return `${evidence.key} differs: operator ${evidence.operator}, person ${evidence.person}`;
}

const count = (number: number, what: string) => `${number} ${what}${number === 1 ? '' : 's'}`;

/** The same for a cell. */
export const cardText = ({ card }: LinkDetails) =>
  textOf(card.map(([column, value]) => `${column}: ${value ?? ''}`));
export const evidenceText = ({ evidence }: LinkDetails) => textOf(evidence);
export const candidatesText = ({ candidates }: LinkDetails) => textOf(candidates);
export const historyText = ({ history }: LinkDetails) => textOf(history.map(entryInWords));

const textOf = (parts: readonly string[]) => (parts.length === 0 ? null : parts.join('; '));

/** `2026-11-23T02:15:00.000Z run 20261123-0215-k7qd: create (no-candidate), applied: person 7` */
function entryInWords({ run, at, decision, reason, state, person, why }: HistoryEntry): string {
  const outcome = [
    ...(state === null ? [] : [state]),
    ...(person === null ? [] : [`person ${person}`]),
    ...(why === null ? [] : [why]),
  ].join(', ');
  return `${at} run ${run}: ${decision} (${reason})${outcome === '' ? '' : `, ${outcome}`}`;
}
