import type { Database } from '../database/database.js';
import type { Column } from '../database/schema.js';
import type { TableName } from '../model/configuration.js';
import type { Layout } from './layout.js';

/** Columns of a table that refer to persons; whatever row does so to a card of ours keeps that card. */
export interface Reference {
  readonly table: Required<TableName>;
  readonly columns: readonly ReferringColumn[];
  readonly isDeclared: boolean;
  readonly isIndexed: boolean;
  /** Of the table. */
  readonly estimatedRows: number;
}

type ReferringColumn =
  | { readonly own: string; readonly target: string }
  /** Holds the person's key; its type may differ from the key's. */
  | { readonly own: string; readonly column: Column }
  /** Holds another column of the person, such as its login. */
  | { readonly own: string; readonly column: Column; readonly holds: Column };

/** All there are: foreign keys, the configured ones, and the link of other operators. */
export async function findReferences(database: Database, layout: Layout): Promise<Reference[]> {
  const declared = (await database.foreignKeysTo(layout.persons.name)).map(
    (key): Reference => ({ ...key, isDeclared: true }),
  );
  const link = layout.operators.columns.get(layout.configuration.operators.link);
  const named = [
    ...layout.references,
    ...(link === undefined ? [] : [{ table: layout.operators, column: link, holds: layout.personKey }]),
  ];
  const others: Reference[] = [];
  for (const { table, column, holds } of named) {
    const { name, estimatedRows } = table;
    const isKnown = [...declared, ...others].some((reference) => isAbout(reference, name, column.name));
    if (isKnown) continue;
    const isIndexed = await database.leadsIndex(name, column.name);
    const columns = [{ own: column.name, column, ...(holds !== layout.personKey && { holds }) }];
    others.push({ table: name, columns, isDeclared: false, isIndexed, estimatedRows });
  }
  return [...declared, ...others];
}

function isAbout({ table, columns }: Reference, name: Required<TableName>, column: string): boolean {
  return isSameTable(table, name) && columns.length === 1 && columns[0]?.own === column;
}

export const isSameTable = (one: TableName, other: TableName) =>
  one.schema === other.schema && one.name === other.name;

/** As people read it: `incident.caller_id`; with its schema where that is not the persons'. */
export function labelOf({ table, columns }: Reference, layout: Layout): string {
  const schema = table.schema === layout.persons.name.schema ? '' : `${table.schema}.`;
  const names = columns.map(({ own }) => own);
  return `${schema}${table.name}.${names.length === 1 ? names[0] : `(${names.join(', ')})`}`;
}
