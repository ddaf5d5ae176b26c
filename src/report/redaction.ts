import { isDenial } from '../apply/denied.js';
import type { Evidence } from '../model/decision.js';
import type { HistoryEntry } from '../model/report.js';
import type { PersonalKind, Redactor } from '../redactor.js';
import { isOurs, kindOf } from '../rollback/reasons.js';
import type { LinkFacts } from './link-facts.js';

/**
 * The same with pseudonyms in place of personal data. Branches, decisions, reasons, runs and times stay, and so do
 * our own words about why something was not written or was kept; what a server or a human has said does not.
 */
export function redactedFacts(facts: LinkFacts, redactor: Redactor): LinkFacts {
  const hide = <T extends string | null>(kind: PersonalKind, text: T) =>
    text === null || text === '' ? text : redactor.pseudonym(kind, text);
  const { decided } = facts;
  return {
    ...facts,
    operator: redactor.pseudonym('operator', facts.operator),
    operatorName: hide('name', facts.operatorName),
    person: hide('person', facts.person),
    personName: hide('name', facts.personName),
    decided: decided && { ...decided, who: hide('human', decided.who), note: hide('text', decided.note) },
    why: redactedWhy(facts.why, facts.state, redactor),
    keys: facts.keys.map((value) => hide('value', value)),
    card: facts.card.map((field) =>
      field.holds === 'value' ? { ...field, value: hide('value', field.value) } : field,
    ),
    evidence: facts.evidence.map((evidence) => redactedEvidence(evidence, facts, hide)),
    candidates: facts.candidates.map((person) => redactor.pseudonym('person', person)),
    history: facts.history.map((entry) => redactedEntry(entry, redactor)),
  };
}

type Hide = (kind: PersonalKind, text: string) => string;

function redactedEvidence(evidence: Evidence, { reason }: LinkFacts, hide: Hide): Evidence {
  if ('decided' in evidence)
    return { ...evidence, who: hide('human', evidence.who), note: hide('text', evidence.note) };
  if ('problem' in evidence)
    return { ...evidence, value: hide(reason === 'broken-link' ? 'person' : 'value', evidence.value) };
  if ('persons' in evidence) return { ...evidence, value: hide('value', evidence.value) };
  return {
    ...evidence,
    operator: hide('value', evidence.operator),
    person: hide('value', evidence.person),
  };
}

function redactedEntry(entry: HistoryEntry, redactor: Redactor): HistoryEntry {
  return {
    ...entry,
    person: entry.person === null ? null : redactor.pseudonym('person', entry.person),
    why: redactedWhy(entry.why, entry.state, redactor),
  };
}

/** Why something is stale or was kept, is said in words of ours; why it failed, hardly ever. */
function redactedWhy(why: string | null, state: string | null, redactor: Redactor): string | null {
  if (why === null || state === 'stale') return why;
  if (state === 'failed') return isDenial(why) ? why : redactor.pseudonym('text', why);
  if (isOurs(why)) return why;
  const kind = kindOf(why);
  if (kind === why) return redactor.pseudonym('text', why);
  return `${kind}: ${redactor.pseudonym('text', why.slice(`${kind}: `.length))}`;
}
