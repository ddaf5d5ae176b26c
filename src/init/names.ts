import { COLUMN_WORDS, type Concept, NEGATIONS, OPERATOR_WORDS, PERSON_WORDS } from './words.js';

/** The words of an identifier, in lower case, without accents: `klantEmailAdres_2` is klant, email, adres, 2. */
export function wordsOf(name: string): string[] {
  return name
    .normalize('NFD')
    .replaceAll(/\p{M}/gu, '')
    .replaceAll('ß', 'ss')
    .replaceAll(/(\p{Ll}|\d)(\p{Lu})/gu, '$1 $2')
    .replaceAll(/(\p{Lu})(\p{Lu}\p{Ll})/gu, '$1 $2')
    .replaceAll(/(\p{L})(\d)/gu, '$1 $2')
    .toLowerCase()
    .split(/[^\p{L}\p{N}]+/u)
    .filter((word) => word !== '');
}

const singular = (word: string) => (word.length > 3 ? word.replace(/s$/, '') : word);

/** The word as it is, or without the -s of a plural. */
export const isIn = (words: ReadonlySet<string>, word: string) =>
  words.has(word) ||
  words.has(singular(word)) ||
  (word.endsWith('ies') && words.has(`${word.slice(0, -3)}y`));

/** Runs of neighbouring words, written together, the longest first. */
export function runsOf(words: readonly string[]): { text: string; from: number; to: number }[] {
  const runs: { text: string; from: number; to: number }[] = [];
  for (let length = words.length; length > 0; length--) {
    for (let from = 0; from + length <= words.length; from++)
      runs.push({ text: words.slice(from, from + length).join(''), from, to: from + length });
  }
  return runs;
}

/** Whether the name, as a whole or in part, is one of these words. */
export const mentions = (name: string, among: ReadonlySet<string>) =>
  runsOf(wordsOf(name)).some(({ text }) => isIn(among, text));

/** Whether the whole name is one of these words, apart from the words of its table. */
export function isCalled(name: string, among: ReadonlySet<string>, table = ''): boolean {
  const words = wordsOf(name);
  return isIn(among, words.join('')) || isIn(among, withoutOwner(words, table).join(''));
}

/** The words that a column's name has beside those of its table: `agent_login` of `agent` is login. */
function withoutOwner(words: readonly string[], table: string): string[] {
  const owner = new Set(wordsOf(table).map(singular));
  const rest = words.filter((word) => !owner.has(singular(word)) && !/^\d+$/.test(word));
  return rest.length === 0 ? [...words] : rest;
}

export interface Meaning {
  readonly concept: Concept;
  /** From 0 to 1: how much of the name says so. */
  readonly strength: number;
  readonly isNegated: boolean;
}

/**
 * What a column's name says, best first. 1 is the name as a whole, or all that it has beside the words of its table;
 * 0.9 beside words for humans (`contact_email` in a table of customers); 0.7 the last words (`work_email`: what comes
 * last is what it is); 0.5 other words, or the end of a longer word.
 */
export function meaningsOf(name: string, table = ''): Meaning[] {
  const words = wordsOf(name);
  const own = withoutOwner(words, table);
  const human = own.filter((word) => !isHumanWord(word));
  const found: Meaning[] = [];
  for (const [concept, list] of CONCEPTS) {
    const strength = strengthOf(words, own, human, list);
    if (strength.value > 0)
      found.push({
        concept,
        strength: strength.value + strength.bonus,
        isNegated: isNegated(words, strength.said),
      });
  }
  return found
    .toSorted((a, b) => b.strength - a.strength)
    .map((meaning) => ({ ...meaning, strength: Math.min(1, meaning.strength) }));
}

/** `disabled_at` says what it says by that word, and is no negation of `at`. */
function isNegated(words: readonly string[], said: readonly string[]): boolean {
  return words.some((word) => NEGATIONS.has(word) && !said.includes(word));
}

const CONCEPTS = Object.entries(COLUMN_WORDS) as [Concept, ReadonlySet<string>][];

const isHumanWord = (word: string) =>
  [OPERATOR_WORDS.sure, PERSON_WORDS.sure].some((words) => isIn(words, word));

/** The bonus lets the longer of two words win: `network_login` is more than a login. */
function strengthOf(
  words: readonly string[],
  own: readonly string[],
  human: readonly string[],
  list: ReadonlySet<string>,
): { value: number; bonus: number; said: readonly string[] } {
  const at = (value: number, length: number, said: readonly string[]) => ({
    value,
    bonus: length / 1000,
    said,
  });
  for (const [value, said] of [
    [1, words],
    [1, own],
    [0.9, human],
  ] as const)
    if (said.length > 0 && isIn(list, said.join(''))) return at(value, said.join('').length, said);
  const run = runsOf(own).find(({ text }) => isIn(list, text));
  if (run !== undefined)
    return at(run.to === own.length ? 0.7 : 0.5, run.text.length, own.slice(run.from, run.to));
  const end = own.at(-1) ?? '';
  const suffix = [...list].find((word) => word.length >= 6 && end.length > word.length && end.endsWith(word));
  return suffix === undefined ? at(0, 0, []) : at(0.5, suffix.length, [end]);
}
