import type { Layout } from '../config/layout.js';
import type { Database } from '../database/database.js';
import type { Table } from '../database/schema.js';
import type { TableName } from '../model/configuration.js';
import { addedColumnsOf } from '../model/place.js';

/** The application's tables to which runs have added columns, as the journal's own list of steps tells. */
export async function addedColumnTables(
  database: Database,
  { configuration, operators, persons }: Layout,
): Promise<Table['name'][]> {
  if (!(await database.hasJournal())) return [];
  const { schema, prefix } = database.journal;
  const steps = database
    .knex(`${schema === undefined ? '' : `${schema}.`}${prefix}migration`)
    .select('name')
    .where('name', 'like', 'card-column:%');
  const names = await database.transaction((session) => session.rows<{ name: string }>(steps));
  const isAltered = (table: TableName) => names.some(({ name }) => name.startsWith(addedColumnsOf(table)));
  return [
    ...(isAltered(configuration.operators.table) ? [operators.name] : []),
    ...(isAltered(configuration.persons.table) ? [persons.name] : []),
  ];
}
