import { grouped } from '../grouped.js';
import { DISPOSABLE_MARK } from '../scratch.js';
import type { Session } from '../session.js';
import type { StoredTable } from '../stored-tables.js';
import { JOURNAL_SCHEMA, postgresDialect as sql } from './dialect.js';
import { BASE_TYPE, COLUMN_FIELDS, type ColumnRow, columnOf } from './inspect.js';

/** Partitions are read with the table that they belong to; heirs have rows of their own. */
const OURS = `c.relkind IN ('r', 'p') AND NOT c.relispartition
        AND n.nspname NOT LIKE 'pg\\_%' AND n.nspname NOT IN ('information_schema', ${sql.literal(JOURNAL_SCHEMA)})
        AND c.relname <> ${sql.literal(DISPOSABLE_MARK)}`;

const KEPT = `a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated = ''`;

/** From the catalogs, which every role may see; a table under a policy that hides rows is not readable. */
export async function storedTablesPostgres(session: Session): Promise<StoredTable[]> {
  const tables = await session.rows<{
    oid: string;
    schema: string;
    name: string;
    partitioned: boolean;
    visible: boolean;
    readable: boolean;
  }>(
    `SELECT CAST(c.oid AS text) AS oid, n.nspname AS schema, c.relname AS name, c.relkind = 'p' AS partitioned,
            pg_table_is_visible(c.oid) AS visible,
            has_schema_privilege(n.oid, 'USAGE') AND NOT row_security_active(c.oid)
              AND (has_table_privilege(c.oid, 'SELECT')
                   OR (has_any_column_privilege(c.oid, 'SELECT')
                       AND NOT EXISTS (SELECT FROM pg_attribute a
                                        WHERE a.attrelid = c.oid AND ${KEPT}
                                          AND NOT has_column_privilege(c.oid, a.attnum, 'SELECT')))) AS readable
       FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
      WHERE ${OURS}
      ORDER BY n.nspname, c.relname`,
  );
  const columns = grouped(
    await session.rows<ColumnRow & { oid: string }>(
      `SELECT CAST(c.oid AS text) AS oid, ${COLUMN_FIELDS}
         FROM pg_attribute a
         JOIN pg_type t ON t.oid = a.atttypid
         ${BASE_TYPE}
         JOIN pg_class c ON c.oid = a.attrelid
         JOIN pg_namespace n ON n.oid = c.relnamespace
        WHERE ${OURS} AND ${KEPT}
        ORDER BY c.oid, a.attnum`,
    ),
    ({ oid }) => oid,
    (row) => ({ ...columnOf(row), keySource: undefined }),
  );
  return tables.map(({ oid, schema, name, partitioned, visible, readable }) => ({
    name: { schema, name },
    label: visible ? name : `${schema}.${name}`,
    rows: `${partitioned ? '' : 'ONLY '}${sql.table({ schema, name })}`,
    columns: columns.get(oid) ?? [],
    isReadable: readable,
  }));
}
