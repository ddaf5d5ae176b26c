import { describe, expect, it } from 'vitest';
import type { PlannedOperator } from '../../../src/model/decision.js';
import type { Policies } from '../../../src/model/policies.js';
import { type DiffContext, renderOperator } from '../../../src/output/terminal/diff.js';
import { widthOf } from '../../../src/output/terminal/layout.js';
import { configurationWith, doubtful, matched, personKey, planned } from './planned.js';

function contextAt(width: number, policies: Partial<Policies> = {}): DiffContext {
  return { look: { color: false, width }, configuration: configurationWith(policies) };
}

/** The diff between two empty lines, which keep a snapshot's first line in its column. */
function diff(operator: PlannedOperator, context = contextAt(80)): string {
  return `\n${renderOperator(operator, context)}\n`;
}

const unknownPerson = { person: null, candidates: [], candidateCount: 0 };

const ambiguous = doubtful({
  reason: 'ambiguous',
  person: null,
  candidates: [1, 2, 3, 4].map(personKey),
  candidateCount: 4,
  evidence: [{ key: 'email', value: 'team@example.com', persons: 4, operators: 3 }],
});

describe('an operator that gets a card', () => {
  it('shows where each value comes from, at 80 columns', () => {
    const personKeyNote = 'key: a new uuid';
    expect(diff(planned(), { ...contextAt(80), personKeyNote })).toMatchInlineSnapshot(`
      "
      + create  Zoë O'Brien  operator 0a000000-0000-4000-8000-000000000071
                (no person shares a key with it)
        + person <new>  (key: a new uuid)
          + first_name:           "Zoë"               ← operator.first_name
          + last_name:            "O'Brien"           ← operator.last_name
          + email:                "zoe.o'brien@example.com "  ← operator.email
          + network_login_name:   "CORP\\\\nina"        ← operator.network_login_name
          + telephone:            "+31 15 270 09 00"  ← operator.telephone
          + job_title:            "Second-line support engineer"  ← operator.job_title
          + branch_id:            "0d000000-0000-4000-8000-000000000001"
                                  ← operator.branch_id
          + archived:             false               ← operator.archived
          + origin:               "operator card"     ← constant
            left empty: employee_number, mobile
          + ssp_access:           false  denied: no access to the Self-Service Portal
          + selectable_as_caller: false  denied: cannot be selected as a caller
        ~ operator.person_id: NULL → <new>
      "
    `);
  });

  it('aligns the sources at 120 columns', () => {
    expect(diff(planned(), contextAt(120))).toMatchInlineSnapshot(`
      "
      + create  Zoë O'Brien  operator 0a000000-0000-4000-8000-000000000071  (no person shares a key with it)
        + person <new>
          + first_name:           "Zoë"                                   ← operator.first_name
          + last_name:            "O'Brien"                               ← operator.last_name
          + email:                "zoe.o'brien@example.com "              ← operator.email
          + network_login_name:   "CORP\\\\nina"                            ← operator.network_login_name
          + telephone:            "+31 15 270 09 00"                      ← operator.telephone
          + job_title:            "Second-line support engineer"          ← operator.job_title
          + branch_id:            "0d000000-0000-4000-8000-000000000001"  ← operator.branch_id
          + archived:             false                                   ← operator.archived
          + origin:               "operator card"                         ← constant
            left empty: employee_number, mobile
          + ssp_access:           false  denied: no access to the Self-Service Portal
          + selectable_as_caller: false  denied: cannot be selected as a caller
        ~ operator.person_id: NULL → <new>
      "
    `);
  });

  it('shows the denied flags although the card leaves them out', () => {
    const shown = diff(planned({ card: { last_name: 'Berg' } }));
    expect(shown).toContain('+ ssp_access:           false  denied: no access to the Self-Service Portal');
    expect(shown).toContain('+ selectable_as_caller: false  denied: cannot be selected as a caller');
  });

  it('cries out when the card would grant what must be denied', () => {
    const shown = diff(planned({ card: { last_name: 'Berg', ssp_access: true } }));
    expect(shown).toContain('+ ssp_access:           true   NOT DENIED: the denied value is false');
  });

  it('takes a flag that the database keeps as a number for what it is', () => {
    const shown = diff(planned({ card: { ssp_access: '0', selectable_as_caller: '1' } }));
    expect(shown).toContain('denied: no access');
    expect(shown).toContain('NOT DENIED');
  });

  it('says what onecard adds on its own', () => {
    expect(diff(planned({ card: { status: '1' } }))).toMatch(/\+ status: +"1"\s+← set by onecard/);
  });

  it('names the tables and columns of the configuration', () => {
    const configuration = configurationWith();
    const shown = diff(planned(), {
      ...contextAt(120),
      configuration: {
        ...configuration,
        operators: {
          ...configuration.operators,
          table: { schema: 'td', name: 'actiedoor' },
          link: 'persoonid',
        },
        persons: { ...configuration.persons, table: { schema: 'td', name: 'persoon' } },
      },
    });
    expect(shown).toContain('+ td.persoon <new>');
    expect(shown).toContain('← actiedoor.email');
    expect(shown).toContain('~ td.actiedoor.persoonid: NULL → <new>');
  });

  it('counts the columns left empty that do not fit on one line', () => {
    const card = Object.fromEntries(Array.from({ length: 100 }, (_, index) => [`column_${index}`, '']));
    const line = diff(planned({ card }))
      .split('\n')
      .find((each) => each.includes('left empty'));
    expect(line).toBe('      left empty: column_0, column_1, column_2, column_3, column_4 and 95 more');
  });

  it('cuts a value in the middle only where it is wider than the line', () => {
    const email = `${'a'.repeat(60)}@example.com`;
    expect(diff(planned({ card: { email } }), contextAt(120))).toContain(`"${email}"`);
    expect(diff(planned({ card: { email } }))).toMatch(/"a+…a+@example\.com"\n +← operator\.email\n/);
  });

  it('warns where a person exists already', () => {
    const operator = matched({ action: 'create', card: { last_name: 'Berg' } });
    expect(diff(operator, contextAt(120, { onMatch: 'create' }))).toMatchInlineSnapshot(`
      "
      + create  Anna Berg  operator 0a000000-0000-4000-8000-000000000030  (exactly one person shares its keys)
        ! person 0b000000-0000-4000-8000-000000000030 exists already: policy onMatch=create adds a second card
        email "anna.berg@example.com" is the same on 1 person
        loginName "aberg" is the same on 1 person
        + person <new>
          + last_name:            "Berg"  ← operator.last_name
          + ssp_access:           false  denied: no access to the Self-Service Portal
          + selectable_as_caller: false  denied: cannot be selected as a caller
        ~ operator.person_id: NULL → <new>
      "
    `);
  });

  it('is a fault of the plan when it has no card', () => {
    expect(() => diff(planned({ card: null }))).toThrow('no card');
  });
});

