import { printable } from './terminal/printable.js';

/**
 * Characters that act on whoever shows a text: controls, and what turns the direction of writing round. Lone
 * surrogates are among them: a file cannot hold them, and would lose them silently.
 */
const ACTING = '\\p{Cc}\\p{Cs}\\u202a-\\u202e\\u2066-\\u2069';
const anyActing = new RegExp(`[${ACTING}]`, 'gu');
const actingInCells = new RegExp(`(?![\\t\\n\\r])[${ACTING}]`, 'gu');

/** Each of them as a visible escape, such as `\x1b`. */
export const withoutActing = (text: string) => text.replace(anyActing, printable);

/** The same for the cell of a spreadsheet, which may hold tabs and line breaks. */
export const withoutActingInCell = (text: string) => text.replace(actingInCells, printable);

const ASCII = /^[ -~]*$/;
const actingInJson = /[\p{Cc}\p{Cs}\p{Zl}\p{Zp}\u202a-\u202e\u2066-\u2069]/gu;

/** One line of JSON that does nothing to a terminal: what acts is escaped as JSON has it, and nothing is lost. */
export function jsonText(value: unknown): string {
  const text = JSON.stringify(value);
  return ASCII.test(text)
    ? text
    : text.replace(
        actingInJson,
        (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
      );
}
