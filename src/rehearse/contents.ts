import type { CatalogColumn } from '../database/catalog.js';
import type { Database } from '../database/database.js';
import type { Session } from '../database/session.js';
import type { ContentDigestRow, Reading, StoredTable } from '../database/stored-tables.js';
import { OnecardError } from '../errors.js';
import type { TableName } from '../model/configuration.js';

/** What a database holds, as numbers to be compared: no value can be read back from them. */
export interface Contents {
  /** By schema and name. */
  readonly tables: readonly TableContents[];
  /** Labels of tables that are there, and that this user may not read in full. */
  readonly unread: readonly string[];
}

export interface TableContents {
  readonly name: Required<TableName>;
  /** As people call it. */
  readonly label: string;
  readonly rows: number;
  /** Of all rows, over the columns below: equal for the same rows in whatever order. */
  readonly digest: string;
  /** Each with a sum over its values, whichever rows they are in; null where all of them are NULL. */
  readonly columns: ReadonlyMap<string, string | null>;
  /** Columns of the contents that it is like, which are not there any more. */
  readonly goneColumns: readonly string[];
}

export interface ContentsOptions {
  /** Labels, or names with schema, of tables to be left out. */
  readonly ignoreTables?: readonly string[];
  /** Read no columns but those of these contents: what onecard adds does not count. */
  readonly like?: Contents;
}

/** Which rows of a table count, and how their values are read; undefined for all, as they are. */
export type Angle = (
  table: StoredTable,
  columns: readonly CatalogColumn[],
) => { readonly from: string; readonly readings: readonly Reading[] } | undefined;

/**
 * Digests every table that the application keeps in this database, each in one statement of the database itself, as of
 * one moment. Left out are the journal, views (materialized ones, too), foreign tables, sequences and counters, large
 * objects of PostgreSQL, computed columns, and what a system-versioned table keeps of the past.
 */
export function readContents(database: Database, options: ContentsOptions = {}): Promise<Contents> {
  return database.snapshot(async (session) => {
    for (const statement of database.dialect.exactReading) await session.run(statement);
    return readWithin(session, database, options);
  });
}

/** The same in a transaction where `exactReading` was said. */
export async function readWithin(
  session: Session,
  database: Database,
  { ignoreTables = [], like }: ContentsOptions,
  angle: Angle = () => undefined,
): Promise<Contents> {
  const isIgnored = ({ name, label }: StoredTable) =>
    ignoreTables.includes(label) || ignoreTables.includes(`${name.schema}.${name.name}`);
  const found = (await database.storedTables(session)).filter((table) => !isIgnored(table));
  const tables: TableContents[] = [];
  for (const table of found.filter(({ isReadable }) => isReadable)) {
    const known = like?.tables.find((each) => isSameName(each.name, table.name));
    const columns = table.columns.filter(({ name }) => known === undefined || known.columns.has(name));
    const { from, readings } = angle(table, columns) ?? {
      from: `${table.rows} AS t`,
      readings: columns.map((column) => ({
        expression: `t.${database.dialect.identifier(column.name)}`,
        column,
      })),
    };
    const sql = database.dialect.contentDigest(from, readings);
    const [row] = await session.rows<{ [Name in keyof ContentDigestRow]: string }>(sql);
    tables.push({
      ...contentsOf(table, columns, row),
      goneColumns: [...(known?.columns.keys() ?? [])].filter(
        (name) => !columns.some((column) => column.name === name),
      ),
    });
  }
  return { tables, unread: found.filter(({ isReadable }) => !isReadable).map(({ label }) => label) };
}

export const isSameName = (one: Required<TableName>, other: Required<TableName>) =>
  one.schema === other.schema && one.name === other.name;

function contentsOf(
  { name, label }: StoredTable,
  columns: readonly CatalogColumn[],
  row: ContentDigestRow | undefined,
): Omit<TableContents, 'goneColumns'> {
  if (row === undefined) throw new Error(`the digest of ${label} came without a row`);
  if (row.digested !== row.row_count)
    throw new OnecardError(
      `${Number(row.row_count) - Number(row.digested)} of ${row.row_count} rows of the table ${label} are too long for the server to digest.`,
      { remedy: 'Raise max_allowed_packet on the server that is rehearsed on.' },
    );
  const sums = JSON.parse(row.column_sums) as (string | null)[];
  return {
    name,
    label,
    rows: Number(row.row_count),
    digest: `${row.first_half}:${row.second_half}`,
    columns: new Map(columns.map((column, index) => [column.name, sums[index] ?? null])),
  };
}