describe('an operator with exactly one candidate', () => {
  it('is linked to it where the policy says so', () => {
    const operator = matched({ action: 'link' });
    expect(diff(operator, contextAt(80, { onMatch: 'link' }))).toMatchInlineSnapshot(`
      "
      ~ match   Anna Berg  operator 0a000000-0000-4000-8000-000000000030
                (exactly one person shares its keys)
        email "anna.berg@example.com" is the same on 1 person
        loginName "aberg" is the same on 1 person
        ~ operator.person_id: NULL → 0b000000-0000-4000-8000-000000000030
      "
    `);
  });

  it('is left to a human otherwise, and how to take it is said', () => {
    expect(diff(matched())).toMatchInlineSnapshot(`
      "
      ? match   Anna Berg  operator 0a000000-0000-4000-8000-000000000030
                (exactly one person shares its keys)
        email "anna.berg@example.com" is the same on 1 person
        loginName "aberg" is the same on 1 person
        candidate: 0b000000-0000-4000-8000-000000000030
        nothing will be written: policy onMatch=review leaves it to a human
        to link it, and every other match: --on-match link
      "
    `);
  });
});

describe('an operator under review', () => {
  it('shows three candidates and how many more there are', () => {
    expect(diff(ambiguous)).toMatchInlineSnapshot(`
      "
      ? review  Team Mailbox  operator 0a000000-0000-4000-8000-000000000090
                (one key hits several persons)
        email "team@example.com" is the same on 4 persons and 2 other operators
        candidates: 0b000000-0000-4000-8000-000000000001
                    0b000000-0000-4000-8000-000000000002
                    0b000000-0000-4000-8000-000000000003
                    and 1 more
        nothing will be written until a human decides
      "
    `);
    expect(diff(ambiguous, contextAt(120))).toMatchInlineSnapshot(`
      "
      ? review  Team Mailbox  operator 0a000000-0000-4000-8000-000000000090  (one key hits several persons)
        email "team@example.com" is the same on 4 persons and 2 other operators
        candidates: 0b000000-0000-4000-8000-000000000001
                    0b000000-0000-4000-8000-000000000002
                    0b000000-0000-4000-8000-000000000003
                    and 1 more
        nothing will be written until a human decides
      "
    `);
  });

  it('claims no exact number of candidates beyond those that are kept', () => {
    expect(diff({ ...ambiguous, candidateCount: 25 })).toContain('and at least 22 more');
    expect(diff({ ...ambiguous, candidateCount: 20 })).toContain('and 17 more');
  });

  it('shows both sides of a contradiction, hidden padding included', () => {
    const operator = doubtful({
      reason: 'contradiction',
      evidence: [
        { key: 'email', value: 'anna@example.com', persons: 1, operators: 1 },
        { key: 'employeeNumber', operator: '12', person: '13\u00a0' },
      ],
    });
    expect(diff(operator)).toMatchInlineSnapshot(`
      "
      ? review  Team Mailbox  operator 0a000000-0000-4000-8000-000000000090
                (the only candidate differs in another key)
        email "anna@example.com" is the same on 1 person
        employeeNumber differs: operator "12", person "13\\xa0"
        candidate: 0b000000-0000-4000-8000-000000000030
        nothing will be written until a human decides
      "
    `);
  });

  it('shows the value that does not fit, and why', () => {
    const problem = 'longer than 60 characters';
    const value = 'Very senior engineer of everything that has to do with support and more';
    const evidence = [{ column: 'job_title', value, problem }];
    const operator = doubtful({ ...unknownPerson, reason: 'does-not-fit', evidence });
    expect(diff(operator)).toMatchInlineSnapshot(`
      "
      ? review  Team Mailbox  operator 0a000000-0000-4000-8000-000000000090
                (a value cannot be stored on the person card)
        job_title "Very senior engineer of… with support and more" — longer than 60
          characters
        nothing will be written until a human decides
      "
    `);
  });

  it('says who else has the key', () => {
    const evidence = [{ key: 'email', value: 'jo@example.com', persons: 0, operators: 2 }];
    const operator = doubtful({ ...unknownPerson, reason: 'shared-key', evidence });
    expect(diff(operator, contextAt(120))).toMatchInlineSnapshot(`
      "
      ? review  Team Mailbox  operator 0a000000-0000-4000-8000-000000000090
                (no candidate, but another operator has the same key: likely one human with two accounts)
        email "jo@example.com" is the same on 1 other operator
        nothing will be written until a human decides
      "
    `);
  });

  it('names the person that a broken link means', () => {
    const operator = doubtful({
      ...unknownPerson,
      reason: 'broken-link',
      person: personKey(404),
      evidence: [],
    });
    expect(diff(operator)).toMatchInlineSnapshot(`
      "
      ? review  Team Mailbox  operator 0a000000-0000-4000-8000-000000000090
                (linked to a person that does not exist)
        operator.person_id holds 0b000000-0000-4000-8000-000000000404, but there is
          no such person
        nothing will be written until a human decides
      "
    `);
  });
});

