import type { TableName } from '../../model/configuration.js';
import type { Column, ForeignKey, KeySource, Table, TableKind, Triggers, TypeFamily } from '../schema.js';
import type { Session } from '../session.js';
import { postgresDialect as sql } from './dialect.js';

/** Reads the catalogs, which every role may see, rather than `information_schema`, which hides tables. */
export async function inspectPostgres(session: Session, name: TableName): Promise<Table | undefined> {
  const [table] = await session.rows<{
    oid: string;
    schema: string;
    name: string;
    kind: TableKind;
    rows: string;
  }>(
    `SELECT CAST(c.oid AS text) AS oid, n.nspname AS schema, c.relname AS name, CAST(c.reltuples AS text) AS rows,
            CASE WHEN c.relkind IN ('v', 'm') THEN 'view' WHEN c.relkind = 'f' THEN 'foreign table' ELSE 'table' END AS kind
       FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
      WHERE c.oid = to_regclass(${sql.literal(sql.table(name))}) AND c.relkind IN ('r', 'p', 'v', 'm', 'f')`,
  );
  if (table === undefined) return undefined;
  return {
    name: { schema: table.schema, name: table.name },
    kind: table.kind,
    columns: await readColumns(session, table.oid),
    uniqueIndexes: await readUniqueIndexes(session, table.oid),
    isTransactional: true,
    estimatedRows: Math.max(0, Number(table.rows)),
  };
}

const FAMILIES: Readonly<Record<string, TypeFamily>> = {
  text: 'text',
  varchar: 'text',
  bpchar: 'text',
  citext: 'text',
  bool: 'boolean',
  int2: 'integer',
  int4: 'integer',
  int8: 'integer',
  numeric: 'decimal',
  float4: 'decimal',
  float8: 'decimal',
  uuid: 'uuid',
  date: 'time',
  time: 'time',
  timetz: 'time',
  timestamp: 'time',
  timestamptz: 'time',
  bytea: 'binary',
};

/** What is read of `pg_attribute` (a) and `pg_type` (t) to know a column, apart from where its keys come from. */
export const COLUMN_FIELDS = `a.attname AS name, format_type(a.atttypid, a.atttypmod) AS type, y.name AS base,
            format_type(y.oid, y.mod) AS base_type,
            CASE WHEN y.name IN ('varchar', 'bpchar') AND y.mod > 4 THEN CAST(y.mod - 4 AS text) END AS length,
            CASE WHEN y.kind = 'e'
                 THEN (SELECT CAST(json_agg(e.enumlabel ORDER BY e.enumsortorder) AS text) FROM pg_enum e WHERE e.enumtypid = y.oid) END AS labels,
            NOT (a.attnotnull OR t.typnotnull) AS nullable,
            a.atthasdef OR a.attidentity <> '' OR a.attgenerated <> '' AS filled,
            a.attgenerated <> '' OR a.attidentity = 'a' AS generated,
            CASE WHEN t.typcategory = 'S'
                 THEN (SELECT format('%I.%I', cn.nspname, co.collname)
                         FROM pg_collation co JOIN pg_namespace cn ON cn.oid = co.collnamespace
                        WHERE co.oid = a.attcollation) END AS collation`;

/** The type below a domain, as `y`: joined to `pg_attribute` (a) and `pg_type` (t). */
export const BASE_TYPE = `CROSS JOIN LATERAL (
            WITH RECURSIVE down AS (
              SELECT t.oid, t.typname, t.typtype, t.typbasetype,
                     CASE WHEN t.typtype = 'd' THEN t.typtypmod ELSE a.atttypmod END AS mod
               UNION ALL
              SELECT b.oid, b.typname, b.typtype, b.typbasetype,
                     CASE WHEN b.typtype = 'd' AND b.typtypmod <> -1 THEN b.typtypmod ELSE d.mod END
                FROM down d JOIN pg_type b ON b.oid = d.typbasetype
               WHERE d.typtype = 'd')
            SELECT oid, typname AS name, typtype AS kind, mod FROM down WHERE typtype <> 'd') AS y`;

