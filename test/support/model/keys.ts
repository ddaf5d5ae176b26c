/** How DESIGN §2 compares keys, written from its words and the README's, not from the code that is tested. */

/** A letter whose lower case servers do not agree on, and what the server at hand makes of it. */
export type UnsureLetters = ReadonlyMap<string, string>;

/** Unicode's White_Space, and the two invisible characters that pasting leaves behind. */
const PADDING = /^[\p{White_Space}\u200b\ufeff]+|[\p{White_Space}\u200b\ufeff]+$/gu;

/** Trimmed, and lower-cased code point by code point; nothing else is folded. */
export function normalize(value: string, unsure: UnsureLetters): string {
  return [...value.replace(PADDING, '')].map((letter) => unsure.get(letter) ?? letter.toLowerCase()).join('');
}

/** The values that count: empty and ignored ones are absent. */
export function keysIn(
  values: readonly (string | null)[],
  ignored: readonly string[],
  unsure: UnsureLetters,
): Set<string> {
  const absent = new Set(['', ...ignored.map((value) => normalize(value, unsure))]);
  const present = values.flatMap((value) => (value === null ? [] : [normalize(value, unsure)]));
  return new Set(present.filter((value) => !absent.has(value)));
}

export function holdsUnsureLetter(value: string | null, unsure: UnsureLetters): boolean {
  return [...(value ?? '')].some((letter) => unsure.has(letter));
}
