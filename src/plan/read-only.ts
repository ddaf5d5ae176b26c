import type { Database } from '../database/database.js';
import { isReadOnlyRefusal } from '../database/failure-kinds.js';

/**
 * There is no such view: were the statement let through, it would do nothing. Servers refuse a change of the
 * schema in a read-only session before they ask for privileges, so that a role with SELECT alone can try it;
 * an UPDATE, MariaDB would deny such a role for its privileges, which proves nothing about the session.
 */
const PROBE = 'DROP VIEW IF EXISTS onecard_tries_to_write';

/**
 * Tries a write and expects the database to refuse it, before anything else is read.
 * @throws Error where the session is not read-only after all.
 */
export async function proveReadOnly(database: Database): Promise<void> {
  try {
    await database.transaction((session) => session.run(PROBE));
  } catch (error) {
    if (isReadOnlyRefusal(error)) return;
    throw error;
  }
  throw new Error('the database accepted a write in a session that has to be read-only; nothing was changed');
}
