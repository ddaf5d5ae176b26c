import type { ReportValue } from '../../../model/report.js';
import { escaped, printable, UNSEEN } from '../../terminal/unseen.js';
import type { EmbeddedColumn } from '../embedded.js';
import { button, element } from './elements.js';

/** Longer values would fill the screen; the rest is one key away. */
const LONGEST = 400;

/** No line can be as long as this without a place to break it. */
const UNBROKEN = /[^\s-]{30}/;

const INSTANT = /^(\d{4}-\d\d-\d\d)T([\d:.]+)Z$/;

/** A value in the words of the page, before what nobody sees in it becomes visible. */
export function wordsOf(value: ReportValue | undefined, holds: EmbeddedColumn['holds']): string {
  if (value === null || value === undefined) return '';
  if (typeof value === 'boolean') return value ? 'yes' : 'no';
  const text = String(value);
  return holds === 'time' ? text.replace(INSTANT, '$1 $2 UTC') : text;
}

/** A text from data: isolated, what nobody sees in it visible, and cut where it is very long. */
export function shown(text: string): HTMLElement {
  const isolated = element('bdi', { class: UNBROKEN.test(text) ? 'unbroken' : undefined });
  if (text.length <= LONGEST) {
    isolated.append(...visible(text));
    return isolated;
  }
  const whole = button(`… show all ${text.length.toLocaleString('en-US')} characters`, () => {
    isolated.replaceChildren(...visible(text));
    isolated.tabIndex = -1;
    isolated.focus();
  });
  whole.className = 'more';
  isolated.append(...visible(beginningOf(text)), whole);
  return isolated;
}

/** Never ends in half a character. */
const beginningOf = (text: string) => text.slice(0, LONGEST).replace(/[\ud800-\udbff]$/, '');

/** Escapes are marked, so that they differ from a text that reads the same. */
function visible(text: string): (Node | string)[] {
  if (printable(text) === text) return [text];
  const parts: (Node | string)[] = [];
  let end = 0;
  for (const { 0: unseen, index } of text.matchAll(UNSEEN)) {
    parts.push(text.slice(end, index), element('span', { class: 'unseen' }, escaped(unseen)));
    end = index + unseen.length;
  }
  return [...parts, text.slice(end)];
}
