import { describe, expect, it } from 'vitest';
import type { Tally } from '../../../src/model/decision.js';
import { widthOf } from '../../../src/output/terminal/layout.js';
import {
  renderFacts,
  renderHeadline,
  renderTable,
  renderTally,
} from '../../../src/output/terminal/tables.js';

const at = (width: number) => ({ color: false, width });

function tally(operators: number, changed: Partial<Tally>): Tally {
  return {
    decision: 'create',
    action: 'create',
    reason: 'no-candidate',
    finding: null,
    operators,
    ...changed,
  };
}

const none = { action: 'none' } as const;
const tallies: Tally[] = [
  tally(12, { ...none, decision: 'skip', reason: 'not-an-operator' }),
  tally(4, { ...none, decision: 'review', reason: 'ambiguous' }),
  tally(17, { ...none, decision: 'review', reason: 'shared-key' }),
  tally(5, { ...none, decision: 'linked', reason: 'linked', finding: 'possible-duplicate' }),
  tally(140, { ...none, decision: 'linked', reason: 'linked' }),
  tally(40, { ...none, decision: 'match', reason: 'match' }),
  tally(14, { ...none, decision: 'skip', reason: 'api-account' }),
  tally(98_000, {}),
];

describe('the totals', () => {
  it('are grouped by decision and fit 80 columns', () => {
    expect(`\n${renderTally(tallies, at(80))}\n`).toMatchInlineSnapshot(`
      "
      decision  reason              meaning                                  operators
      ────────  ──────────────────  ───────────────────────────────────────  ─────────
      create    no-candidate        no person shares a key with it              98,000
      match     match               exactly one person shares its keys:             40
                                    left to a human
      review    shared-key          no candidate, but another operator has          17
                                    the same key: likely one human with two
                                    accounts
                ambiguous           one key hits several persons                     4
      linked    linked              already has its person card                    140
                possible-duplicate  already has its person card, but its             5
                                    person looks generated while another,
                                    unlinked person shares its keys
      skip      api-account         flagged as an API account, which needs          14
                                    no person card
                not-an-operator     a group or template, no human account           12
      ────────  ──────────────────  ───────────────────────────────────────  ─────────
      total                                                                     98,232
      "
    `);
  });

  it('need no wrapping where there is room', () => {
    expect(`\n${renderTally(tallies, at(140))}\n`).toMatchInlineSnapshot(`
      "
      decision  reason              meaning                                                                                              operators
      ────────  ──────────────────  ───────────────────────────────────────────────────────────────────────────────────────────────────  ─────────
      create    no-candidate        no person shares a key with it                                                                          98,000
      match     match               exactly one person shares its keys: left to a human                                                         40
      review    shared-key          no candidate, but another operator has the same key: likely one human with two accounts                     17
                ambiguous           one key hits several persons                                                                                 4
      linked    linked              already has its person card                                                                                140
                possible-duplicate  already has its person card, but its person looks generated while another, unlinked person shares            5
                                    its keys
      skip      api-account         flagged as an API account, which needs no person card                                                       14
                not-an-operator     a group or template, no human account                                                                       12
      ────────  ──────────────────  ───────────────────────────────────────────────────────────────────────────────────────────────────  ─────────
      total                                                                                                                                 98,232
      "
    `);
  });

  it('say what becomes of the matches', () => {
    const match = { decision: 'match', reason: 'match' } as const;
    expect(renderTally([tally(3, { ...match, action: 'link' })], at(120))).toContain('linked to it');
    expect(renderTally([tally(3, { ...match, action: 'create' })], at(120))).toContain('gets a second card');
  });

  it('say zero of no operators', () => {
    expect(renderTally([], at(80))).toMatch(/total +0$/);
  });
});

describe('the headline', () => {
  it('counts every operator once', () => {
    expect(renderHeadline(tallies, at(140))).toBe(
      '98,000 cards will be created and linked, 0 operators linked to existing persons, 61 need a human decision, 171 need nothing.',
    );
  });

  it('is broken between words', () => {
    for (const line of renderHeadline(tallies, at(80)).split('\n'))
      expect(line.length).toBeLessThanOrEqual(80);
  });

  it('knows one from many', () => {
    const one = [
      tally(1, {}),
      tally(1, { decision: 'match', action: 'link', reason: 'match' }),
      tally(1, { ...none, decision: 'review', reason: 'taken' }),
      tally(1, { ...none, decision: 'linked', reason: 'linked' }),
    ];
    expect(renderHeadline(one, at(140))).toBe(
      '1 card will be created and linked, 1 operator linked to an existing person, 1 needs a human decision, 1 needs nothing.',
    );
  });
});

describe('a table', () => {
  const head = ['key', 'filled', 'remark'];
  const remark = 'shared by team mailboxes: 25 operators have the same one';

  it('aligns numbers to the right and wraps the widest column between words', () => {
    const rows = [
      ['email', 98_000, remark],
      ['loginName', 7, { text: 'none', tone: 'warning' as const }],
    ];
    expect(
      `\n${renderTable({ head, rows, align: ['left', 'right'], look: at(50) })}\n`,
    ).toMatchInlineSnapshot(`
      "
      key        filled  remark
      ─────────  ──────  ───────────────────────────────
      email      98,000  shared by team mailboxes: 25
                         operators have the same one
      loginName       7  none
      "
    `);
  });

  it.each([20, 40, 60, 80])('is no wider than %i columns', (width) => {
    const rows = [['0a000000-0000-4000-8000-000000000071', '日本語'.repeat(9), remark]];
    const lines = renderTable({ head, rows, look: at(Math.max(width, 28)) }).split('\n');
    expect(Math.max(...lines.map(widthOf))).toBeLessThanOrEqual(Math.max(width, 28));
  });

  it('loses nothing of a key that has to be broken', () => {
    const key = '0a000000-0000-4000-8000-000000000071';
    const shown = renderTable({ head: ['key'], rows: [[key]], look: at(20) });
    expect(shown.split('\n').slice(2).join('')).toBe(key);
  });

  it('shows hidden characters of data and of column names', () => {
    const shown = renderTable({ head: ['a\x1b'], rows: [['b\u202e\n']], look: at(80) });
    expect(shown).toContain('a\\x1b');
    expect(shown).toContain('b\\u{202e}\\n');
  });

  it('leaves out what a row does not have', () => {
    expect(
      renderTable({ head: ['a', 'b'], rows: [['x']], look: at(80) })
        .split('\n')
        .at(-1),
    ).toBe('x');
  });

  it('keeps its columns straight with colour', () => {
    const table = { head, rows: [['email', 1, { text: remark, tone: 'warning' as const }]] };
    const colored = renderTable({ ...table, look: { color: true, width: 50 } });
    expect(colored).toContain('\x1b[33m');
    // biome-ignore lint/suspicious/noControlCharactersInRegex: this is how colours are written
    const bare = colored.replace(/\x1b\[\d+m/g, '');
    expect(bare).toBe(renderTable({ ...table, look: at(50) }));
  });
});

it('lists facts, going on below a long value', () => {
  const facts: [string, string | number][] = [
    ['database', 'postgresql 17.2 at db.example.com:5432/servicedesk, schema public'],
    ['operators', 98_330],
    ['ticket', 'CHG\x07 12'],
  ];
  expect(`\n${renderFacts(facts, at(50))}\n`).toMatchInlineSnapshot(`
    "
    database   postgresql 17.2 at
               db.example.com:5432/servicedesk, schema
               public
    operators  98,330
    ticket     CHG\\x07 12
    "
  `);
});
