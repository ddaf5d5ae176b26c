import type { TableName } from '../model/configuration.js';
import type { Column, Table, Trigger } from './schema.js';

/** A column as far as it takes to guess at its purpose. */
export interface CatalogColumn extends Column {
  /** Not read here: it takes a search of its own for each column. */
  readonly keySource: undefined;
}

/** A foreign key, seen from the table that has it. */
export interface OutgoingKey {
  readonly columns: readonly { readonly own: string; readonly target: string }[];
  readonly table: Required<TableName>;
}

export interface CatalogTable extends Table {
  readonly columns: ReadonlyMap<string, CatalogColumn>;
  readonly primaryKey: readonly string[];
  readonly foreignKeys: readonly OutgoingKey[];
  /** As the server writes them. */
  readonly checks: readonly string[];
  /** As far as this user may see them. */
  readonly triggers: readonly Trigger[];
  /** Its name alone finds it, without a schema. */
  readonly isFoundByName: boolean;
}

/** Every table, view and foreign table of the application that this user may see; not the journal. */
export interface Catalog {
  readonly tables: readonly CatalogTable[];
}
