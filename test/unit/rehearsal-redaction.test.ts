import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Redactor } from '../../src/redactor.js';
import { redactedChange, withoutValues } from '../../src/rehearse/redaction.js';
import { HOSTILE } from '../support/hostile.js';

const names = new Set([
  'public',
  'shop',
  'person',
  'operator',
  'email',
  'first_name',
  'person_email_key',
  'PRIMARY',
]);
const hidden = (text: string) => withoutValues(text, names);

describe('what is said without values', () => {
  it.each([
    ['relation "person" has no column "email"', 'relation "person" has no column "email"'],
    ['relation "public.person" does not exist', 'relation "public.person" does not exist'],
    ['CONSTRAINT `email` failed for `shop`.`person`', 'CONSTRAINT `email` failed for `shop`.`person`'],
    [
      'value too long for type character varying(10), numeric(5,2)',
      'value too long for type character varying(10), numeric(5,2)',
    ],
    ['the card is referenced: operator.email (2 rows)', 'the card is referenced: operator.email (2 rows)'],
    ["the server's own words; an operator's card", "the server's own words; an operator's card"],
    ['Unknown column "nobody" in table "person"', 'Unknown column "…" in table "person"'],
    ['Key (email)=(Ann) already exists.', 'Key (email)=(…) already exists.'],
    ['Key (lower(btrim(email)))=(Ann) already exists.', 'Key (lower(btrim(email)))=(…) already exists.'],
    ["Duplicate entry 'Ann' for key 'PRIMARY'", "Duplicate entry '…' for key 'PRIMARY'"],
    ["Duplicate entry 'Ann' for key 'person.PRIMARY'", "Duplicate entry '…' for key 'person.PRIMARY'"],
    ["Access denied for user 'ann'@'10.0.0.1'", "Access denied for user '…'@'…'"],
    ['mail ann.lee+x@example.org now', 'mail … now'],
    ['operator 0a000000-0000-4000-8000-000000000001: refused', 'operator …: refused'],
    ['Ann (born 1970) and (email)', 'Ann (…) and (email)'],
  ])('%s', (text, shown) => {
    expect(hidden(text)).toBe(shown);
  });

  it.each([
    ["Duplicate entry 'Secret for k", "Duplicate entry '…"],
    ['Key (email)=(Secret', 'Key (email)=(…'],
    ['Failing row contains (1, Secr', 'Failing row contains (…'],
    ['the value "Secret', 'the value "…'],
  ])('holds none where it was cut short: %s', (text, shown) => {
    expect(hidden(text)).toBe(shown);
  });

  it.each(['"', "'", '`', ')'])('takes a %s in a value for a part of it', (quote) => {
    for (const value of [
      `${quote} Secret`,
      `email${quote} Secret ${quote}email`,
      `Secret ${quote}`,
      `${quote}${quote} Secret`,
    ]) {
      expect(hidden(`invalid input syntax for type integer: "${value}"`)).not.toContain('Secret');
      expect(
        hidden(`Incorrect integer value: '${value}' for column \`shop\`.\`person\` at row 1`),
      ).not.toContain('Secret');
      expect(hidden(`Duplicate entry '${value}' for key 'email'`)).toBe(
        "Duplicate entry '…' for key 'email'",
      );
      expect(hidden(`Key (email)=(${value}) already exists.`)).toBe('Key (email)=(…) already exists.');
    }
  });

  it('hides a value in the sentences of the servers whatever stands around it', () => {
    const piece = fc.oneof(
      fc.constantFrom(
        ...HOSTILE,
        '"',
        "'",
        '`',
        '(',
        ')',
        ' for key ',
        ') already exists',
        'email',
        ' is ',
        '\n',
      ),
      fc.string({ maxLength: 5 }),
    );
    const value = fc
      .tuple(fc.array(piece, { maxLength: 5 }), fc.array(piece, { maxLength: 5 }))
      .map(([before, after]) => `${before.join('')}Zq7xK${after.join('')}`);
    const sentences: readonly ((value: string) => string)[] = [
      (value) =>
        `duplicate key value violates unique constraint "person_email_key"\nKey (email)=(${value}) already exists.`,
      (value) => `Key (email)=(${value}) is not present in table "person".`,
      (value) =>
        `new row for relation "person" violates check constraint "c"\nFailing row contains (1, ${value}, null).`,
      (value) => `invalid input syntax for type integer: "${value}"`,
      (value) => `value "${value}" is out of range for type integer`,
      (value) => `Duplicate entry '${value}' for key 'email'`,
      (value) => `Incorrect integer value: '${value}' for column \`shop\`.\`person\`.\`email\` at row 1`,
    ];
    fc.assert(
      fc.property(value, fc.constantFrom(...sentences), (text, sentence) => {
        expect(hidden(sentence(text))).not.toContain('Zq7xK');
      }),
      { numRuns: 3000 },
    );
  });

  it('takes no time to speak of, however long the text', () => {
    const began = performance.now();
    for (const long of ['"a" ', "'", '(', ')(', 'Key (', 'key (a)=(', '"x" y ']) hidden(long.repeat(2_000));
    expect(performance.now() - began).toBeLessThan(2_000);
  });
});

describe('a changed decision', () => {
  it('has the pseudonyms of operators and persons in place of their keys', () => {
    const redactor = new Redactor('a secret of the test');
    const decision = { decision: 'match', reason: 'match', action: 'link', person: '12' };
    const change = { operator: '4711', before: null, after: decision };
    expect(redactedChange(change, redactor)).toEqual({
      operator: redactor.pseudonym('operator', '4711'),
      before: null,
      after: { ...decision, person: redactor.pseudonym('person', '12') },
    });
  });
});
