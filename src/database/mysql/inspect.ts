import type { TableName } from '../../model/configuration.js';
import type { Column, ForeignKey, KeySource, Table, Triggers, TypeFamily } from '../schema.js';
import type { Session } from '../session.js';
import { readGrants } from './privileges.js';
import { quoted } from './quoting.js';

export async function inspectMysql(session: Session, name: TableName): Promise<Table | undefined> {
  const schema = name.schema === undefined ? 'DATABASE()' : quoted(name.schema);
  const [table] = await session.rows<{
    schema: string;
    name: string;
    type: string;
    engine: string | null;
    rows: string | null;
  }>(
    `SELECT TABLE_SCHEMA AS \`schema\`, TABLE_NAME AS name, TABLE_TYPE AS type, ENGINE AS engine, CAST(TABLE_ROWS AS CHAR) AS \`rows\`
       FROM information_schema.TABLES WHERE TABLE_SCHEMA = ${schema} AND TABLE_NAME = ${quoted(name.name)}`,
  );
  if (table === undefined) return undefined;
  const where = `TABLE_SCHEMA = ${quoted(table.schema)} AND TABLE_NAME = ${quoted(table.name)}`;
  return {
    name: { schema: table.schema, name: table.name },
    kind: table.type.endsWith('VIEW') ? 'view' : 'table',
    columns: await readColumns(session, where),
    uniqueIndexes: await readUniqueIndexes(session, where),
    isTransactional: table.engine === null || table.engine.toLowerCase() === 'innodb',
    estimatedRows: Number(table.rows ?? 0),
  };
}

const FAMILIES: Readonly<Record<string, TypeFamily>> = {
  char: 'text',
  varchar: 'text',
  tinytext: 'text',
  text: 'text',
  mediumtext: 'text',
  longtext: 'text',
  smallint: 'integer',
  mediumint: 'integer',
  int: 'integer',
  bigint: 'integer',
  decimal: 'decimal',
  float: 'decimal',
  double: 'decimal',
  uuid: 'uuid',
  date: 'time',
  time: 'time',
  datetime: 'time',
  timestamp: 'time',
  tinyblob: 'binary',
  blob: 'binary',
  mediumblob: 'binary',
  longblob: 'binary',
  binary: 'binary',
  varbinary: 'binary',
};

/** What is read of `information_schema.COLUMNS` to know a column. */
export const COLUMN_FIELDS = `COLUMN_NAME AS name, COLUMN_TYPE AS type, DATA_TYPE AS base,
            CAST(CHARACTER_MAXIMUM_LENGTH AS CHAR) AS length, IS_NULLABLE AS nullable, COLUMN_DEFAULT AS dflt,
            EXTRA AS extra, COLLATION_NAME AS collation`;

export interface ColumnRow {
  name: string;
  type: string;
  base: string;
  length: string | null;
  nullable: string;
  dflt: string | null;
  extra: string;
  collation: string | null;
}

export const columnOf = (row: ColumnRow): Column => ({
  name: row.name,
  type: row.type,
  baseType: row.type,
  family: familyOf(row),
  labels: labelsOf(row.type),
  length: row.length === null ? null : Number(row.length),
  nullable: row.nullable === 'YES',
  filledByServer: row.dflt !== null || /auto_increment|generated|default/i.test(row.extra),
  isGenerated: /generated/i.test(row.extra) && !/default_generated/i.test(row.extra),
  movedByServer: /on update/i.test(row.extra),
  collation: row.collation,
  keySource: keySourceOf(row),
});

async function readColumns(session: Session, where: string): Promise<Map<string, Column>> {
  const rows = await session.rows<ColumnRow>(
    `SELECT ${COLUMN_FIELDS}
       FROM information_schema.COLUMNS WHERE ${where} ORDER BY ORDINAL_POSITION`,
  );
  return new Map(rows.map((row) => [row.name, columnOf(row)]));
}

/** Of `enum('a','it''s')`. */
function labelsOf(type: string): string[] | undefined {
  if (!type.startsWith('enum(')) return undefined;
  return [...type.matchAll(/'((?:[^']|'')*)'/g)].map(([, label = '']) => label.replaceAll("''", "'"));
}

function familyOf({ type, base }: { type: string; base: string }): TypeFamily {
  if (type === 'tinyint(1)') return 'boolean';
  if (base === 'enum') return 'enum';
  return FAMILIES[base] ?? (base === 'tinyint' ? 'integer' : 'other');
}

