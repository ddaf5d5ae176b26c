import type { Catalog, CatalogColumn, CatalogTable, OutgoingKey } from '../catalog.js';
import { grouped } from '../grouped.js';
import type { Trigger } from '../schema.js';
import type { Session } from '../session.js';
import { JOURNAL_PREFIX } from './dialect.js';
import { COLUMN_FIELDS, type ColumnRow, columnOf } from './inspect.js';

const OURS = `TABLE_SCHEMA = DATABASE() AND LEFT(TABLE_NAME, ${JOURNAL_PREFIX.length}) <> '${JOURNAL_PREFIX}'`;

/** Reads `information_schema` about the database at hand: other databases of the server are other applications. */
export async function readMysqlCatalog(session: Session, isMariadb: boolean): Promise<Catalog> {
  const tables = await session.rows<{
    schema: string;
    table: string;
    type: string;
    engine: string | null;
    rows: string | null;
  }>(
    `SELECT TABLE_SCHEMA AS \`schema\`, TABLE_NAME AS \`table\`, TABLE_TYPE AS type, ENGINE AS engine,
            CAST(TABLE_ROWS AS CHAR) AS \`rows\`
       FROM information_schema.TABLES
      WHERE ${OURS} AND TABLE_TYPE IN ('BASE TABLE', 'VIEW', 'SYSTEM VERSIONED') ORDER BY TABLE_NAME`,
  );
  const columns = await readColumns(session);
  const indexes = await readIndexes(session);
  const keys = await readForeignKeys(session);
  const checks = await readChecks(session, isMariadb);
  const triggers = await readTriggers(session);
  return {
    tables: tables.map(({ schema, table, type, engine, rows }): CatalogTable => {
      const own = indexes.get(table) ?? new Map<string, string[]>();
      return {
        name: { schema, name: table },
        kind: type === 'VIEW' ? 'view' : 'table',
        columns: new Map(columns.get(table)?.map((column) => [column.name, column])),
        uniqueIndexes: [...own.values()],
        primaryKey: own.get('PRIMARY') ?? [],
        isTransactional: engine === null || engine.toLowerCase() === 'innodb',
        estimatedRows: Number(rows ?? 0),
        foreignKeys: [...(keys.get(table)?.values() ?? [])],
        checks: checks.get(table) ?? [],
        triggers: triggers.get(table) ?? [],
        isFoundByName: true,
      };
    }),
  };
}

const tableOf = ({ table }: { table: string }) => table;

async function readColumns(session: Session) {
  const rows = await session.rows<ColumnRow & { table: string }>(
    `SELECT TABLE_NAME AS \`table\`, ${COLUMN_FIELDS}
       FROM information_schema.COLUMNS WHERE ${OURS} ORDER BY TABLE_NAME, ORDINAL_POSITION`,
  );
  return grouped(
    rows,
    tableOf,
    (row): CatalogColumn => ({
      ...columnOf(row),
      keySource: undefined,
    }),
  );
}

async function readIndexes(session: Session) {
  const rows = await session.rows<{ table: string; index: string; column: string }>(
    `SELECT TABLE_NAME AS \`table\`, INDEX_NAME AS \`index\`, COLUMN_NAME AS \`column\`
       FROM information_schema.STATISTICS
      WHERE ${OURS} AND NON_UNIQUE = 0 AND SUB_PART IS NULL ORDER BY TABLE_NAME, INDEX_NAME, SEQ_IN_INDEX`,
  );
  const tables = new Map<string, Map<string, string[]>>();
  for (const { table, index, column } of rows) {
    const indexes = tables.get(table) ?? new Map<string, string[]>();
    tables.set(table, indexes);
    indexes.set(index, [...(indexes.get(index) ?? []), column]);
  }
  return tables;
}

async function readForeignKeys(session: Session) {
  const rows = await session.rows<{
    table: string;
    constraint: string;
    schema: string;
    target_table: string;
    own: string;
    target: string;
  }>(
    `SELECT TABLE_NAME AS \`table\`, CONSTRAINT_NAME AS \`constraint\`, REFERENCED_TABLE_SCHEMA AS \`schema\`,
            REFERENCED_TABLE_NAME AS target_table, COLUMN_NAME AS own, REFERENCED_COLUMN_NAME AS target
       FROM information_schema.KEY_COLUMN_USAGE
      WHERE ${OURS} AND REFERENCED_TABLE_NAME IS NOT NULL
      ORDER BY TABLE_NAME, CONSTRAINT_NAME, ORDINAL_POSITION`,
  );
  const tables = new Map<string, Map<string, OutgoingKey>>();
  for (const { table, constraint, schema, target_table, own, target } of rows) {
    const keys = tables.get(table) ?? new Map<string, OutgoingKey>();
    tables.set(table, keys);
    const columns = [...(keys.get(constraint)?.columns ?? []), { own, target }];
    keys.set(constraint, { table: { schema, name: target_table }, columns });
  }
  return tables;
}

/** Both servers name checks; MariaDB does so per table, and says there which. */
async function readChecks(session: Session, isMariadb: boolean) {
  const rows = await session.rows<{ table: string; clause: string }>(
    `SELECT t.TABLE_NAME AS \`table\`, c.CHECK_CLAUSE AS clause
       FROM information_schema.TABLE_CONSTRAINTS AS t
       JOIN information_schema.CHECK_CONSTRAINTS AS c
         ON c.CONSTRAINT_SCHEMA = t.CONSTRAINT_SCHEMA AND c.CONSTRAINT_NAME = t.CONSTRAINT_NAME
        ${isMariadb ? 'AND c.TABLE_NAME = t.TABLE_NAME' : ''}
      WHERE t.TABLE_SCHEMA = DATABASE() AND t.CONSTRAINT_TYPE = 'CHECK'
      ORDER BY t.TABLE_NAME, t.CONSTRAINT_NAME`,
  );
  return grouped(rows, tableOf, ({ clause }) => clause);
}

async function readTriggers(session: Session) {
  const rows = await session.rows<{
    schema: string;
    table: string;
    name: string;
    when: string;
    what: string;
  }>(
    `SELECT EVENT_OBJECT_SCHEMA AS \`schema\`, EVENT_OBJECT_TABLE AS \`table\`, TRIGGER_NAME AS name,
            CONCAT(ACTION_TIMING, ' ', EVENT_MANIPULATION) AS \`when\`, LEFT(ACTION_STATEMENT, 200) AS what
       FROM information_schema.TRIGGERS WHERE EVENT_OBJECT_SCHEMA = DATABASE()
      ORDER BY EVENT_OBJECT_TABLE, TRIGGER_NAME`,
  );
  return grouped(
    rows,
    tableOf,
    ({ schema, table, name, when, what }): Trigger => ({ table: { schema, name: table }, name, when, what }),
  );
}