export interface ColumnRow {
  name: string;
  type: string;
  base: string;
  base_type: string;
  labels: string | null;
  length: string | null;
  nullable: boolean;
  filled: boolean;
  generated: boolean;
  collation: string | null;
}

export const columnOf = (row: ColumnRow): Omit<Column, 'keySource'> => ({
  name: row.name,
  type: row.type,
  baseType: row.base_type,
  family: row.labels === null ? (FAMILIES[row.base] ?? 'other') : 'enum',
  labels: row.labels === null ? undefined : (JSON.parse(row.labels) as string[]),
  length: row.length === null ? null : Number(row.length),
  nullable: row.nullable,
  filledByServer: row.filled,
  isGenerated: row.generated,
  movedByServer: false,
  collation: row.collation,
});

async function readColumns(session: Session, oid: string): Promise<Map<string, Column>> {
  const rows = await session.rows<
    ColumnRow & { next: string | null; always: boolean; sequences: string | null }
  >(
    `SELECT ${COLUMN_FIELDS},
            a.attidentity = 'a' AS always,
            CASE WHEN a.attidentity <> '' THEN format('nextval(%L)', s.name)
                 WHEN a.attgenerated = '' THEN pg_get_expr(d.adbin, d.adrelid) END AS next,
            s.sequences
       FROM pg_attribute a
       JOIN pg_type t ON t.oid = a.atttypid
       ${BASE_TYPE}
       LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
      -- those that really feed the column: a default may name another one than the column owns
      CROSS JOIN LATERAL (
            SELECT min(format('%I.%I', m.nspname, q.relname)) AS name,
                   CAST(json_agg(json_build_object('schema', m.nspname, 'name', q.relname)) AS text) AS sequences
              FROM pg_depend p
              JOIN pg_class q ON q.relkind = 'S' AND q.oid = CASE p.deptype WHEN 'i' THEN p.objid ELSE p.refobjid END
              JOIN pg_namespace m ON m.oid = q.relnamespace
             WHERE (a.attidentity <> '' AND p.deptype = 'i' AND p.classid = CAST('pg_class' AS regclass)
                    AND p.refclassid = CAST('pg_class' AS regclass) AND p.refobjid = a.attrelid AND p.refobjsubid = a.attnum)
                OR (p.deptype = 'n' AND p.classid = CAST('pg_attrdef' AS regclass) AND p.objid = d.oid
                    AND p.refclassid = CAST('pg_class' AS regclass))) AS s
      WHERE a.attrelid = ${oid} AND a.attnum > 0 AND NOT a.attisdropped
      ORDER BY a.attnum`,
  );
  return new Map(rows.map((row) => [row.name, { ...columnOf(row), keySource: keySourceOf(row) }]));
}

