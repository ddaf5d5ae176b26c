import type { Database } from '../database/database.js';
import type { JournalTable } from '../database/dialect.js';
import type { Session } from '../database/session.js';

/**
 * Whether the journal has this table: one that an earlier onecard made may lack it. Asked in the same session, since
 * the embedded database has no second one.
 */
export async function hasTable(
  session: Session,
  { dialect: sql, journal, identity }: Database,
  table: JournalTable,
): Promise<boolean> {
  const [row] = await session.rows<{ tables: string }>(
    `SELECT ${sql.text('COUNT(*)')} AS tables
  FROM information_schema.tables
 WHERE table_schema = ${sql.literal(journal.schema ?? identity.database)}
   AND table_name = ${sql.literal(`${journal.prefix}${table}`)}`,
  );
  return Number(row?.tables) > 0;
}
