import { charactersOf, cutInTheMiddle, widthOf } from './layout.js';

/**
 * Everything that acts on a terminal or that nobody sees: controls, formatting characters (bidirectional overrides,
 * zero-width characters, the byte order mark), lone surrogates, line separators, every blank other than the
 * plain one, and letters that fonts leave blank.
 */
const UNSEEN = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}\u2800]|(?! )\p{Zs}/gu;

const NAMED: Readonly<Record<string, string>> = { '\n': '\\n', '\r': '\\r', '\t': '\\t' };

function escaped(character: string): string {
  const code = character.codePointAt(0) ?? 0;
  const hex = code.toString(16);
  return NAMED[character] ?? (code < 0x100 ? `\\x${hex.padStart(2, '0')}` : `\\u{${hex}}`);
}

/** A value as a reader may safely see it: what acts or hides becomes an escape such as `\n`, `\x1b`, `\u{202e}`. */
export function printable(text: string): string {
  return text.replace(UNSEEN, escaped);
}

/** The same in double quotes, which show blanks at the ends; backslashes and quotes of its own are escaped. */
export function quoted(text: string): string {
  return `"${inQuotes(text)}"`;
}

function inQuotes(text: string): string {
  return printable(text.replace(/[\\"]/g, '\\$&'));
}

/** `printable`, cut in the middle where it is wider than `width` columns; an escape is never cut in two. */
export function printableWithin(text: string, width: number): string {
  return within(text, width, printable);
}

/** `quoted`, cut in the middle where it is wider than `width` columns. */
export function quotedWithin(text: string, width: number): string {
  return `"${within(text, width - 2, inQuotes)}"`;
}

function within(text: string, width: number, show: (text: string) => string): string {
  const whole = show(text);
  return widthOf(whole) <= width ? whole : cutInTheMiddle(charactersOf(text).map(show), width);
}
