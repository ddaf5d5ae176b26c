import { charactersOf, cutInTheMiddle, widthOf } from './layout.js';
import { printable } from './unseen.js';

export { printable };

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
