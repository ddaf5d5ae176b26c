import type { Catalog, CatalogColumn, CatalogTable, OutgoingKey } from '../catalog.js';
import { grouped } from '../grouped.js';
import type { TableKind, Trigger } from '../schema.js';
import type { Session } from '../session.js';
import { JOURNAL_SCHEMA, postgresDialect as sql } from './dialect.js';
import { BASE_TYPE, COLUMN_FIELDS, type ColumnRow, columnOf } from './inspect.js';

/** The tables of the application: what the server and onecard keep for themselves is left out, and partitions. */
const OURS = `c.relkind IN ('r', 'p', 'v', 'm', 'f') AND NOT c.relispartition
        AND n.nspname NOT LIKE 'pg\\_%' AND n.nspname NOT IN ('information_schema', ${sql.literal(JOURNAL_SCHEMA)})`;

/** Reads the catalogs of the server, which every role may see. */
export async function readPostgresCatalog(session: Session): Promise<Catalog> {
  const tables = await session.rows<{
    oid: string;
    schema: string;
    name: string;
    kind: TableKind;
    rows: string;
    visible: boolean;
  }>(
    `SELECT CAST(c.oid AS text) AS oid, n.nspname AS schema, c.relname AS name, CAST(c.reltuples AS text) AS rows,
            CASE WHEN c.relkind IN ('v', 'm') THEN 'view' WHEN c.relkind = 'f' THEN 'foreign table' ELSE 'table' END AS kind,
            pg_table_is_visible(c.oid) AS visible
       FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
      WHERE ${OURS}
      ORDER BY n.nspname, c.relname`,
  );
  const columns = await readColumns(session);
  const indexes = await readIndexes(session);
  const constraints = await readConstraints(session);
  const triggers = await readTriggers(session);
  return {
    tables: tables.map(
      ({ oid, schema, name, kind, rows, visible }): CatalogTable => ({
        name: { schema, name },
        kind,
        columns: new Map(columns.get(oid)?.map((column) => [column.name, column])),
        uniqueIndexes: (indexes.get(oid) ?? []).map((index) => index.columns),
        primaryKey: indexes.get(oid)?.find((index) => index.isPrimary)?.columns ?? [],
        isTransactional: true,
        estimatedRows: Math.max(0, Number(rows)),
        foreignKeys: (constraints.get(oid) ?? []).flatMap(({ key }) => (key === undefined ? [] : [key])),
        checks: (constraints.get(oid) ?? []).flatMap(({ check }) => (check === undefined ? [] : [check])),
        triggers: triggers.get(oid) ?? [],
        isFoundByName: visible,
      }),
    ),
  };
}

const oidOf = ({ oid }: { oid: string }) => oid;

async function readColumns(session: Session) {
  const rows = await session.rows<ColumnRow & { oid: string }>(
    `SELECT CAST(c.oid AS text) AS oid, ${COLUMN_FIELDS}
       FROM pg_attribute a
       JOIN pg_type t ON t.oid = a.atttypid
       ${BASE_TYPE}
       JOIN pg_class c ON c.oid = a.attrelid
       JOIN pg_namespace n ON n.oid = c.relnamespace
      WHERE ${OURS} AND a.attnum > 0 AND NOT a.attisdropped
      ORDER BY c.oid, a.attnum`,
  );
  return grouped(
    rows,
    oidOf,
    (row): CatalogColumn => ({
      ...columnOf(row),
      keySource: undefined,
    }),
  );
}

async function readIndexes(session: Session) {
  const rows = await session.rows<{ oid: string; primary: boolean; columns: string }>(
    `SELECT CAST(c.oid AS text) AS oid, i.indisprimary AS primary,
            CAST(json_agg(a.attname ORDER BY k.position) AS text) AS columns
       FROM pg_index i
       JOIN pg_class c ON c.oid = i.indrelid
       JOIN pg_namespace n ON n.oid = c.relnamespace
      CROSS JOIN LATERAL unnest(i.indkey) WITH ORDINALITY AS k (attnum, position)
       JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = k.attnum
      WHERE ${OURS} AND i.indisunique AND i.indpred IS NULL AND i.indexprs IS NULL AND k.position <= i.indnkeyatts
      GROUP BY c.oid, i.indexrelid, i.indisprimary
      ORDER BY c.oid, i.indexrelid`,
  );
  return grouped(rows, oidOf, ({ primary, columns }) => ({
    isPrimary: primary,
    columns: JSON.parse(columns) as string[],
  }));
}

async function readConstraints(session: Session) {
  const rows = await session.rows<{
    oid: string;
    schema: string | null;
    name: string | null;
    columns: string | null;
    check: string | null;
  }>(
    `SELECT CAST(c.oid AS text) AS oid, tn.nspname AS schema, tc.relname AS name,
            (SELECT CAST(json_agg(json_build_object('own', a.attname, 'target', t.attname) ORDER BY k.position) AS text)
               FROM unnest(f.conkey, f.confkey) WITH ORDINALITY AS k (own, target, position)
               JOIN pg_attribute a ON a.attrelid = f.conrelid AND a.attnum = k.own
               JOIN pg_attribute t ON t.attrelid = f.confrelid AND t.attnum = k.target
              WHERE f.contype = 'f') AS columns,
            CASE WHEN f.contype = 'c' THEN pg_get_constraintdef(f.oid) END AS check
       FROM pg_constraint f
       JOIN pg_class c ON c.oid = f.conrelid
       JOIN pg_namespace n ON n.oid = c.relnamespace
       LEFT JOIN pg_class tc ON tc.oid = f.confrelid
       LEFT JOIN pg_namespace tn ON tn.oid = tc.relnamespace
      WHERE ${OURS} AND f.contype IN ('f', 'c') AND f.conparentid = 0
      ORDER BY c.oid, f.oid`,
  );
  return grouped(rows, oidOf, ({ schema, name, columns, check }) => ({
    key:
      schema === null || name === null || columns === null
        ? undefined
        : { table: { schema, name }, columns: JSON.parse(columns) as OutgoingKey['columns'] },
    check: check ?? undefined,
  }));
}

async function readTriggers(session: Session) {
  const rows = await session.rows<{
    oid: string;
    schema: string;
    table: string;
    name: string;
    definition: string;
  }>(
    `SELECT CAST(c.oid AS text) AS oid, n.nspname AS schema, c.relname AS table, g.tgname AS name,
            pg_get_triggerdef(g.oid) AS definition
       FROM pg_trigger g
       JOIN pg_class c ON c.oid = g.tgrelid
       JOIN pg_namespace n ON n.oid = c.relnamespace
      WHERE ${OURS} AND NOT g.tgisinternal AND g.tgenabled IN ('O', 'A')
      ORDER BY c.oid, g.tgname`,
  );
  return grouped(
    rows,
    oidOf,
    ({ schema, table, name, definition }): Trigger => ({
      table: { schema, name: table },
      name,
      when: /(BEFORE|AFTER|INSTEAD OF) .*? ON /.exec(definition)?.[0].slice(0, -4) ?? '',
      what: /EXECUTE FUNCTION (.*)$/s.exec(definition)?.[1] ?? definition,
    }),
  );
}
