import { withoutActing } from './acting.js';
import { printable } from './terminal/printable.js';

const LINE_BREAKS = /[\t\n\r\u2028\u2029]/g;
const PUNCTUATION = /[\\`*_{}[\]<>()#!|~&$@^]/g;

/**
 * A value of which nothing acts as Markdown or HTML, in a paragraph or the cell of a table. Addresses are no links:
 * renderers that follow CommonMark and GFM leave them alone; GitHub still turns e-mail addresses into links.
 */
export const inMarkdown = (text: string): string =>
  withoutActing(text.replace(LINE_BREAKS, printable))
    .replace(PUNCTUATION, '\\$&')
    .replace(/:(?=\/\/)/g, '\\:')
    .replace(/\bwww\./gi, (prefix) => `${prefix.slice(0, -1)}\\.`);

const LIST_OR_RULE = /^([-+=]|\d+(?=[.)]))/;

/** The same at the beginning of a line, where it could become a list, a heading, a rule or code as well. */
export const lineInMarkdown = (text: string): string =>
  inMarkdown(text.trimStart()).replace(LIST_OR_RULE, (start) =>
    start.length === 1 && /\D/.test(start) ? `\\${start}` : `${start}\\`,
  );
