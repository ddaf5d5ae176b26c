import type { Layout } from '../config/layout.js';
import type { Database } from '../database/database.js';
import type { Dialect } from '../database/dialect.js';
import type { Column } from '../database/schema.js';
import type { TableName } from '../model/configuration.js';

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
  | { readonly own: string; readonly column: Column };

/** All there are: foreign keys, the configured ones, and the link of other operators. */
export async function findReferences(database: Database, layout: Layout): Promise<Reference[]> {
  const declared = (await database.foreignKeysTo(layout.persons.name)).map(
    (key): Reference => ({ ...key, isDeclared: true }),
  );
  const link = layout.operators.columns.get(layout.configuration.operators.link);
  const named = [
    ...layout.references,
    ...(link === undefined ? [] : [{ table: layout.operators, column: link }]),
  ];
  const others: Reference[] = [];
  for (const { table, column } of named) {
    const { name, estimatedRows } = table;
    const isKnown = [...declared, ...others].some((reference) => isAbout(reference, name, column.name));
    if (isKnown) continue;
    const isIndexed = await database.leadsIndex(name, column.name);
    const columns = [{ own: column.name, column }];
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

/**
 * What refers to the card of the change `c`, the person `p`, as one text; NULL for nothing. Counted reference by
 * reference, each by its index, where there is one.
 */
export function usesSql(sql: Dialect, layout: Layout, references: readonly Reference[]): string {
  const counts = references.map((reference) => {
    const label = sql.literal(`${labelOf(reference, layout)} (`);
    const rows = `CASE COUNT(*) WHEN 1 THEN ' row)' ELSE ' rows)' END`;
    return `(SELECT CONCAT(${label}, COUNT(*), ${rows})
                 FROM ${sql.table(reference.table)} AS r
                WHERE ${refersSql(sql, layout, reference)}
               HAVING COUNT(*) > 0)`;
  });
  return counts.length === 0 ? 'NULL' : `NULLIF(CONCAT_WS(', ', ${counts.join(',\n               ')}), '')`;
}

function refersSql(sql: Dialect, layout: Layout, { table, columns }: Reference): string {
  const { operators, persons } = layout.configuration;
  const pairs = columns.map((each) => {
    const target = 'target' in each ? `p.${sql.identifier(each.target)}` : sql.asKey('c.person', each.column);
    return `r.${sql.identifier(each.own)} = ${target}`;
  });
  // The link of the operator at hand is what is taken back, and a card may refer to itself.
  const isLink = columns.some(({ own }) => own === operators.link);
  if (isSameTable(table, layout.operators.name) && isLink)
    pairs.push(`r.${sql.identifier(operators.key)} <> ${sql.asKey('c.operator', layout.operatorKey)}`);
  if (isSameTable(table, layout.persons.name))
    pairs.push(`r.${sql.identifier(persons.key)} <> p.${sql.identifier(persons.key)}`);
  return pairs.join(' AND ');
}