/** By AUTO_INCREMENT, or by a default such as nextval(`shop`.`numbers`), as the server spells it. */
function keySourceOf({ dflt, extra }: { dflt: string | null; extra: string }): KeySource | undefined {
  if (/auto_increment/i.test(extra)) return 'insert';
  const [, schema = '', name = ''] =
    /^nextval\(`((?:[^`]|``)+)`\.`((?:[^`]|``)+)`\)$/i.exec(dflt ?? '') ?? [];
  if (dflt === null || name === '') return undefined;
  const plain = (part: string) => part.replaceAll('``', '`');
  return { next: dflt, isAlways: false, sequences: [{ schema: plain(schema), name: plain(name) }] };
}

async function readUniqueIndexes(session: Session, where: string): Promise<string[][]> {
  const rows = await session.rows<{ index: string; column: string }>(
    `SELECT INDEX_NAME AS \`index\`, COLUMN_NAME AS \`column\` FROM information_schema.STATISTICS
      WHERE ${where} AND NON_UNIQUE = 0 AND SUB_PART IS NULL ORDER BY INDEX_NAME, SEQ_IN_INDEX`,
  );
  const indexes = new Map<string, string[]>();
  for (const row of rows) indexes.set(row.index, [...(indexes.get(row.index) ?? []), row.column]);
  return [...indexes.values()];
}

/** The list shows triggers to those alone who may make and drop them; to others the table seems to have none. */
export async function mysqlTriggers(session: Session, table: Required<TableName>): Promise<Triggers> {
  const rows = await session.rows<{ name: string; when: string; what: string }>(
    `SELECT TRIGGER_NAME AS name, CONCAT(ACTION_TIMING, ' ', EVENT_MANIPULATION) AS \`when\`, LEFT(ACTION_STATEMENT, 200) AS what
       FROM information_schema.TRIGGERS
      WHERE EVENT_OBJECT_SCHEMA = ${quoted(table.schema ?? '')} AND EVENT_OBJECT_TABLE = ${quoted(table.name)}
      ORDER BY TRIGGER_NAME`,
  );
  const isComplete = rows.length > 0 || (await mayMakeTriggers(session, table));
  return { found: rows.map((row) => ({ table, ...row })), isComplete };
}

/** Who may not does not see them either. */
export async function mayMakeTriggers(session: Session, table: Required<TableName>): Promise<boolean> {
  const grants = await readGrants(session);
  return grants.some(
    (grant) =>
      grant.privileges.some((privilege) => privilege === 'TRIGGER' || privilege === 'ALL PRIVILEGES') &&
      isNamedBy(table.schema ?? '', grant.database) &&
      (grant.table === '*' || unquoted(grant.table) === table.name),
  );
}

const unquoted = (name: string) => name.slice(1, -1).replaceAll('``', '`');

/** A grant on a whole database names it by a pattern. */
function isNamedBy(name: string, pattern: string): boolean {
  if (pattern === '*') return true;
  const form = unquoted(pattern)
    .split(/(\\?[%_])/)
    .map((part) => (part === '%' ? '.*' : part === '_' ? '.' : escaped(part.replace(/^\\([%_])$/, '$1'))))
    .join('');
  return new RegExp(`^${form}$`, 's').test(name);
}

const escaped = (text: string) => text.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&');

/** The server keeps an index for each. A user sees those of tables on which it holds any privilege. */
export async function foreignKeysToMysql(session: Session, name: Required<TableName>): Promise<ForeignKey[]> {
  const rows = await session.rows<{
    constraint: string;
    schema: string;
    name: string;
    own: string;
    target: string;
    rows: string | null;
  }>(
    `SELECT k.CONSTRAINT_NAME AS \`constraint\`, k.TABLE_SCHEMA AS \`schema\`, k.TABLE_NAME AS name, k.COLUMN_NAME AS own,
            k.REFERENCED_COLUMN_NAME AS target, CAST(t.TABLE_ROWS AS CHAR) AS \`rows\`
       FROM information_schema.KEY_COLUMN_USAGE AS k
       LEFT JOIN information_schema.TABLES AS t ON t.TABLE_SCHEMA = k.TABLE_SCHEMA AND t.TABLE_NAME = k.TABLE_NAME
      WHERE k.REFERENCED_TABLE_SCHEMA = ${quoted(name.schema ?? '')} AND k.REFERENCED_TABLE_NAME = ${quoted(name.name)}
      ORDER BY k.TABLE_SCHEMA, k.TABLE_NAME, k.CONSTRAINT_NAME, k.ORDINAL_POSITION`,
  );
  const keys = new Map<string, ForeignKey>();
  for (const { constraint, schema, name: table, own, target, rows: estimate } of rows) {
    const id = JSON.stringify([schema, table, constraint]);
    const columns = [...(keys.get(id)?.columns ?? []), { own, target }];
    keys.set(id, {
      table: { schema, name: table },
      columns,
      isIndexed: true,
      estimatedRows: Number(estimate ?? 0),
    });
  }
  return [...keys.values()];
}

export async function leadsIndexMysql(
  session: Session,
  name: Required<TableName>,
  column: string,
): Promise<boolean> {
  const rows = await session.rows(
    `SELECT 1 FROM information_schema.STATISTICS
      WHERE TABLE_SCHEMA = ${quoted(name.schema ?? '')} AND TABLE_NAME = ${quoted(name.name)}
        AND SEQ_IN_INDEX = 1 AND COLUMN_NAME = ${quoted(column)} LIMIT 1`,
  );
  return rows.length > 0;
}

export async function tableNamesMysql(session: Session): Promise<string[]> {
  const rows = await session.rows<{ name: string }>(
    `SELECT CASE WHEN TABLE_SCHEMA = DATABASE() THEN TABLE_NAME ELSE CONCAT(TABLE_SCHEMA, '.', TABLE_NAME) END AS name
       FROM information_schema.TABLES
      WHERE TABLE_SCHEMA NOT IN ('information_schema', 'mysql', 'performance_schema', 'sys')
      ORDER BY 1`,
  );
  return rows.map(({ name }) => name);
}
