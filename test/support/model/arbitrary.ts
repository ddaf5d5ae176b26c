import * as fc from 'fast-check';
import { keyPrefix, sampleKey } from '../../../fixtures/sample/sql.js';
import { POLICIES } from '../../../src/model/policies.js';
import type { OperatorCard, PersonCard, Rules } from './decisions.js';

/** A database to decide about: small, and full of values that are nearly the same. */
export interface Case {
  readonly operators: readonly (OperatorCard & { readonly title: string | null })[];
  readonly persons: readonly (PersonCard & Access)[];
  readonly policies: Rules['policies'];
  readonly ignoreValues: readonly string[];
}

interface Access {
  readonly ssp: boolean;
  readonly caller: boolean;
}

/** The keys of a case: those that can have several values, and those that have one at most. */
export interface KeyNames {
  readonly single: readonly string[];
  readonly several: readonly string[];
}

/** Each line folds to one value somewhere, and to several under DESIGN §2; `%` and `_` are no wild cards. */
const WORDS = [
  ...['ann', 'Ann', 'änn', 'Änn', 'a\u0308nn', 'a%n', 'a_n', 'an', 'ann nn'],
  ...['strasse', 'straße', 'STRAẞE'],
  ...['sam', 'ſam', 'kim', '\u212aim', 'øre', 'Øre'],
  ...['οδοσ', 'οδος', 'ΟΔΟΣ', 'дима', 'ДИМА', 'ａｎｎ', 'ＡＮＮ', '𐐀', '𐐨'],
  ...['ivo', 'İvo', 'İVO', 'ıvo', 'IVO', 'i\u0307vo', 'ƛ', 'Ƛ'],
  ...['007', '7', 'corp\\ann', "o'neil", 'a\\', '"', '名前', '🙂', 'ᏸ', 'Ᏸ', 'Ꭰ', 'ꭰ', 'Ა', 'ა'],
];

const JUNK = ['-', '--', '0', 'n/a', 'N/A', 'Na', 'null', 'x', '?', '.', 'none'];

/** Trimmed, all but the last two: a word joiner and what was white space in older versions of Unicode. */
const PADDINGS = [
  '',
  ' ',
  '  ',
  '\u00a0',
  '\u200b',
  '\ufeff',
  '\t',
  '\r\n',
  '\u3000',
  '\u0085',
  '\u2060',
  '\u180e',
];

const word = fc.oneof(
  { weight: 6, arbitrary: fc.constantFrom(...WORDS) },
  { weight: 2, arbitrary: fc.constantFrom(...JUNK) },
);
const padding = fc.oneof(
  { weight: 8, arbitrary: fc.constant('') },
  { weight: 2, arbitrary: fc.constantFrom(...PADDINGS) },
);

/** How a card spells one of the few words of its case. */
interface Spelling {
  readonly word: number;
  readonly spelled: 'as it is' | 'upper' | 'lower' | 'odd';
  readonly before: string;
  readonly after: string;
}

const spelling: fc.Arbitrary<Spelling> = fc.record({
  word: fc.noBias(fc.nat(59)),
  spelled: fc.oneof(
    { weight: 4, arbitrary: fc.constant('as it is' as const) },
    { weight: 1, arbitrary: fc.constantFrom('upper' as const, 'lower' as const, 'odd' as const) },
  ),
  before: padding,
  after: padding,
});

function spell({ word, spelled, before, after }: Spelling, words: readonly string[]): string {
  const value = words[word % words.length] ?? '';
  const cased = {
    'as it is': value,
    upper: value.toUpperCase(),
    lower: value.toLowerCase(),
    // Letters beyond ASCII whose lower case is in ASCII: the capital I with a dot, and the Kelvin sign.
    odd: value.replaceAll(/i/gi, 'İ').replaceAll(/k/gi, '\u212a'),
  }[spelled];
  return `${before}${cased}${after}`;
}

const value = fc.oneof(
  { weight: 10, arbitrary: spelling },
  { weight: 1, arbitrary: fc.constantFrom('' as const, ' ' as const, null) },
);
const one = fc.oneof(
  { weight: 8, arbitrary: fc.constant([]) },
  { weight: 3, arbitrary: value.map((each) => [each]) },
);
const several = fc.oneof(
  { weight: 5, arbitrary: fc.constant([]) },
  { weight: 3, arbitrary: fc.array(value, { minLength: 1, maxLength: 3 }) },
);

const keysOf = (names: KeyNames) =>
  fc.record({
    ...Object.fromEntries(names.single.map((name) => [name, one])),
    ...Object.fromEntries(names.several.map((name) => [name, several])),
  });

const rarely = fc.oneof(
  { weight: 19, arbitrary: fc.constant(false) },
  { weight: 1, arbitrary: fc.constant(true) },
);

/** Characters are counted, not bytes or halves of them: a card holds 60. */
const title = fc.oneof(
  { weight: 8, arbitrary: fc.constantFrom(null, 'Nurse', '🙂'.repeat(60)) },
  { weight: 1, arbitrary: fc.constantFrom('🙂'.repeat(61), 'n'.repeat(61)) },
);
const fits = (text: string | null) => [...(text ?? '')].length <= 60;

const GONE = 'gone';

/** To one of the persons, counted round and round, or to none that exists. */
const link = fc.oneof(
  { weight: 14, arbitrary: fc.constant(null) },
  { weight: 3, arbitrary: fc.noBias(fc.nat(59)) },
  { weight: 2, arbitrary: fc.constant(GONE) },
);

