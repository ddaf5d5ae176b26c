import { cardColumns, type Layout } from '../config/layout.js';
import type { Database } from '../database/database.js';
import { cardValueSql } from '../plan/expressions.js';

/**
 * Sends the run's own writes for no row at all: the server checks privileges, columns and types of a statement
 * before it looks for rows.
 * @throws OnecardError for what the server refuses, before anything was written.
 */
export async function preflight(database: Database, layout: Layout): Promise<void> {
  const { dialect: sql } = database;
  const { configuration, operators, persons } = layout;
  const fields = cardColumns(layout).filter((field) => persons.columns.has(field.column));
  const columns = [configuration.persons.key, ...fields.map((field) => field.column)]
    .map(sql.identifier)
    .join(', ');
  const key = sql.asKey(sql.newKey(layout.personKey, persons.name), layout.personKey);
  const values = [key, ...fields.map((field) => cardValueSql(sql, 'o', field))].join(', ');
  const link = operators.columns.has(configuration.operators.link)
    ? configuration.operators.link
    : configuration.operators.key;
  await database.transaction(async (session) => {
    await session.run(
      `INSERT INTO ${sql.table(persons.name)} (${columns}) SELECT ${values} FROM ${sql.table(operators.name)} AS o WHERE 1 = 0`,
    );
    await session.run(
      `UPDATE ${sql.table(operators.name)} SET ${sql.identifier(link)} = ${sql.identifier(link)} WHERE 1 = 0`,
    );
  });
}
