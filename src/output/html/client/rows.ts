import type { ReportValue } from '../../../model/report.js';
import type { EmbeddedColumn, EmbeddedRow } from '../embedded.js';
import { inOrder } from './order.js';
import { searchable, wordsToFind } from './search.js';
import { wordsOf } from './value.js';
import { sortOf, type View } from './view.js';

/** A value of a column, and how many rows have it. */
export interface Choice {
  readonly value: string;
  readonly count: number;
}

/** All rows of the table, known by their places in the order of the report. */
export class Rows {
  readonly columns: readonly EmbeddedColumn[];
  readonly #rows: EmbeddedRow[] = [];
  /** Of each row, what a search looks at. */
  readonly #searchable: string[] = [];
  /** Sorting takes longest: kept until another order is asked for. */
  #sorted: { readonly sort: string; readonly places: Uint32Array } | undefined;

  constructor(columns: readonly EmbeddedColumn[]) {
    this.columns = columns;
  }

  get count(): number {
    return this.#rows.length;
  }

  add(rows: readonly EmbeddedRow[]): void {
    for (const row of rows) {
      this.#rows.push(row);
      this.#searchable.push(searchable(row, this.columns));
    }
  }

  at(place: number): EmbeddedRow {
    return this.#rows[place] ?? [];
  }

  /** The rows that a view has, in its order. */
  select(view: View): Uint32Array {
    const words = wordsToFind(view.search);
    const filters = Object.entries(view.filters).map(([name, value]) => ({
      place: this.#placeOf(name),
      value,
    }));
    return this.#inOrder(view).filter((place) => {
      const text = this.#searchable[place] ?? '';
      return (
        words.every((word) => text.includes(word)) &&
        filters.every((filter) => this.#words(place, filter.place) === filter.value)
      );
    });
  }

  #inOrder(view: View): Uint32Array {
    if (this.#sorted?.sort !== view.sort) this.#sorted = { sort: view.sort, places: this.#sort(view) };
    return this.#sorted.places;
  }

  #sort(view: View): Uint32Array {
    const { name, descending } = sortOf(view);
    const place = this.#placeOf(name);
    const column = this.columns[place];
    if (column === undefined) return Uint32Array.from(this.#rows.keys());
    return inOrder(this.#valuesOf(place), column, descending);
  }

  /** What there is to choose from in a column, in the order of the alphabet. */
  choices(name: string): Choice[] {
    const counts = new Map<string, number>();
    const place = this.#placeOf(name);
    for (const row of this.#rows.keys()) {
      const value = this.#words(row, place);
      counts.set(value, (counts.get(value) ?? 0) + 1);
    }
    const { compare } = new Intl.Collator(undefined, { numeric: true });
    return [...counts].map(([value, count]) => ({ value, count })).sort((a, b) => compare(a.value, b.value));
  }

  /** The place of the row that has this value in this column. */
  find(column: EmbeddedColumn, value: string): number | undefined {
    const place = this.#placeOf(column.name);
    const row = this.#rows.findIndex((_, index) => this.#words(index, place) === value);
    return row === -1 ? undefined : row;
  }

  #placeOf(name: string): number {
    return this.columns.findIndex((column) => column.name === name);
  }

  #valuesOf(place: number): ReportValue[] {
    return this.#rows.map((row) => row[place] ?? null);
  }

  #words(row: number, place: number): string {
    return wordsOf(this.#rows[row]?.[place], this.columns[place]?.holds ?? 'text');
  }
}
