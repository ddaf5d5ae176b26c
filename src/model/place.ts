import type { TableName } from './configuration.js';

/** A table as it is configured, `schema.table`: a restored copy of the database may have another name. */
export const placeOf = ({ schema, name }: TableName) =>
  schema === undefined ? part(name) : `${part(schema)}.${part(name)}`;

/** What the journal calls a column that a run has added. */
export const addedColumnName = (table: TableName, column: string) =>
  `${addedColumnsOf(table)}${part(column)}`;

/** What the names of all columns that were added to a table begin with. */
export const addedColumnsOf = (table: TableName) => `card-column:${placeOf(table)}.`;

/** With a point of its own, a name could be taken for two. */
const part = (name: string) => (/["\\.]/.test(name) ? JSON.stringify(name) : name);
