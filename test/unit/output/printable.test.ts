import { describe, expect, it } from 'vitest';
import { printable, printableWithin, quoted, quotedWithin } from '../../../src/output/terminal/printable.js';

describe('printable', () => {
  it.each([
    ['a line break', 'a\nb\r\n', 'a\\nb\\r\\n'],
    ['a tab', 'a\tb', 'a\\tb'],
    ['NUL', 'a\0', 'a\\x00'],
    ['ESC', '\x1b[31mred', '\\x1b[31mred'],
    ['DEL', '\x7f', '\\x7f'],
    ['the one-byte CSI', '\x9b2J', '\\x9b2J'],
    ['a right-to-left override', 'user\u202etxt.exe', 'user\\u{202e}txt.exe'],
    ['every embedding and isolate', '\u202a\u202d\u2066\u2069', '\\u{202a}\\u{202d}\\u{2066}\\u{2069}'],
    ['directional marks', '\u200e\u200f\u061c', '\\u{200e}\\u{200f}\\u{61c}'],
    ['zero-width characters', 'a\u200bb\u200c\u200d\u2060', 'a\\u{200b}b\\u{200c}\\u{200d}\\u{2060}'],
    ['a soft hyphen', 'a\u00adb', 'a\\xadb'],
    ['the byte order mark', '\ufeff06', '\\u{feff}06'],
    ['line and paragraph separators', '\u2028\u2029', '\\u{2028}\\u{2029}'],
    ['a no-break space', '13\u00a0', '13\\xa0'],
    ['an ideographic and an em space', '\u3000\u2003', '\\u{3000}\\u{2003}'],
    ['letters that fonts leave blank', '\u3164\u2800', '\\u{3164}\\u{2800}'],
    ['annotations between lines', '\ufff9', '\\u{fff9}'],
    ['tag characters', '\u{e0041}', '\\u{e0041}'],
    ['half a character', 'a\ud83d', 'a\\u{d83d}'],
  ])('shows %s', (_, text, shown) => {
    expect(printable(text)).toBe(shown);
  });

  it.each(["Zoë O'Brien", 'מרים לוי', '日本語', '😀', 'CORP\\nina', 'a  b', 'e\u0301'])(
    'leaves %j as it is',
    (text) => {
      expect(printable(text)).toBe(text);
    },
  );

  it('changes nothing the second time', () => {
    const once = printable('a\n\u202e\\');
    expect(printable(once)).toBe(once);
  });
});

describe('quoted', () => {
  it('shows blanks at both ends', () => {
    expect(quoted(' anna ')).toBe('" anna "');
  });

  it('tells a line break from a backslash before an n', () => {
    expect(quoted('CORP\\nina')).toBe('"CORP\\\\nina"');
    expect(quoted('CORP\nina')).toBe('"CORP\\nina"');
  });

  it('keeps a quote from ending the value', () => {
    expect(quoted('x" ← operator.email')).toBe('"x\\" ← operator.email"');
  });
});

describe('cutting to a width', () => {
  it('leaves what fits', () => {
    expect(printableWithin('0123456789', 10)).toBe('0123456789');
    expect(quotedWithin('01234567', 10)).toBe('"01234567"');
  });

  it('keeps both ends', () => {
    expect(printableWithin('0123456789', 9)).toBe('0123…6789');
    expect(quotedWithin('0123456789', 9)).toBe('"012…789"');
  });

  it('never cuts an escape in two', () => {
    expect(printableWithin('ab\u202ecdef\u202e', 14)).toBe('ab…def\\u{202e}');
  });

  it('counts wide characters as two columns', () => {
    expect(printableWithin('日本語日本語', 7)).toBe('日…本語');
  });

  it('never parts a letter from its accent', () => {
    expect(printableWithin('e\u0301e\u0301e\u0301e\u0301', 3)).toBe('e\u0301…e\u0301');
  });
});
