import { printable } from '../../terminal/unseen.js';
import { detailsPanel } from './details.js';
import { element } from './elements.js';
import type { Details } from './embedded-data.js';
import type { Rows } from './rows.js';
import { shown, wordsOf } from './value.js';

/** The rows that are on the page, with what is open below them. */
export class Body {
  readonly element = element('tbody', { role: 'rowgroup' });
  readonly #rows: Rows;
  readonly #details: Details | undefined;
  /** The places of those that are open, whether they are on the page or not. */
  readonly #open = new Set<number>();
  /** The address of a row, for whoever wants to show it to others. */
  readonly #addressOf: (place: number) => string | undefined;

  /** @param details without them, no row opens. */
  constructor(rows: Rows, details: Details | undefined, addressOf: (place: number) => string | undefined) {
    this.#rows = rows;
    this.#details = details;
    this.#addressOf = addressOf;
  }

  show(places: Iterable<number>): void {
    const rows = document.createDocumentFragment();
    for (const place of places) {
      const row = this.#row(place);
      rows.append(row);
      if (this.#open.has(place)) this.#unfold(row, place);
    }
    this.element.replaceChildren(rows);
  }

  /** Opens a row, and goes there where it is on the page. */
  open(place: number): void {
    const opener = this.element.querySelector<HTMLButtonElement>(`button[data-row="${place}"]`);
    if (!this.#open.has(place)) {
      if (opener === null) this.#open.add(place);
      else this.#toggle(place, opener);
    }
    const target = opener ?? this.element.querySelector<HTMLElement>(`tr[data-row="${place}"]`);
    target?.closest('tr')?.scrollIntoView({ block: 'center' });
    opener?.focus({ preventScroll: true });
  }

  #row(place: number): HTMLTableRowElement {
    const values = this.#rows.at(place);
    const row = element('tr', { role: 'row', 'data-row': String(place) });
    for (const [index, column] of this.#rows.columns.entries()) {
      const words = wordsOf(values[index], column.holds);
      const isFirst = index === 0;
      const cell = element(
        isFirst ? 'th' : 'td',
        {
          role: isFirst ? 'rowheader' : 'cell',
          scope: isFirst ? 'row' : undefined,
          class: words === '' ? `${column.holds} empty` : column.holds,
          'data-title': printable(column.title),
        },
        shown(words),
      );
      if (isFirst && this.#details !== undefined) cell.prepend(this.#opener(place, words));
      row.append(cell);
    }
    return row;
  }

  #opener(place: number, name: string): HTMLButtonElement {
    const opener = element('button', {
      type: 'button',
      class: 'opener',
      'aria-expanded': 'false',
      'aria-label': `Details of ${printable(name)}`,
      'data-row': String(place),
    });
    opener.addEventListener('click', () => this.#toggle(place, opener));
    return opener;
  }

  #toggle(place: number, opener: HTMLButtonElement): void {
    const row = opener.closest('tr');
    if (row === null) return;
    if (this.#open.delete(place)) {
      row.nextElementSibling?.remove();
      opener.setAttribute('aria-expanded', 'false');
      opener.removeAttribute('aria-controls');
      return;
    }
    this.#open.add(place);
    row.after(this.#panelOf(row, place));
  }

  #unfold(row: HTMLTableRowElement, place: number): void {
    row.after(this.#panelOf(row, place));
  }

  #panelOf(row: HTMLTableRowElement, place: number): HTMLTableRowElement {
    const id = `details-${place}`;
    const opener = row.querySelector('button.opener');
    opener?.setAttribute('aria-expanded', 'true');
    opener?.setAttribute('aria-controls', id);
    const panel = element('div', { class: 'panel' });
    if (this.#details !== undefined) panel.append(detailsPanel(this.#details.of(place)));
    const address = this.#addressOf(place);
    if (address !== undefined) {
      panel.append(element('p', { class: 'address' }, element('a', { href: address }, 'Link to this row')));
    }
    const cell = element('td', { role: 'cell', colspan: String(this.#rows.columns.length) }, panel);
    return element('tr', { role: 'row', class: 'details', id }, cell);
  }
}
