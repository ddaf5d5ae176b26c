import type { Layout } from '../config/layout.js';
import type { Database } from '../database/database.js';
import type { Table } from '../database/schema.js';

/** The application's tables to which runs have added columns, as the journal's own list of steps tells. */
export async function addedColumnTables(
  database: Database,
  { operators, persons }: Layout,
): Promise<Table['name'][]> {
  if (!(await database.hasJournal())) return [];
  const { schema, prefix } = database.journal;
  const steps = database
    .knex(`${schema === undefined ? '' : `${schema}.`}${prefix}migration`)
    .select('name')
    .where('name', 'like', 'card-column:%');
  const names = await database.transaction((session) => session.rows<{ name: string }>(steps));
  return [operators.name, persons.name].filter((table) =>
    names.some(({ name }) => name.startsWith(`card-column:${table.name}.`)),
  );
}
