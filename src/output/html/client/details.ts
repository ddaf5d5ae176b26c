import { HISTORY } from '../embedded.js';
import { element } from './elements.js';
import type { RowDetails } from './embedded-data.js';
import { shown, wordsOf } from './value.js';

const TITLES: Readonly<Record<(typeof HISTORY)[number], string>> = {
  at: 'When',
  run: 'Run',
  decision: 'Decision',
  reason: 'Reason',
  action: 'Action',
  state: 'State',
  person: 'Person',
  why: 'Why',
};

/** What opens below a row. */
export function detailsPanel({ card, evidence, candidates, history }: RowDetails): DocumentFragment {
  const panel = document.createDocumentFragment();
  panel.append(
    part('Person card', 'card', card.length === 0 ? none('It has no person card.') : cardList(card)),
    part('Evidence', 'evidence', list(evidence, 'There is none.')),
    part('Candidates', 'candidates', list(candidates, 'There are none.')),
    part(
      'History',
      'history',
      history.length === 0 ? none('No run decided about it.') : historyTable(history),
    ),
  );
  return panel;
}

function part(title: string, name: string, content: Node): HTMLElement {
  return element('section', { class: name }, element('h3', {}, title), content);
}

const none = (words: string) => element('p', { class: 'none' }, words);

function list(texts: readonly string[], otherwise: string): HTMLElement {
  if (texts.length === 0) return none(otherwise);
  return element('ul', {}, ...texts.map((text) => element('li', {}, shown(text))));
}

function cardList(card: RowDetails['card']): HTMLElement {
  const fields = card.map(([column, value]) =>
    element(
      'div',
      {},
      element('dt', {}, shown(column)),
      element('dd', {}, value === null ? element('span', { class: 'none' }, 'NULL') : shown(value)),
    ),
  );
  return element('dl', {}, ...fields);
}

function historyTable(history: RowDetails['history']): HTMLElement {
  const titles = HISTORY.map((field) => element('th', { scope: 'col', role: 'columnheader' }, TITLES[field]));
  const entries = history.map((entry) =>
    element(
      'tr',
      { role: 'row' },
      ...HISTORY.map((field, place) => {
        const words = wordsOf(entry[place], field === 'at' ? 'time' : 'text');
        return element(
          'td',
          { role: 'cell', 'data-title': TITLES[field], class: words === '' ? 'empty' : undefined },
          shown(words),
        );
      }),
    ),
  );
  return element(
    'table',
    { role: 'table', class: 'stacks', 'aria-label': 'History' },
    element('thead', { role: 'rowgroup' }, element('tr', { role: 'row' }, ...titles)),
    element('tbody', { role: 'rowgroup' }, ...entries),
  );
}
