/**
 * Code points that belong to the character before them: combining marks, variation selectors, skin tones, tags.
 * After UAX #29 (Grapheme_Extend and Emoji_Modifier), as far as names of humans and departments have them.
 */
const EXTENDING: readonly (readonly [first: number, last: number])[] = [
  [0x0300, 0x036f],
  [0x0483, 0x0489],
  [0x0591, 0x05bd],
  [0x0610, 0x061a],
  [0x064b, 0x065f],
  [0x093a, 0x094f],
  [0x0e31, 0x0e3a],
  [0x0e47, 0x0e4e],
  [0x1ab0, 0x1aff],
  [0x1dc0, 0x1dff],
  [0x20d0, 0x20ff],
  [0x3099, 0x309a],
  [0xfe00, 0xfe0f],
  [0xfe20, 0xfe2f],
  [0x1f3fb, 0x1f3ff],
  [0xe0020, 0xe007f],
];

const ZERO_WIDTH_JOINER = 0x200d;

/**
 * A regular expression that finds the last character of a text, with all that belongs to it: taken away from a
 * text that is one code point too long, it leaves whole characters alone.
 */
export function lastCharacter(escaped: (codePoint: number) => string): string {
  const extending = EXTENDING.map(([first, last]) => `${escaped(first)}-${escaped(last)}`).join('');
  const joiner = escaped(ZERO_WIDTH_JOINER);
  const character = `[^${extending}${joiner}][${extending}]*`;
  return `(${character}${joiner})*(${character})?${joiner}?$`;
}
