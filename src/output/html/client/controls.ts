import { formatCount } from '../../terminal/amounts.js';
import { printable } from '../../terminal/unseen.js';
import type { EmbeddedColumn } from '../embedded.js';
import { button, element, labelled } from './elements.js';
import type { Choice } from './rows.js';
import { PLAIN_VIEW, type View } from './view.js';

type Asked = Pick<View, 'search' | 'filters' | 'sort'>;

/** No value of data: they stand behind this mark in the lists. */
const ALL = 'all';
const valueIn = (value: string) => `=${value}`;

/** Where a reader says which rows to show: a search, the filters, and for narrow screens the order. */
export class Controls {
  readonly element: HTMLElement;
  readonly #search = element('input', { type: 'search', autocomplete: 'off', spellcheck: 'false' });
  readonly #filters: ReadonlyMap<string, HTMLSelectElement>;
  readonly #sort: HTMLSelectElement;
  readonly #ask: (asked: Asked) => void;

  /** @param choices of each column that is filtered, by its name. */
  constructor(
    columns: readonly EmbeddedColumn[],
    choices: ReadonlyMap<string, readonly Choice[]>,
    ask: (asked: Asked) => void,
  ) {
    this.#ask = ask;
    this.#filters = new Map([...choices].map(([name, list]) => [name, filter(list)]));
    this.#sort = sortList(columns);
    this.#search.addEventListener('input', () => this.#asked());
    for (const list of [...this.#filters.values(), this.#sort]) {
      list.addEventListener('change', () => this.#asked());
    }
    const titleOf = (name: string) => columns.find((column) => column.name === name)?.title ?? name;
    const search = labelled('Search all rows', this.#search);
    search.className = 'search';
    const sort = labelled('Order', this.#sort);
    sort.className = 'sort';
    const clear = button('Clear', () => {
      this.show(PLAIN_VIEW);
      this.#asked();
      this.#search.focus();
    });
    this.element = element(
      'div',
      { role: 'search', class: 'controls' },
      search,
      ...[...this.#filters].map(([name, list]) => labelled(printable(titleOf(name)), list)),
      sort,
      clear,
    );
  }

  show({ search, filters, sort }: Asked): void {
    this.#search.value = search;
    this.#sort.value = sort;
    for (const [name, list] of this.#filters) choose(list, filters[name]);
  }

  /** What was asked, in words, for a reader who sees no controls. */
  inWords(): string[] {
    const lists = [...this.#filters.values(), this.#sort].filter((list) => list.selectedIndex > 0);
    return [
      ...(this.#search.value.trim() === '' ? [] : [`search: ${printable(this.#search.value)}`]),
      ...lists.map((list) => {
        const label = list.labels[0]?.firstElementChild?.textContent ?? '';
        return `${label.toLowerCase()}: ${list.selectedOptions[0]?.text ?? ''}`;
      }),
    ];
  }

  #asked(): void {
    const chosen = [...this.#filters]
      .filter(([, list]) => list.value !== ALL)
      .map(([name, list]) => [name, list.value.slice(1)] as const);
    this.#ask({
      search: this.#search.value,
      filters: Object.fromEntries(chosen),
      sort: this.#sort.value,
    });
  }
}

function filter(choices: readonly Choice[]): HTMLSelectElement {
  return element('select', {}, element('option', { value: ALL }, 'all'), ...choices.map(option));
}

function option({ value, count }: Choice): HTMLOptionElement {
  const words = value === '' ? 'none' : printable(value);
  return element('option', { value: valueIn(value) }, `${words} (${formatCount(count)})`);
}

/** An address may name what no row has: that is shown, too. */
function choose(list: HTMLSelectElement, value: string | undefined): void {
  list.value = value === undefined ? ALL : valueIn(value);
  if (list.selectedIndex !== -1 || value === undefined) return;
  list.append(option({ value, count: 0 }));
  list.value = valueIn(value);
}

function sortList(columns: readonly EmbeddedColumn[]): HTMLSelectElement {
  const orders = columns.flatMap(({ name, title }) => [
    element('option', { value: name }, `${printable(title)}, ascending`),
    element('option', { value: `-${name}` }, `${printable(title)}, descending`),
  ]);
  return element('select', {}, element('option', { value: '' }, 'as reported'), ...orders);
}