describe('an operator to whom nothing happens', () => {
  const none = { action: 'none', card: null } as const;
  const linked = planned({ ...none, decision: 'linked', reason: 'linked', person: personKey(20) });
  const skipped = planned({ ...none, decision: 'skip', reason: 'not-an-operator', name: 'Service desk' });

  it.each([80, 120])('takes one line at %i columns', (width) => {
    for (const operator of [linked, skipped]) {
      const lines = renderOperator(operator, contextAt(width)).split('\n');
      expect(lines).toHaveLength(1);
      expect(widthOf(lines[0] ?? '')).toBeLessThanOrEqual(width);
    }
  });

  it('shows whole keys where they fit', () => {
    expect(diff(linked, contextAt(120))).toMatchInlineSnapshot(`
      "
      = linked  Zoë O'Brien  operator 0a000000-0000-4000-8000-000000000071  person 0b000000-0000-4000-8000-000000000020
      "
    `);
    expect(diff(skipped, contextAt(120))).toMatchInlineSnapshot(`
      "
      · skip    Service desk  operator 0a000000-0000-4000-8000-000000000071  (a group or template, no human account)
      "
    `);
    expect(diff(skipped)).toMatchInlineSnapshot(`
      "
      · skip    Service desk  0a000000-0000-4000-8000-000000000071  (not-an-operator)
      "
    `);
  });

  it('says of a linked one that it may have a duplicate', () => {
    const evidence = [{ key: 'email', value: 'bo@example.com', persons: 2, operators: 1 }];
    const candidates = { candidates: [personKey(24)], candidateCount: 1 };
    expect(
      diff({ ...linked, finding: 'possible-duplicate', evidence, ...candidates }, contextAt(120)),
    ).toMatchInlineSnapshot(`
      "
      = linked  Zoë O'Brien  operator 0a000000-0000-4000-8000-000000000071  person 0b000000-0000-4000-8000-000000000020
        ! possible-duplicate: its person looks generated while another, unlinked person shares its keys
        email "bo@example.com" is the same on 2 persons
        candidate: 0b000000-0000-4000-8000-000000000024
      "
    `);
  });
});

