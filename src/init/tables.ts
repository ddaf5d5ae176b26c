import type { CatalogColumn, CatalogTable } from '../database/catalog.js';
import type { TableName } from '../model/configuration.js';
import { wordsOf } from './names.js';
import type { Plain } from './proposal.js';

export const isSameName = (one: TableName, other: TableName) =>
  one.schema === other.schema && one.name === other.name;

/** As the configuration names a table. */
export function tablePlain({ name: { schema, name }, isFoundByName }: CatalogTable): Plain {
  if (isFoundByName) return name.includes('.') ? { name } : name;
  const isOdd = name.includes('.') || (schema ?? '').includes('.');
  return isOdd || schema === undefined
    ? { ...(schema !== undefined && { schema }), name }
    : `${schema}.${name}`;
}

/** As people read it. */
export const labelOf = ({ name: { schema, name }, isFoundByName }: CatalogTable) =>
  isFoundByName || schema === undefined ? name : `${schema}.${name}`;

/**
 * The one column that tells the rows apart: the primary key, or a required column with a unique index.
 * undefined where it takes several.
 */
export function keyOf(table: CatalogTable): CatalogColumn | undefined {
  const [primary, ...more] = table.primaryKey;
  if (primary !== undefined && more.length === 0) return table.columns.get(primary);
  return table.uniqueIndexes
    .flatMap(([only, ...others]) =>
      only === undefined || others.length > 0 ? [] : [table.columns.get(only)],
    )
    .find((column) => column !== undefined && !column.nullable);
}

/** Values of one may be keys of the other. */
export function mayHoldKeys(column: CatalogColumn, key: CatalogColumn): boolean {
  const isKeyLike = ({ family }: CatalogColumn) => family === 'text' || family === 'uuid';
  return column.family === key.family ? column.family !== 'boolean' : isKeyLike(column) && isKeyLike(key);
}

/** The single-column foreign keys of a column. */
export const foreignKeyOf = (table: CatalogTable, column: string) =>
  table.foreignKeys.find(({ columns }) => columns.length === 1 && columns[0]?.own === column);

/** The first word of most names, such as `glpi` of `glpi_users`: it says nothing. */
export function commonPrefix(tables: readonly CatalogTable[]): string | undefined {
  const counts = new Map<string, number>();
  for (const { name } of tables) {
    const [first, ...more] = wordsOf(name.name);
    if (first !== undefined && more.length > 0) counts.set(first, (counts.get(first) ?? 0) + 1);
  }
  const [most] = [...counts].toSorted((a, b) => b[1] - a[1]);
  return most !== undefined && most[1] >= Math.max(3, tables.length * 0.6) ? most[0] : undefined;
}
