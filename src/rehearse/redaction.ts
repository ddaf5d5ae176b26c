import type { BaselineDecision, ChangedDecision } from '../model/rehearsal.js';
import type { Redactor } from '../redactor.js';

/** The same with pseudonyms in place of keys. */
export function redactedChange(change: ChangedDecision, redactor: Redactor): ChangedDecision {
  const redacted = (decision: BaselineDecision | null) =>
    decision && {
      ...decision,
      person: decision.person === null ? null : redactor.pseudonym('person', decision.person),
    };
  return {
    operator: redactor.pseudonym('operator', change.operator),
    before: redacted(change.before),
    after: redacted(change.after),
  };
}

export const withoutValues = (text: string, _names: ReadonlySet<string>): string => text;
