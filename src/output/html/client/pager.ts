import { formatCount } from '../../terminal/amounts.js';
import { button, element, labelled } from './elements.js';
import { ROWS_PER_PAGE, type View } from './view.js';

type Turned = Pick<View, 'page' | 'rows'>;

/** Turns the pages of the table. */
export class Pager {
  readonly element: HTMLElement;
  readonly #page = element('input', { type: 'number', min: '1', step: '1', inputmode: 'numeric' });
  readonly #of = element('span', { class: 'of' });
  readonly #rows = element(
    'select',
    {},
    ...ROWS_PER_PAGE.map((rows) => element('option', { value: String(rows) }, formatCount(rows))),
  );
  readonly #back: readonly HTMLButtonElement[];
  readonly #forth: readonly HTMLButtonElement[];
  #pages = 1;
  #shown: Turned = { page: 1, rows: 1 };

  constructor(turn: (to: Turned) => void) {
    const to = (page: number) =>
      turn({ page: Math.min(Math.max(page, 1), this.#pages), rows: this.#shown.rows });
    this.#back = [button('First', () => to(1)), button('Previous', () => to(this.#shown.page - 1))];
    this.#forth = [button('Next', () => to(this.#shown.page + 1)), button('Last', () => to(this.#pages))];
    this.#page.addEventListener('change', () => to(Math.trunc(Number(this.#page.value)) || 1));
    // The row that was the first on the page stays on it.
    this.#rows.addEventListener('change', () => {
      const rows = Number(this.#rows.value);
      turn({ page: Math.floor(((this.#shown.page - 1) * this.#shown.rows) / rows) + 1, rows });
    });
    this.element = element(
      'nav',
      { class: 'pager', 'aria-label': 'Pages of the table' },
      ...this.#back,
      element('span', { class: 'place' }, labelled('Page', this.#page), this.#of),
      ...this.#forth,
      labelled('Rows per page', this.#rows),
    );
  }

  show(shown: Turned, pages: number): void {
    this.#shown = shown;
    this.#pages = pages;
    this.#page.value = String(shown.page);
    this.#page.max = String(pages);
    this.#of.textContent = `of ${formatCount(pages)}`;
    this.#rows.value = String(shown.rows);
    // Not `disabled`, which would take the focus away from who turned to the last page.
    for (const made of this.#back) made.setAttribute('aria-disabled', String(shown.page === 1));
    for (const made of this.#forth) made.setAttribute('aria-disabled', String(shown.page === pages));
  }
}
