import type { StoredTable } from '../database/stored-tables.js';
import { OnecardError } from '../errors.js';
import type { Configuration, TableName } from '../model/configuration.js';

/** The part of a configuration that says what a migration is about. */
interface Sides extends Pick<Configuration, 'volatileColumns'> {
  readonly operators: { readonly table: TableName };
  readonly persons: { readonly table: TableName };
}

/** What of a database is held against what it was. */
export class Scope {
  readonly ignoredTables: readonly string[];
  readonly #moving: readonly { readonly table: TableName; readonly columns: readonly string[] }[];

  /**
   * @param ignoredTables labels, or names with schema, of tables that may change.
   * @throws OnecardError for those that the migration is about.
   */
  constructor({ operators, persons, volatileColumns }: Sides, ignoredTables: readonly string[]) {
    const own = [operators.table, persons.table];
    const refused = ignoredTables.find((name) => own.some((table) => isNamed(table, name)));
    if (refused !== undefined)
      throw new OnecardError(`--ignore-table ${refused}: this table is what the rehearsal is about.`, {
        remedy: 'For a column that the application moves by itself, name it in volatileColumns.',
      });
    this.ignoredTables = ignoredTables;
    this.#moving = [
      { table: operators.table, columns: volatileColumns.operators },
      { table: persons.table, columns: volatileColumns.persons },
    ];
  }

  /** @throws OnecardError where a table that may change is not there: a proof would be weaker than it looks. */
  without(tables: readonly StoredTable[]): StoredTable[] {
    const unknown = this.ignoredTables.find((name) => !tables.some((table) => isCalled(table, name)));
    if (unknown !== undefined)
      throw new OnecardError(`--ignore-table ${unknown}: there is no such table.`, {
        remedy: `Name one of ${tables.map(({ label }) => label).join(', ')}.`,
      });
    return tables.filter((table) => !this.ignoredTables.some((name) => isCalled(table, name)));
  }

  /** Whether the application moves the column by itself, so that nothing can put it back. */
  isVolatile({ name, label }: StoredTable, column: string): boolean {
    return this.#moving.some(
      ({ table, columns }) =>
        table.name === name.name &&
        (table.schema === undefined ? label === name.name : table.schema === name.schema) &&
        columns.includes(column),
    );
  }
}

const isNamed = ({ schema, name }: TableName, text: string) =>
  text === name || (schema !== undefined && text === `${schema}.${name}`);

const isCalled = ({ name, label }: StoredTable, text: string) =>
  text === label || text === `${name.schema}.${name.name}`;
