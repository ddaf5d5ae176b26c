/**
 * Everything that acts on a terminal or that nobody sees: controls, formatting characters (bidirectional overrides,
 * zero-width characters, the byte order mark), lone surrogates, line separators, every blank other than the
 * plain one, and letters that fonts leave blank.
 */
export const UNSEEN = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}\u2800]|(?! )\p{Zs}/gu;

const NAMED: Readonly<Record<string, string>> = { '\n': '\\n', '\r': '\\r', '\t': '\\t' };

/** Such a character as an escape. */
export function escaped(character: string): string {
  const code = character.codePointAt(0) ?? 0;
  const hex = code.toString(16);
  return NAMED[character] ?? (code < 0x100 ? `\\x${hex.padStart(2, '0')}` : `\\u{${hex}}`);
}

/** A value as a reader may safely see it: what acts or hides becomes an escape such as `\n`, `\x1b`, `\u{202e}`. */
export function printable(text: string): string {
  return text.replace(UNSEEN, escaped);
}
