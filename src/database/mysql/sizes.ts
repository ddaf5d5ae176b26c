import type { Session } from '../session.js';
import type { Sizes } from '../stored-tables.js';

interface TableSize {
  readonly name: string;
  readonly bytes: string | null;
}

export async function sizesMysql(session: Session, journalTables: readonly string[]): Promise<Sizes> {
  const sizes = await tableSizes(session);
  const [log] = await session.rows<{ Value: string }>(`SHOW GLOBAL STATUS LIKE 'Innodb_os_log_written'`);
  return {
    databaseBytes: sum(sizes),
    journalBytes: sum(sizes.filter(({ name }) => journalTables.includes(name))),
    logPosition: log?.Value ?? null,
  };
}

const sum = (sizes: readonly TableSize[]) =>
  sizes.reduce((total, { bytes }) => total + Number(bytes ?? 0), 0);

/**
 * The sizes of files, where this user may see those (PROCESS) and each table has its own; else those of the server's
 * statistics, which lag behind.
 */
async function tableSizes(session: Session): Promise<TableSize[]> {
  const tables = await session.rows<{ name: string; bytes: string | null }>(
    `SELECT TABLE_NAME AS name, CAST(DATA_LENGTH + INDEX_LENGTH AS CHAR) AS bytes
       FROM information_schema.TABLES
      WHERE TABLE_SCHEMA = DATABASE() AND TABLE_TYPE IN ('BASE TABLE', 'SYSTEM VERSIONED', 'SEQUENCE')`,
  );
  const files = await session
    .rows<{ name: string; bytes: string }>(
      `SELECT f.name, CAST(SUM(f.bytes) AS CHAR) AS bytes
         FROM (SELECT ${plain(`SUBSTRING_INDEX(SUBSTRING_INDEX(NAME, '#', 1), '/', -1)`)} AS name, FILE_SIZE AS bytes
                 FROM information_schema.INNODB_SYS_TABLESPACES
                WHERE ${plain(`SUBSTRING_INDEX(NAME, '/', 1)`)} = DATABASE()) AS f
        GROUP BY f.name`,
    )
    .catch(() => []);
  const bySize = new Map(files.map(({ name, bytes }) => [name, bytes]));
  return tables.map(({ name, bytes }) => ({ name, bytes: bySize.get(name) ?? bytes }));
}

/** A name as files are called after it: `x-y` is `x@002dy` there. */
const plain = (name: string) => `CONVERT(CONVERT(CAST(${name} AS BINARY) USING filename) USING utf8mb4)`;
