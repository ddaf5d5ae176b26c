import { PRESETS } from '../config/presets.js';
import type { Catalog, CatalogTable } from '../database/catalog.js';

/** A preset that this database is. */
export interface RecognizedPreset {
  readonly name: keyof typeof PRESETS;
  readonly operators: string;
  readonly persons: string;
  /** What was held against the database. */
  readonly tables: readonly string[];
  readonly columns: number;
}

/** The preset of which every table and column is there; the most demanding one, if there are several. */
export function recognizePreset({ tables }: Catalog): RecognizedPreset | undefined {
  const recognized = (Object.keys(PRESETS) as (keyof typeof PRESETS)[]).flatMap((name) => {
    const needs = new Needs(PRESETS[name]);
    const isThere = [...needs.columns].every(([table, columns]) => {
      const found = findTable(tables, table);
      return found !== undefined && [...columns].every((column) => found.columns.has(column));
    });
    const columns = [...needs.columns.values()].reduce((sum, names) => sum + names.size, 0);
    return isThere
      ? [
          {
            name,
            operators: needs.operators,
            persons: needs.persons,
            tables: [...needs.columns.keys()],
            columns,
          },
        ]
      : [];
  });
  return recognized.toSorted((a, b) => b.columns - a.columns)[0];
}

const findTable = (tables: readonly CatalogTable[], label: string) =>
  tables.find(
    ({ name, isFoundByName }) =>
      (isFoundByName && name.name === label) || `${name.schema}.${name.name}` === label,
  );

type Tree = { readonly [key: string]: unknown };
const isTree = (value: unknown): value is Tree =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
const tableLabel = (table: unknown): string => {
  if (!isTree(table)) return String(table);
  const { schema, name } = table;
  return schema === undefined ? String(name) : `${schema}.${name}`;
};

/** The columns that a configuration names, by their tables; what a run may add is not among them. */
class Needs {
  readonly columns = new Map<string, Set<string>>();
  readonly operators: string;
  readonly persons: string;

  constructor(preset: Tree) {
    const operators = isTree(preset['operators']) ? preset['operators'] : {};
    const persons = isTree(preset['persons']) ? preset['persons'] : {};
    this.operators = tableLabel(operators['table']);
    this.persons = tableLabel(persons['table']);
    this.#side(operators, this.operators, ['link']);
    this.#side(persons, this.persons, ['ssp', 'caller']);
    this.#card(preset['card']);
    this.#volatile(preset['volatileColumns']);
    this.#references(preset['references']);
    const match = isTree(preset['match']) && isTree(preset['match']['keys']) ? preset['match']['keys'] : {};
    for (const key of Object.values(match)) {
      if (!isTree(key)) continue;
      this.#value(key['operator'], this.operators);
      this.#value(key['person'], this.persons);
    }
  }

  #need(table: string, column: unknown): void {
    const columns = this.columns.get(table) ?? new Set();
    this.columns.set(table, columns);
    if (typeof column === 'string') columns.add(column);
  }

  #side(side: Tree, table: string, added: readonly string[]): void {
    this.#need(table, undefined);
    for (const [option, value] of Object.entries(side)) {
      if (option === 'table') continue;
      // A column that is not there is added by the run; a row elsewhere has to be there.
      if (added.includes(option) && !(isTree(value) && 'row' in value)) continue;
      this.#value(value, table);
    }
  }

  #card(card: unknown): void {
    if (!isTree(card)) return;
    for (const [column, source] of Object.entries(card)) {
      this.#need(this.persons, column);
      if (isTree(source) && 'from' in source) this.#value(source['from'], this.operators);
    }
  }

  #volatile(columns: unknown): void {
    if (!isTree(columns)) return;
    this.#value(columns['operators'], this.operators);
    this.#value(columns['persons'], this.persons);
  }

  #references(references: unknown): void {
    if (!Array.isArray(references)) return;
    for (const reference of references) {
      if (!isTree(reference)) continue;
      this.#need(tableLabel(reference['table']), reference['column']);
      if ('holds' in reference) this.#need(this.persons, reference['holds']);
    }
  }

  /** A column, a list of them, a condition, or rows of another table. */
  #value(value: unknown, table: string): void {
    if (typeof value === 'string') this.#need(table, value);
    else if (Array.isArray(value)) for (const part of value) this.#value(part, table);
    else if (isTree(value)) this.#parts(value, table);
  }

  #parts(value: Tree, table: string): void {
    const there = 'table' in value ? tableLabel(value['table']) : table;
    if ('column' in value) this.#need(there, value['column']);
    if (isTree(value['on'])) {
      for (const [theirs, ours] of Object.entries(value['on'])) {
        this.#need(there, theirs);
        this.#need(table, ours);
      }
    }
    for (const part of ['all', 'any', 'not', 'row']) if (part in value) this.#value(value[part], table);
    if ('where' in value) this.#value(value['where'], there);
  }
}
