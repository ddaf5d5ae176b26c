import { setTimeout as sleep } from 'node:timers/promises';
import mysql from 'mysql2';
import type { Counters, Inspection, Readable, TableToRead } from './contents.js';
import type { TestDatabase } from './databases.js';

const BYTES = ['bit', 'binary', 'varbinary', 'tinyblob', 'blob', 'mediumblob', 'longblob'];

export const mariadbInspection: Inspection = { tables, counters };

async function tables(database: Readable): Promise<TableToRead[]> {
  const columns = await database.query(`
    SELECT c.table_name AS tableName, c.column_name AS columnName, c.data_type AS dataType, k.ordinal_position AS keyPart
      FROM information_schema.columns c
      JOIN information_schema.tables t
        ON t.table_schema = c.table_schema AND t.table_name = c.table_name
       AND t.table_type IN ('BASE TABLE', 'SYSTEM VERSIONED')
      LEFT JOIN information_schema.key_column_usage k
        ON k.table_schema = c.table_schema AND k.table_name = c.table_name
       AND k.column_name = c.column_name AND k.constraint_name = 'PRIMARY'
     WHERE c.table_schema = DATABASE() AND c.table_name NOT LIKE 'onecard\\_%'
     ORDER BY c.table_name, c.ordinal_position`);

  return [...new Set(columns.map(({ tableName }) => String(tableName)))].map((name) => {
    const own = columns.filter(({ tableName }) => tableName === name);
    const key = own
      .filter(({ keyPart }) => keyPart !== null)
      .sort((a, b) => Number(a['keyPart']) - Number(b['keyPart']));
    const pairs = own.flatMap((column) => [mysql.escape(String(column['columnName'])), asText(column)]);
    return {
      name,
      select: `
        SELECT ${mysql.escape(name)} AS tableName,
               ${key.length === 0 ? 'NULL' : `CONCAT_WS(',', ${key.map(asText).join(', ')})`} AS rowKey,
               CAST(JSON_OBJECT(${pairs.join(', ')}) AS CHAR) AS rowText
          FROM ${mysql.escapeId(name, true)}`,
    };
  });
}

async function counters(database: TestDatabase): Promise<Counters> {
  await otherConnectionsEnded(database);
  const rows = await database.query(`
    SET GLOBAL userstat = ON;
    SELECT (SELECT COALESCE(SUM(rows_changed), 0) FROM information_schema.table_statistics
             WHERE table_schema = DATABASE()) AS changed,
           (SELECT COUNT(*) FROM information_schema.tables WHERE table_schema = DATABASE()) AS tables,
           (SELECT COUNT(*) FROM information_schema.columns WHERE table_schema = DATABASE()) AS columns`);
  return Object.fromEntries(Object.entries(rows[0] ?? {}).map(([name, value]) => [name, Number(value)]));
}

/** Bytes in hexadecimal; a FLOAT with all its digits, which a plain cast would round to six. */
function asText({ columnName, dataType }: Record<string, unknown>): string {
  const column = mysql.escapeId(String(columnName), true);
  const type = String(dataType);
  if (BYTES.includes(type)) return `HEX(${column})`;
  if (type === 'float') return `CAST(CAST(${column} AS DOUBLE) AS CHAR)`;
  return `CAST(${column} AS CHAR CHARACTER SET utf8mb4)`;
}

async function otherConnectionsEnded(database: TestDatabase): Promise<void> {
  const deadline = Date.now() + 10_000;
  for (;;) {
    const others = await database.query(`
      SELECT id, user, command, info
        FROM information_schema.processlist
       WHERE db = DATABASE() AND id <> CONNECTION_ID()`);
    if (others.length === 0) return;
    if (Date.now() > deadline) throw new Error(`Still connected after 10 s: ${JSON.stringify(others)}`);
    await sleep(20);
  }
}
