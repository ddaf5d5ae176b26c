import type { Layout } from '../config/layout.js';
import type { Database } from '../database/database.js';
import { isReadOnlyRefusal } from '../database/failures.js';

/**
 * Tries a write and expects the database to refuse it, before anything else is read. The statement touches no
 * row even where it is let through.
 * @throws Error where the session is not read-only after all.
 */
export async function proveReadOnly(database: Database, { configuration, operators }: Layout): Promise<void> {
  const { dialect: sql } = database;
  const key = sql.identifier(configuration.operators.key);
  try {
    await database.transaction((session) =>
      session.run(`UPDATE ${sql.table(operators.name)} SET ${key} = ${key} WHERE 1 = 0`),
    );
  } catch (error) {
    if (isReadOnlyRefusal(error)) return;
    throw error;
  }
  throw new Error('the database accepted a write in a session that has to be read-only; nothing was changed');
}
