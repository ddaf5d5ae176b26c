import { printable } from '../../terminal/unseen.js';
import type { EmbeddedColumn } from '../embedded.js';
import { button, element } from './elements.js';
import { sortOf, type View } from './view.js';

/** The line of column titles, each a button that sorts. */
export class Heading {
  readonly element: HTMLTableSectionElement;
  readonly #cells: ReadonlyMap<string, HTMLTableCellElement>;

  /** @param sort asks for another order. */
  constructor(columns: readonly EmbeddedColumn[], sort: (order: string) => void) {
    this.#cells = new Map(
      columns.map(({ name, title, holds }) => {
        const press = button(printable(title), () => sort(this.#isAscending(name) ? `-${name}` : name));
        // Roles are said outright, since the style of narrow screens would take them away.
        return [name, element('th', { scope: 'col', role: 'columnheader', class: holds }, press)];
      }),
    );
    this.element = element(
      'thead',
      { role: 'rowgroup' },
      element('tr', { role: 'row' }, ...this.#cells.values()),
    );
  }

  show(view: Pick<View, 'sort'>): void {
    const sorted = sortOf(view);
    for (const [name, cell] of this.#cells) {
      const order = sorted.descending ? 'descending' : 'ascending';
      if (name === sorted.name) cell.setAttribute('aria-sort', order);
      else cell.removeAttribute('aria-sort');
    }
  }

  #isAscending(name: string): boolean {
    return this.#cells.get(name)?.getAttribute('aria-sort') === 'ascending';
  }
}
