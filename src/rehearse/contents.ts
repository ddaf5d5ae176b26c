import type { Database } from '../database/database.js';
import type { Session } from '../database/session.js';
import type { ContentDigestRow, Reading } from '../database/stored-tables.js';
import { OnecardError } from '../errors.js';
import type { TableName } from '../model/configuration.js';
import type { Scope } from './scope.js';

/** What a database holds, as numbers to be compared: no value can be read back from them. */
export interface Contents {
  /** By schema and name. */
  readonly tables: readonly TableContents[];
  /** Labels of tables that are there, and that this user may not read in full. */
  readonly unread: readonly string[];
}

export interface TableContents extends Sums {
  readonly name: Required<TableName>;
  /** As people call it. */
  readonly label: string;
  /** Columns of the contents that it is like, which are not there any more. */
  readonly goneColumns: readonly string[];
  /** Those that the application moves by itself. */
  readonly volatileColumns: readonly string[];
}

/** Of some rows; the sums of two sets of rows add up to those of both. */
export interface Sums {
  readonly rows: number;
  /** Of all rows, over the columns below, volatile ones aside: equal for the same rows in whatever order. */
  readonly digest: readonly bigint[];
  /** Each with a sum over its values, whichever rows they are in. */
  readonly columns: ReadonlyMap<string, bigint>;
}

export interface ContentsOptions {
  /** All of it, where it is left out. */
  readonly scope?: Scope;
  /** Read no columns but those of these contents: what onecard adds does not count. */
  readonly like?: Contents;
}

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
  { scope, like }: ContentsOptions,
): Promise<Contents> {
  const stored = await database.storedTables(session);
  const found = scope?.without(stored) ?? stored;
  const tables: TableContents[] = [];
  for (const table of found.filter(({ isReadable }) => isReadable)) {
    const known = like?.tables.find((each) => isSameName(each.name, table.name));
    const columns = table.columns.filter(({ name }) => known === undefined || known.columns.has(name));
    const { name, label, rows } = table;
    const readings = columns.map((column) => ({
      expression: `t.${database.dialect.identifier(column.name)}`,
      column,
      isApart: scope?.isVolatile(table, column.name) ?? false,
    }));
    tables.push({
      name,
      label,
      ...(await readSums(session, database, label, `${rows} AS t`, readings)),
      volatileColumns: readings.filter(({ isApart }) => isApart).map(({ column }) => column.name),
      goneColumns: [...(known?.columns.keys() ?? [])].filter(
        (name) => !columns.some((column) => column.name === name),
      ),
    });
  }
  return { tables, unread: found.filter(({ isReadable }) => !isReadable).map(({ label }) => label) };
}

export const isSameName = (one: Required<TableName>, other: Required<TableName>) =>
  one.schema === other.schema && one.name === other.name;

/** @param from SQL: which rows. @param label of the table that they are of. */
export async function readSums(
  session: Session,
  { dialect }: Database,
  label: string,
  from: string,
  readings: readonly Reading[],
): Promise<Sums> {
  const [row] = await session.rows<ContentDigestRow>(dialect.contentDigest(from, readings));
  if (row === undefined) throw new Error(`the digest of ${label} came without a row`);
  if (row.digested !== row.row_count)
    throw new OnecardError(
      `${Number(row.row_count) - Number(row.digested)} of ${row.row_count} rows of the table ${label} are too long for the server to digest.`,
      { remedy: 'Raise max_allowed_packet on the server that is rehearsed on.' },
    );
  const sums = JSON.parse(row.column_sums) as (string | null)[];
  return {
    rows: Number(row.row_count),
    digest: [row.first_half, row.second_half].map(BigInt),
    columns: new Map(readings.map(({ column }, index) => [column.name, BigInt(sums[index] ?? 0)])),
  };
}
