import type { TableName } from '../../model/configuration.js';
import type { CheckRule, ForeignKeyRule, TableRules, UniqueRule } from '../schema.js';
import type { Session } from '../session.js';
import { postgresDialect as sql } from './dialect.js';

/** Reads the catalogs, which every role may see. */
export async function rulesPostgres(session: Session, name: Required<TableName>): Promise<TableRules> {
  const table = `to_regclass(${sql.literal(sql.table(name))})`;
  return {
    uniques: await readUniques(session, table),
    checks: await readChecks(session, table),
    foreignKeys: await readForeignKeys(session, table),
    defaults: await readDefaults(session, table),
  };
}

/** Expressions and partial indexes included; the columns are those that the index depends on. */
async function readUniques(session: Session, table: string): Promise<UniqueRule[]> {
  const rows = await session.rows<{
    name: string;
    expressions: string;
    where: string | null;
    columns: string;
  }>(
    `SELECT c.relname AS name, pg_get_expr(i.indpred, i.indrelid) AS where,
            (SELECT CAST(json_agg(pg_get_indexdef(i.indexrelid, CAST(k AS int), TRUE) ORDER BY k) AS text)
               FROM generate_series(1, i.indnkeyatts) AS k) AS expressions,
            (SELECT CAST(json_agg(a.attname) AS text) FROM pg_attribute a
              WHERE a.attrelid = i.indrelid
                AND (a.attnum = ANY (CAST(i.indkey AS int2[]))
                     OR a.attnum IN (SELECT d.refobjsubid FROM pg_depend d
                                      WHERE d.classid = CAST('pg_class' AS regclass) AND d.objid = i.indexrelid
                                        AND d.refclassid = CAST('pg_class' AS regclass) AND d.refobjid = i.indrelid))
                AND a.attnum > 0) AS columns
       FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid
      WHERE i.indrelid = ${table} AND i.indisunique AND i.indisvalid
      ORDER BY c.relname`,
  );
  return rows.map(({ name, expressions, where, columns }) => ({
    name,
    expressions: JSON.parse(expressions) as string[],
    where: where ?? undefined,
    columns: JSON.parse(columns) as string[],
  }));
}

async function readChecks(session: Session, table: string): Promise<CheckRule[]> {
  const rows = await session.rows<{ name: string; expression: string; columns: string }>(
    `SELECT conname AS name, pg_get_expr(conbin, conrelid) AS expression,
            (SELECT CAST(json_agg(a.attname) AS text) FROM pg_attribute a
              WHERE a.attrelid = conrelid AND a.attnum = ANY (conkey)) AS columns
       FROM pg_constraint WHERE contype = 'c' AND conrelid = ${table} AND conkey IS NOT NULL
      ORDER BY conname`,
  );
  const checks = rows.map(({ name, expression, columns }) => ({
    name,
    expression,
    columns: JSON.parse(columns) as string[],
  }));
  return [...checks, ...(await readDomainChecks(session, table))];
}

/** A domain checks a VALUE, which is that of the column. */
async function readDomainChecks(session: Session, table: string): Promise<CheckRule[]> {
  const rows = await session.rows<{ name: string; definition: string; column: string }>(
    `WITH RECURSIVE down AS (
       SELECT a.attname, a.atttypid AS type FROM pg_attribute a
        WHERE a.attrelid = ${table} AND a.attnum > 0 AND NOT a.attisdropped
        UNION ALL
       SELECT d.attname, t.typbasetype FROM down d JOIN pg_type t ON t.oid = d.type AND t.typtype = 'd')
     SELECT k.conname AS name, pg_get_constraintdef(k.oid) AS definition, d.attname AS column
       FROM down d JOIN pg_constraint k ON k.contypid = d.type AND k.contype = 'c'
      ORDER BY d.attname, k.conname`,
  );
  return rows.map(({ name, definition, column }) => ({
    name,
    expression: definition
      .replace(/^CHECK /, '')
      .replace(/ NOT VALID$/, '')
      .replace(/'(?:[^']|'')*'|\bVALUE\b/g, (token) => (token === 'VALUE' ? sql.identifier(column) : token)),
    columns: [column],
  }));
}

async function readForeignKeys(session: Session, table: string): Promise<ForeignKeyRule[]> {
  const rows = await session.rows<{ name: string; schema: string; table: string; columns: string }>(
    `SELECT f.conname AS name, n.nspname AS schema, c.relname AS table,
            (SELECT CAST(json_agg(json_build_object('own', a.attname, 'target', t.attname) ORDER BY k.position) AS text)
               FROM unnest(f.conkey, f.confkey) WITH ORDINALITY AS k (own, target, position)
               JOIN pg_attribute a ON a.attrelid = f.conrelid AND a.attnum = k.own
               JOIN pg_attribute t ON t.attrelid = f.confrelid AND t.attnum = k.target) AS columns
       FROM pg_constraint f
       JOIN pg_class c ON c.oid = f.confrelid
       JOIN pg_namespace n ON n.oid = c.relnamespace
      WHERE f.contype = 'f' AND f.conrelid = ${table}
      ORDER BY f.conname`,
  );
  return rows.map((row) => ({
    name: row.name,
    table: { schema: row.schema, name: row.table },
    columns: JSON.parse(row.columns) as ForeignKeyRule['columns'],
  }));
}

/** Only what is the same for every row: a sequence or a clock gives each its own. */
async function readDefaults(session: Session, table: string): Promise<Map<string, string>> {
  const rows = await session.rows<{ name: string; expression: string }>(
    `SELECT a.attname AS name, pg_get_expr(d.adbin, d.adrelid) AS expression
       FROM pg_attrdef d JOIN pg_attribute a ON a.attrelid = d.adrelid AND a.attnum = d.adnum
      WHERE d.adrelid = ${table} AND a.attgenerated = ''`,
  );
  return new Map(
    rows.filter(({ expression }) => !isCall(expression)).map((row) => [row.name, row.expression]),
  );
}

const isCall = (expression: string) =>
  /\(|CURRENT_|LOCALTIME|SESSION_USER/i.test(expression.replace(/'[^']*'/g, ''));
