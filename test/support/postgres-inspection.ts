import { setTimeout as sleep } from 'node:timers/promises';
import type { Counters, Inspection, Readable, TableToRead } from './contents.js';
import type { TestDatabase } from './databases.js';

export const postgresInspection: Inspection = { tables, counters };

async function tables(database: Readable): Promise<TableToRead[]> {
  // Partitions are read through their parent, children of inheritance by themselves.
  const found = await database.query(`
    SELECT CASE n.nspname WHEN 'public' THEN '' ELSE n.nspname || '.' END || c.relname AS name,
           CASE c.relkind WHEN 'r' THEN 'ONLY ' ELSE '' END || format('%I.%I', n.nspname, c.relname) AS source,
           (SELECT coalesce(string_agg(format('t.%1$I::text', a.attname), ', ' ORDER BY a.attnum), '')
              FROM pg_attribute a
             WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped) AS columns,
           (SELECT string_agg(format('t.%I::text', a.attname), $$ || ',' || $$
                              ORDER BY array_position(i.indkey::int2[], a.attnum))
              FROM pg_index i
              JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = ANY (i.indkey::int2[])
             WHERE i.indrelid = c.oid AND i.indisprimary) AS key
      FROM pg_class c
      JOIN pg_namespace n ON n.oid = c.relnamespace
     WHERE c.relkind IN ('r', 'p') AND NOT c.relispartition AND c.relpersistence <> 't'
       AND n.nspname NOT IN ('pg_catalog', 'information_schema', 'onecard')
     ORDER BY n.nspname, c.relname`);

  return found.map(({ name, source, columns, key }) => ({
    name: String(name),
    select: `
      SELECT ${literal(String(name))} AS "tableName", ${key ?? 'NULL'} AS "rowKey",
             (SELECT to_json(r)::text FROM (SELECT ${columns}) r) AS "rowText"
        FROM ${source} t`,
  }));
}

async function counters(database: TestDatabase): Promise<Counters> {
  if (database.url === undefined) return nextTransaction(database);
  await otherConnectionsEnded(database);
  // Per table, to leave out what does not come from this database's users: the shared catalogs, which
  // tests on other databases change, and the statistics that autovacuum gathers.
  const [sums] = await database.query(`
    SELECT coalesce(sum(s.n_tup_ins), 0)::bigint AS inserted,
           coalesce(sum(s.n_tup_upd), 0)::bigint AS updated,
           coalesce(sum(s.n_tup_del), 0)::bigint AS deleted
      FROM pg_stat_all_tables s
      JOIN pg_class c ON c.oid = s.relid
     WHERE NOT c.relisshared
       AND c.oid NOT IN (SELECT unnest(ARRAY[o.oid, o.reltoastrelid])
                           FROM pg_class o
                          WHERE o.relname IN ('pg_statistic', 'pg_statistic_ext_data'))`);
  return numbers(sums);
}

/** The embedded database forgets its statistics; but nobody else uses it, and every write takes a number. */
async function nextTransaction(database: TestDatabase): Promise<Counters> {
  const [next] = await database.query(
    'SELECT pg_snapshot_xmax(pg_current_snapshot())::text::bigint AS "nextTransaction"',
  );
  return numbers(next);
}

/** A backend reports its counters at the latest when it ends, before it leaves pg_stat_activity. */
async function otherConnectionsEnded(database: TestDatabase): Promise<void> {
  const deadline = Date.now() + 10_000;
  for (;;) {
    const others = await database.query(`
      SELECT pid, application_name, state, query
        FROM pg_stat_activity
       WHERE datname = current_database() AND pid <> pg_backend_pid() AND backend_type <> 'autovacuum worker'`);
    if (others.length === 0) return;
    if (Date.now() > deadline) throw new Error(`Still connected after 10 s: ${JSON.stringify(others)}`);
    await sleep(20);
  }
}

function numbers(row: Record<string, unknown> | undefined): Counters {
  return Object.fromEntries(Object.entries(row ?? {}).map(([name, value]) => [name, Number(value)]));
}

function literal(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}
