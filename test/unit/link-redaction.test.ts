import { describe, expect, it } from 'vitest';
import type { HistoryEntry } from '../../src/model/report.js';
import { Redactor } from '../../src/redactor.js';
import type { LinkFacts } from '../../src/report/link-facts.js';
import { redactedFacts } from '../../src/report/redaction.js';

const redactor = new Redactor('a secret of the test');

function facts(changed: Partial<LinkFacts>): LinkFacts {
  return {
    operator: '1',
    operatorName: 'Ann Lee',
    branch: 'Delft',
    person: '2',
    personName: 'Ann Lee',
    linkedBy: 'onecard',
    decision: 'create',
    reason: 'no-candidate',
    decided: null,
    run: 'run-1',
    changedAt: '2026-11-23T02:15:00.000Z',
    action: 'create',
    state: 'applied',
    why: null,
    keys: [],
    card: [],
    evidence: [],
    candidates: [],
    history: [],
    ...changed,
  };
}

const entry = (state: string, why: string): HistoryEntry => ({
  run: 'run-1',
  at: '2026-11-23T02:15:00.000Z',
  decision: 'create',
  reason: 'no-candidate',
  action: 'create',
  state,
  person: '2',
  why,
});

describe('a redacted row of a link report', () => {
  it.each([
    ['stale', 'the operator was changed in the meantime'],
    ['kept', 'the card was edited since'],
    ['kept', 'the card is referenced: incident.caller_id (2 rows)'],
    ['rolled-back', 'the card is gone'],
    ['failed', 'the card would have access to the SSP: a trigger or default of the database grants it'],
  ] as const)('keeps our own words of what is %s: %s', (state, why) => {
    const redacted = redactedFacts(facts({ state, why, history: [entry(state, why)] }), redactor);
    expect([redacted.why, redacted.history[0]?.why]).toEqual([why, why]);
  });

  it.each([
    ['failed', 'duplicate key: (email)=(ann@example.org)', /^text-[0-9a-f]{16}$/],
    ['failed', 'the card is referenced: ann@example.org', /^text-[0-9a-f]{16}$/],
    [
      'kept',
      'the database refuses to take it back: (email)=(ann@example.org)',
      /^the database refuses to take it back: text-[0-9a-f]{16}$/,
    ],
    ['kept', 'whatever else about ann@example.org', /^text-[0-9a-f]{16}$/],
  ] as const)("hides the server's words about what is %s: %s", (state, why, hidden) => {
    const redacted = redactedFacts(facts({ state, why, history: [entry(state, why)] }), redactor);
    expect(redacted.why).toMatch(hidden);
    expect(redacted.history[0]?.why).toBe(redacted.why);
  });

  it('keeps what is said of nobody: flags, truth values, branches, and that something is empty', () => {
    const card = [
      { name: 'email', holds: 'value', value: 'ann@example.org' },
      { name: 'phone', holds: 'value', value: '' },
      { name: 'archived', holds: 'truth', value: 'false' },
      { name: 'ssp', holds: 'grant', value: 'denied' },
    ] as const;
    const redacted = redactedFacts(facts({ card, keys: ['ann@example.org', null] }), redactor);
    const email = redactor.pseudonym('value', 'ann@example.org');
    expect(redacted.card.map(({ value }) => value)).toEqual([email, '', 'false', 'denied']);
    expect(redacted.keys).toEqual([email, null]);
    expect(redacted).toMatchObject({ branch: 'Delft', run: 'run-1', decision: 'create' });
  });

  it('has one pseudonym for a person, whether it is linked, a candidate, or a link to nobody', () => {
    const redacted = redactedFacts(
      facts({
        reason: 'broken-link',
        candidates: ['2'],
        evidence: [{ column: 'person_id', value: '2', problem: 'no such person' }],
        history: [entry('applied', '')],
      }),
      redactor,
    );
    const { person } = redacted;
    expect(redacted.candidates).toEqual([person]);
    expect(redacted.evidence).toMatchObject([{ value: person }]);
    expect(redacted.history).toMatchObject([{ person }]);
  });
});
