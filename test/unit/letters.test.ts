import { describe, expect, it } from 'vitest';
import { codePoints, letterPairs, lowerCase } from '../../src/database/letters.js';

const lower = (text: string) =>
  String.fromCodePoint(...[...text].map((letter) => lowerCase(letter.codePointAt(0) ?? 0)));

describe('lower-casing code point by code point', () => {
  it.each([
    ['ÉCLAIR', 'éclair'],
    ['ΟΔΟΣ', 'οδοσ'],
    ['STRASSE ẞ', 'strasse ß'],
    ['ДМИТРИЙ', 'дмитрий'],
    ['Ǆ ǅ', 'ǆ ǆ'],
    ['𐐀', '𐐨'],
    ['K', 'k'],
    ['İ', 'i'],
    ['%_ 007', '%_ 007'],
  ])('turns %s into %s', (text, expected) => {
    expect(lower(text)).toBe(expected);
  });

  it('gives one code point for each, so that a translation table can say it', () => {
    const { upper, lower: small } = letterPairs();
    expect([...small]).toHaveLength([...upper].length);
    expect([...upper].length).toBeGreaterThan(1300);
  });

  it('leaves out surrogates and NUL', () => {
    for (const codePoint of codePoints()) {
      if (codePoint === 0 || (codePoint >= 0xd800 && codePoint <= 0xdfff)) expect.fail(`has ${codePoint}`);
    }
  });
});
