import { printable } from '../terminal/unseen.js';

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

/** A text as HTML, in an element or a quoted attribute; what nobody sees becomes visible. */
export function html(text: string): string {
  return printable(text).replace(/[&<>"']/g, (character) => ENTITIES[character] ?? '');
}

/** The same for a text from data, whose direction may be another than that of the page. */
export const isolated = (text: string) => `<bdi>${html(text)}</bdi>`;

const ACTS = /[<>&\u2028\u2029\p{C}]/gu;

/**
 * A value as JSON in a script element: no `<` can end the block, and no control or formatting character acts on
 * who reads the source of the page; as escapes, all of them survive, halves of characters included.
 */
export function jsonInScript(value: unknown): string {
  return JSON.stringify(value).replace(ACTS, (character) =>
    character
      .split('')
      .map((unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`)
      .join(''),
  );
}