/** A default that calls nothing gives every row the same. */
function keySourceOf(row: {
  next: string | null;
  always: boolean;
  sequences: string | null;
}): KeySource | undefined {
  if (row.next === null || !/\w\(/.test(row.next)) return undefined;
  const sequences = JSON.parse(row.sequences ?? '[]') as Required<TableName>[];
  return { next: row.next, isAlways: row.always, sequences };
}

async function readUniqueIndexes(session: Session, oid: string): Promise<string[][]> {
  const rows = await session.rows<{ columns: string }>(
    `SELECT CAST(json_agg(a.attname ORDER BY k.position) AS text) AS columns
       FROM pg_index i
      CROSS JOIN LATERAL unnest(i.indkey) WITH ORDINALITY AS k (attnum, position)
       JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = k.attnum
      WHERE i.indrelid = ${oid} AND i.indisunique AND i.indpred IS NULL AND i.indexprs IS NULL
        AND k.position <= i.indnkeyatts
      GROUP BY i.indexrelid`,
  );
  return rows.map((row) => JSON.parse(row.columns) as string[]);
}

/** Those that users made; the catalogs show them to everybody. */
export async function postgresTriggers(session: Session, table: Required<TableName>): Promise<Triggers> {
  const rows = await session.rows<{ name: string; when: string; what: string }>(
    `SELECT t.tgname AS name,
            concat_ws(' ', CASE WHEN t.tgtype & 2 > 0 THEN 'BEFORE' WHEN t.tgtype & 64 > 0 THEN 'INSTEAD OF' ELSE 'AFTER' END,
                      array_to_string(array_remove(ARRAY[
                        CASE WHEN t.tgtype & 4 > 0 THEN 'INSERT' END, CASE WHEN t.tgtype & 16 > 0 THEN 'UPDATE' END,
                        CASE WHEN t.tgtype & 8 > 0 THEN 'DELETE' END, CASE WHEN t.tgtype & 32 > 0 THEN 'TRUNCATE' END], NULL), ' OR ')) AS when,
            format('%s.%s()', f.nspname, p.proname) AS what
       FROM pg_trigger t
       JOIN pg_class c ON c.oid = t.tgrelid
       JOIN pg_namespace n ON n.oid = c.relnamespace
       JOIN pg_proc p ON p.oid = t.tgfoid
       JOIN pg_namespace f ON f.oid = p.pronamespace
      WHERE n.nspname = ${sql.literal(table.schema ?? '')} AND c.relname = ${sql.literal(table.name)}
        AND NOT t.tgisinternal AND t.tgenabled IN ('O', 'A')
      ORDER BY t.tgname`,
  );
  return { found: rows.map((row) => ({ table, ...row })), isComplete: true };
}

/** Those of a partition follow from those of its whole table. */
export async function foreignKeysToPostgres(
  session: Session,
  name: Required<TableName>,
): Promise<ForeignKey[]> {
  const rows = await session.rows<{
    schema: string;
    name: string;
    rows: string;
    columns: string;
    indexed: boolean;
  }>(
    `SELECT n.nspname AS schema, c.relname AS name, CAST(c.reltuples AS text) AS rows,
            (SELECT CAST(json_agg(json_build_object('own', a.attname, 'target', t.attname) ORDER BY k.position) AS text)
               FROM unnest(f.conkey, f.confkey) WITH ORDINALITY AS k (own, target, position)
               JOIN pg_attribute a ON a.attrelid = f.conrelid AND a.attnum = k.own
               JOIN pg_attribute t ON t.attrelid = f.confrelid AND t.attnum = k.target) AS columns,
            EXISTS (SELECT 1 FROM pg_index i
                     WHERE i.indrelid = f.conrelid AND i.indisvalid AND i.indpred IS NULL
                       AND (CAST(i.indkey AS int2[]))[0:cardinality(f.conkey) - 1] @> f.conkey) AS indexed
       FROM pg_constraint f
       JOIN pg_class c ON c.oid = f.conrelid
       JOIN pg_namespace n ON n.oid = c.relnamespace
      WHERE f.contype = 'f' AND f.conparentid = 0
        AND f.confrelid = to_regclass(${sql.literal(sql.table(name))})
      ORDER BY n.nspname, c.relname, f.conkey`,
  );
  return rows.map((row) => ({
    table: { schema: row.schema, name: row.name },
    columns: JSON.parse(row.columns) as ForeignKey['columns'],
    isIndexed: row.indexed,
    estimatedRows: Math.max(0, Number(row.rows)),
  }));
}

export async function leadsIndexPostgres(
  session: Session,
  name: Required<TableName>,
  column: string,
): Promise<boolean> {
  const rows = await session.rows(
    `SELECT 1 FROM pg_index i
       JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = i.indkey[0]
      WHERE i.indrelid = to_regclass(${sql.literal(sql.table(name))}) AND i.indisvalid AND i.indpred IS NULL
        AND a.attname = ${sql.literal(column)} LIMIT 1`,
  );
  return rows.length > 0;
}

export async function tableNamesPostgres(session: Session): Promise<string[]> {
  const rows = await session.rows<{ name: string }>(
    `SELECT CASE WHEN pg_table_is_visible(c.oid) THEN c.relname ELSE n.nspname || '.' || c.relname END AS name
       FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
      WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f') AND n.nspname NOT IN ('pg_catalog', 'information_schema')
      ORDER BY 1`,
  );
  return rows.map(({ name }) => name);
}