describe('whatever the data holds', () => {
  const hostile = '\x1b]0;owned\x07\u202e\n+ fake line';
  const everyKind = [
    planned({ name: hostile, operator: hostile, card: { [hostile]: hostile, last_name: hostile } }),
    matched({
      name: hostile,
      action: 'link',
      person: hostile,
      evidence: [{ key: hostile, value: hostile, persons: 1, operators: 1 }],
    }),
    doubtful({ candidates: [hostile], evidence: [{ key: 'k', operator: hostile, person: hostile }] }),
    doubtful({
      reason: 'broken-link',
      person: hostile,
      evidence: [{ column: hostile, value: hostile, problem: hostile }],
    }),
    planned({
      name: hostile,
      decision: 'linked',
      action: 'none',
      reason: 'linked',
      person: hostile,
      card: null,
    }),
  ];

  it.each([80, 10_000])('nothing of it reaches the terminal at %i columns', (width) => {
    for (const operator of everyKind) {
      const shown = renderOperator(operator, { ...contextAt(width), personKeyNote: hostile });
      expect(shown).not.toMatch(/[^\P{C}\n]/u);
      expect(shown).not.toMatch(/^\+ fake/m);
    }
  });

  it.each([80, 100, 120])('no line is wider than %i columns', (width) => {
    const long = 'Wörter und mehr '.repeat(20);
    const evidence = [{ key: 'email', value: long, persons: 1, operators: 1 }];
    const operators = [
      planned({ name: long }),
      planned({ card: { last_name: long } }),
      doubtful({ name: long, evidence }),
      ambiguous,
    ];
    for (const operator of operators) {
      const widths = renderOperator(operator, contextAt(width)).split('\n').map(widthOf);
      expect(Math.max(...widths)).toBeLessThanOrEqual(width);
    }
  });
});

it('says the same with colour as without', () => {
  for (const operator of [planned(), matched(), ambiguous]) {
    const colored = renderOperator(operator, { ...contextAt(80), look: { color: true, width: 80 } });
    expect(colored).toContain('\x1b[');
    // biome-ignore lint/suspicious/noControlCharactersInRegex: this is how colours are written
    expect(colored.replace(/\x1b\[\d+m/g, '')).toBe(renderOperator(operator, contextAt(80)));
  }
});
