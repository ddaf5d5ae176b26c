import { grouped } from '../grouped.js';
import { DISPOSABLE_MARK } from '../scratch.js';
import type { Session } from '../session.js';
import type { StoredTable } from '../stored-tables.js';
import { COLUMN_FIELDS, type ColumnRow, columnOf } from './inspect.js';
import { identifier } from './quoting.js';

/**
 * Those of the database at hand on which this user has a privilege; of others the server tells nothing. Rows that a
 * system-versioned table keeps of the past are no part of it.
 */
export async function storedTablesMysql(
  session: Session,
  journalTables: readonly string[],
): Promise<StoredTable[]> {
  const tables = await session.rows<{ schema: string; table: string }>(
    `SELECT TABLE_SCHEMA AS \`schema\`, TABLE_NAME AS \`table\`
       FROM information_schema.TABLES
      WHERE TABLE_SCHEMA = DATABASE() AND TABLE_TYPE IN ('BASE TABLE', 'SYSTEM VERSIONED')
      ORDER BY TABLE_NAME`,
  );
  const columns = grouped(
    await session.rows<ColumnRow & { table: string; may: string }>(
      `SELECT TABLE_NAME AS \`table\`, PRIVILEGES AS may, ${COLUMN_FIELDS}
         FROM information_schema.COLUMNS WHERE TABLE_SCHEMA = DATABASE()
        ORDER BY TABLE_NAME, ORDINAL_POSITION`,
    ),
    ({ table }) => table,
    (row) => ({ column: { ...columnOf(row), keySource: undefined }, may: row.may.split(',') }),
  );
  // Compared here, since the server would take names that differ in case for the same.
  const isOurs = ({ table }: { table: string }) =>
    table !== DISPOSABLE_MARK && !journalTables.includes(table);
  return tables.filter(isOurs).map(({ schema, table }) => {
    const kept = (columns.get(table) ?? []).filter(({ column }) => !column.isGenerated);
    return {
      name: { schema, name: table },
      label: table,
      rows: `${identifier(schema)}.${identifier(table)}`,
      columns: kept.map(({ column }) => column),
      isReadable: kept.length > 0 && kept.every(({ may }) => may.includes('select')),
    };
  });
}
