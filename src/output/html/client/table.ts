import { formatCount } from '../../terminal/amounts.js';
import { printable } from '../../terminal/unseen.js';
import type { EmbeddedColumn, EmbeddedTable } from '../embedded.js';
import { Body } from './body.js';
import { Controls } from './controls.js';
import { element } from './elements.js';
import type { Details } from './embedded-data.js';
import { Heading } from './heading.js';
import { Pager } from './pager.js';
import { printed } from './printing.js';
import type { Rows } from './rows.js';
import { wordsOf } from './value.js';
import { fragmentOf, PLAIN_VIEW, sortOf, type View, viewOf } from './view.js';
import { columnWidths } from './widths.js';

/** Browsers refuse to be told a new address with every letter typed. In milliseconds. */
const ADDRESS_DELAY = 300;

/** The table and what is around it: shows what a view asks for, and keeps the view in the address. */
export class Table {
  readonly #rows: Rows;
  readonly #filters: readonly string[];
  /** What links to a row go by. */
  readonly #key: EmbeddedColumn | undefined;
  readonly #controls: Controls;
  readonly #heading: Heading;
  readonly #body: Body;
  readonly #pager: Pager;
  readonly #status = element('p', { role: 'status' });
  readonly #caption = element('caption');
  readonly #printed = element('p', { class: 'printed' });
  readonly #scroller: HTMLElement;
  #view = PLAIN_VIEW;
  /** The rows of the view. */
  #places: Uint32Array = new Uint32Array();
  #address: ReturnType<typeof setTimeout> | undefined;

  constructor(
    section: HTMLElement,
    rows: Rows,
    { columns, filters }: EmbeddedTable,
    details: Details | undefined,
  ) {
    this.#rows = rows;
    this.#filters = filters;
    this.#key = columns.find(({ holds }) => holds === 'key');
    const choices = new Map(filters.map((name) => [name, rows.choices(name)]));
    this.#controls = new Controls(columns, choices, (asked) => this.#ask({ ...asked, page: 1 }));
    this.#heading = new Heading(columns, (sort) => this.#ask({ sort, page: 1 }));
    this.#body = new Body(rows, details, (place) => this.#addressOf(place));
    this.#pager = new Pager((turned) => this.#ask(turned));
    const { group, characters } = columnWidths(rows);
    const table = element(
      'table',
      { role: 'table', class: 'rows stacks' },
      this.#caption,
      group,
      this.#heading.element,
      this.#body.element,
    );
    table.style.setProperty('--all-characters', String(characters));
    table.style.setProperty('--columns', String(columns.length));
    this.#scroller = element(
      'div',
      { class: 'scroller', role: 'region', 'aria-label': 'Rows', tabindex: '0' },
      table,
    );
    section.append(this.#controls.element, this.#status, this.#printed, this.#scroller, this.#pager.element);
    this.#followAddress();
    this.#followPrinter();
    followSkipLink(section);
  }

  /** Shows what the address asks for. */
  readAddress(): void {
    const fragment = new URLSearchParams(location.hash.slice(1));
    this.#view = viewOf(fragment, this.#filters);
    this.#controls.show(this.#view);
    this.#places = this.#rows.select(this.#view);
    const key = this.#key === undefined ? null : fragment.get(this.#key.name);
    if (key === null) this.#show();
    else this.#open(key);
  }

  #ask(asked: Partial<View>): void {
    const before = this.#view;
    this.#view = { ...before, ...asked };
    const turned = before.page !== this.#view.page || before.rows !== this.#view.rows;
    if (!turned || asked.sort !== undefined) {
      this.#controls.show(this.#view);
      this.#places = this.#rows.select(this.#view);
    }
    this.#show();
    this.#scroller.scrollTop = 0;
    clearTimeout(this.#address);
    this.#address = setTimeout(() => this.#writeAddress(), ADDRESS_DELAY);
  }

  #show(): void {
    const { rows } = this.#view;
    const pages = Math.max(1, Math.ceil(this.#places.length / rows));
    const page = Math.min(this.#view.page, pages);
    this.#view = { ...this.#view, page };
    const begin = (page - 1) * rows;
    const places = this.#places.subarray(begin, begin + rows);
    this.#heading.show(this.#view);
    this.#body.show(places);
    this.#pager.show(this.#view, pages);
    this.#say(
      places.length === 0
        ? 'No row'
        : `Rows ${formatCount(begin + 1)} to ${formatCount(begin + places.length)}`,
    );
  }

  #say(which: string): void {
    const [found, all] = [this.#places.length, this.#rows.count];
    const count =
      found === all ? `${formatCount(all)} rows` : `${formatCount(found)} of ${formatCount(all)} rows`;
    this.#status.textContent = count;
    const { name, descending } = sortOf(this.#view);
    const column = this.#rows.columns.find((candidate) => candidate.name === name);
    const order = column && `, by ${printable(column.title)}, ${descending ? 'descending' : 'ascending'}`;
    this.#caption.textContent = `${which}, ${count}${order ?? ''}`;
  }

  #open(key: string): void {
    const column = this.#key;
    const row = column && this.#rows.find(column, key);
    const index = row === undefined ? -1 : this.#places.indexOf(row);
    if (index !== -1) this.#view = { ...this.#view, page: Math.floor(index / this.#view.rows) + 1 };
    this.#show();
    if (row !== undefined && index !== -1) this.#body.open(row);
    else this.#status.textContent += `; ${printable(key)} is not among them`;
  }

  /** Of a row alone, whatever is searched for now. */
  #addressOf(place: number): string | undefined {
    if (this.#key === undefined) return undefined;
    const key = this.#rows.at(place)[this.#rows.columns.indexOf(this.#key)];
    const words = wordsOf(key, this.#key.holds);
    return words === '' ? undefined : `#${new URLSearchParams([[this.#key.name, words]])}`;
  }

  #writeAddress(): void {
    const fragment = fragmentOf(this.#view).toString();
    history.replaceState(null, '', fragment === '' ? location.pathname + location.search : `#${fragment}`);
  }

  #followAddress(): void {
    addEventListener('hashchange', () => {
      clearTimeout(this.#address);
      this.readAddress();
    });
  }

  #followPrinter(): void {
    addEventListener('beforeprint', () => {
      const { rows, words } = printed(this.#places, this.#rows.count, this.#controls.inWords());
      this.#printed.textContent = words;
      this.#body.show(rows);
    });
    addEventListener('afterprint', () => this.#show());
  }
}

/** By hand, since the fragment of the address holds the view. */
function followSkipLink(section: HTMLElement): void {
  document.querySelector('a.skip')?.addEventListener('click', (event) => {
    event.preventDefault();
    section.focus();
  });
}
