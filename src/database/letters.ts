/**
 * How keys are compared, stated once for every server (DESIGN §2): trimmed of `WHITE_SPACE` at both ends,
 * lower-cased code point by code point, nothing else folded.
 */

/** Unicode's White_Space property, and the invisible characters that pasting leaves behind. */
export const WHITE_SPACE: readonly number[] = [
  0x0009, 0x000a, 0x000b, 0x000c, 0x000d, 0x0020, 0x0085, 0x00a0, 0x1680, 0x2000, 0x2001, 0x2002, 0x2003,
  0x2004, 0x2005, 0x2006, 0x2007, 0x2008, 0x2009, 0x200a, 0x200b, 0x2028, 0x2029, 0x202f, 0x205f, 0x3000,
  0xfeff,
];

/**
 * `İ` is the one letter whose lower case Unicode gives as two code points (`i` and a dot above), while Turkish
 * takes it for plain `i`: whatever a key with it equals is a guess.
 */
export const DOTTED_CAPITAL_I = 'İ';

/** The lower case of one code point, as one code point. */
export function lowerCase(codePoint: number): number {
  const letter = String.fromCodePoint(codePoint);
  if (letter === DOTTED_CAPITAL_I) return 0x69;
  return letter.toLowerCase().codePointAt(0) ?? codePoint;
}

const spaces = WHITE_SPACE.map((codePoint) => `\\u{${codePoint.toString(16)}}`).join('');
const aroundSpaces = new RegExp(`^[${spaces}]+|[${spaces}]+$`, 'gu');

/** A text as keys are compared. */
export function normalized(text: string): string {
  const letters = [...text.replace(aroundSpaces, '')];
  return letters.map((letter) => String.fromCodePoint(lowerCase(letter.codePointAt(0) ?? 0))).join('');
}

/** Every assigned letter lies below this code point: the planes above hold ideographs without case. */
const CASED_BELOW = 0x20000;

/** All code points that could have a case, NUL and surrogates left out. */
export function* codePoints(): Iterable<number> {
  for (let codePoint = 1; codePoint < CASED_BELOW; codePoint++) {
    if (codePoint < 0xd800 || codePoint > 0xdfff) yield codePoint;
  }
}

/** The letters with a lower case, and those lower cases at the same places. */
export function letterPairs(): { upper: string; lower: string } {
  let upper = '';
  let lower = '';
  for (const codePoint of codePoints()) {
    const small = lowerCase(codePoint);
    if (small === codePoint) continue;
    upper += String.fromCodePoint(codePoint);
    lower += String.fromCodePoint(small);
  }
  return { upper, lower };
}