function linkTo(target: number | typeof GONE | null, persons: number): string | null {
  if (target === null) return null;
  if (target === GONE || persons === 0) return sampleKey(keyPrefix.castPerson, 999);
  return sampleKey(keyPrefix.castPerson, target % persons);
}

const IGNORED = [
  ['-', '--', '.', '0', 'n/a', 'na', 'none', 'null', 'unknown', 'x', '?'],
  [],
  ['N/A', 'Na', ' X '],
  ['ann', '007', 'STRASSE'],
];

const policies: fc.Arbitrary<Rules['policies']> = fc.record({
  onMatch: fc.constantFrom(...POLICIES.onMatch),
  archivedOperators: fc.constantFrom(...POLICIES.archivedOperators),
  anonymizedOperators: fc.constantFrom(...POLICIES.anonymizedOperators),
  archivedPersons: fc.constantFrom(...POLICIES.archivedPersons),
  onContradiction: fc.constantFrom(...POLICIES.onContradiction),
  onSharedKey: fc.constantFrom(...POLICIES.onSharedKey),
});

/** Random cases; few and simple rows first, so that a counterexample shrinks to what matters. */
export function cases(names: KeyNames): fc.Arbitrary<Case> {
  const operator = fc.record({
    keys: keysOf(names),
    like: fc.oneof(
      { weight: 4, arbitrary: fc.constant(null) },
      { weight: 1, arbitrary: fc.noBias(fc.nat(39)) },
    ),
    isGroup: rarely,
    isApiAccount: rarely,
    isExcluded: rarely,
    archived: rarely,
    anonymized: rarely,
    link,
    title,
  });
  const person = fc.record({
    keys: keysOf(names),
    like: fc.option(fc.noBias(fc.nat(39)), { freq: 1 }),
    archived: rarely,
    anonymized: rarely,
    ssp: fc.boolean(),
    caller: fc.boolean(),
  });
  return fc
    .record({
      words: fc.oneof(
        { weight: 4, arbitrary: fc.array(word, { minLength: 4, maxLength: 24, size: 'max' }) },
        // Cards mostly of one human, or of none.
        { weight: 4, arbitrary: fc.shuffledSubarray([...WORDS, ...JUNK], { minLength: 40 }) },
        // A value that is shared by more of them than a decision lists.
        { weight: 1, arbitrary: fc.array(word, { minLength: 1, maxLength: 1 }) },
      ),
      operators: fc.oneof(
        fc.array(operator, { maxLength: 8 }),
        fc.array(operator, { minLength: 15, maxLength: 40 }),
      ),
      persons: fc.oneof(
        fc.array(person, { maxLength: 8 }),
        fc.array(person, { minLength: 15, maxLength: 60, size: 'max' }),
      ),
      policies,
      ignoreValues: fc.constantFrom(...IGNORED),
    })
    .map(({ words, operators, persons, ...rules }) => ({
      ...rules,
      operators: operators.map(({ like, ...row }, index) => ({
        ...row,
        id: sampleKey(keyPrefix.castOperator, index),
        keys: spelled(
          resembling(row.keys, like === null ? undefined : operators[like % operators.length]?.keys),
          words,
        ),
        link: linkTo(row.link, persons.length),
        fits: fits(row.title),
      })),
      persons: persons.map(({ like, ...row }, index) => ({
        ...row,
        id: sampleKey(keyPrefix.castPerson, index),
        keys: spelled(
          resembling(row.keys, like === null ? undefined : operators[like % operators.length]?.keys),
          words,
        ),
        looksGenerated: !row.ssp && !row.caller,
      })),
    }));
}

/** What it lacks, it has in common with that operator: cards of one human mostly agree. */
function resembling(keys: Spelled, model: Spelled = {}): Spelled {
  const own = Object.entries(keys).filter(([, values]) => values.length > 0);
  return { ...keys, ...model, ...Object.fromEntries(own) };
}

type Spelled = Readonly<Record<string, readonly (Spelling | string | null)[]>>;

function spelled(keys: Spelled, words: readonly string[]): Record<string, (string | null)[]> {
  return Object.fromEntries(
    Object.entries(keys).map(([name, values]) => [
      name,
      values.map((each) => (typeof each === 'object' && each !== null ? spell(each, words) : each)),
    ]),
  );
}

/** Too rare to be met by chance: two values of one key are shared, and another key contradicts. */
export function sharedTwiceAndContradicting({ several: [key = ''], single: [other = ''] }: KeyNames): Case {
  const flags = { archived: false, anonymized: false };
  const human = { ...flags, isGroup: false, isApiAccount: false, isExcluded: false };
  const shared = ['ann', 'sam'];
  return {
    operators: [
      {
        ...human,
        id: sampleKey(keyPrefix.castOperator, 0),
        keys: { [key]: shared, [other]: ['kim'] },
        link: null,
        fits: true,
        title: null,
      },
    ],
    persons: [
      {
        ...flags,
        id: sampleKey(keyPrefix.castPerson, 0),
        keys: { [key]: shared, [other]: ['ivo'] },
        ssp: true,
        caller: true,
        looksGenerated: false,
      },
    ],
    policies: {
      onMatch: 'review',
      archivedOperators: 'include',
      anonymizedOperators: 'include',
      archivedPersons: 'candidates',
      onContradiction: 'review',
      onSharedKey: 'review',
    },
    ignoreValues: [],
  };
}
