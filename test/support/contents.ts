import type { TestDatabase } from './databases.js';
import { mariadbInspection } from './mariadb-inspection.js';
import { postgresInspection } from './postgres-inspection.js';
import type { Kind } from './servers/server.js';

/**
 * Table → primary key → row, as JSON text of column → value as the server prints it, or null.
 * A table without a primary key has its rows themselves as keys, numbered where they repeat.
 */
export type Contents = ReadonlyMap<string, ReadonlyMap<string, string>>;

export interface Difference {
  /** A whole table that came or went is listed with the key `(table)`, even if it is empty. */
  readonly added: { table: string; key: string; row: string }[];
  readonly removed: { table: string; key: string; row: string }[];
  readonly changed: { table: string; key: string; before: string; after: string }[];
}

/** Equal before and after: nothing was written in between. */
export type Counters = Record<string, number>;

export interface TableToRead {
  readonly name: string;
  /** Gives `tableName`, `rowKey` (null without a primary key) and `rowText`. */
  readonly select: string;
}

/** As much of a database as it takes to read it. */
export type Readable = Pick<TestDatabase, 'kind' | 'query'>;

export interface Inspection {
  tables(database: Readable): Promise<TableToRead[]>;
  counters(database: TestDatabase): Promise<Counters>;
}

const inspections: Record<Kind, Inspection> = { postgres: postgresInspection, mysql: mariadbInspection };

/** Everything in the database except onecard's own journal, as of one moment. */
export async function contents(database: Readable): Promise<Contents> {
  const found = await inspections[database.kind].tables(database);
  const tables = new Map(found.map(({ name }) => [name, new Map<string, string>()]));
  const selects = found.map(({ select }) => select);
  const rows = selects.length === 0 ? [] : await database.query(selects.join('\nUNION ALL\n'));
  for (const { tableName, rowKey, rowText } of rows) {
    const table = tables.get(String(tableName));
    // Servers space their JSON differently.
    const row = JSON.stringify(JSON.parse(String(rowText)));
    table?.set(rowKey === null ? numbered(table, row) : String(rowKey), row);
  }
  return tables;
}

/**
 * Counts written rows, rolled back or not, and changed definitions: on PostgreSQL any, on MariaDB tables
 * and columns. Waits until every connection to the database has ended and is counted.
 */
export function counters(database: TestDatabase): Promise<Counters> {
  return inspections[database.kind].counters(database);
}

export function difference(before: Contents, after: Contents): Difference {
  return {
    added: missingFrom(before, after),
    removed: missingFrom(after, before),
    changed: [...entries(after)].flatMap(({ table, key, row }) => {
      const old = before.get(table)?.get(key);
      return old === undefined || old === row ? [] : [{ table, key, before: old, after: row }];
    }),
  };
}

/** The rows of a table, by key: column → value as the server prints it. */
export function rowsOf(from: Contents, table: string): Map<string, Record<string, string | null>> {
  return new Map([...(from.get(table) ?? [])].map(([key, row]) => [key, JSON.parse(row)]));
}

/** A table of onecard's journal. */
export function journalTable(kind: Kind, table: string): string {
  return kind === 'postgres' ? `onecard.${table}` : `onecard_${table}`;
}

function missingFrom(known: Contents, all: Contents) {
  const tables = [...all.keys()].filter((table) => !known.has(table));
  const rows = [...entries(all)].filter(({ table, key }) => !known.get(table)?.has(key));
  return [...tables.map((table) => ({ table, key: '(table)', row: '' })), ...rows];
}

function* entries(contents: Contents) {
  for (const [table, rows] of contents) {
    for (const [key, row] of rows) yield { table, key, row };
  }
}

function numbered(rows: ReadonlyMap<string, string>, row: string): string {
  let key = row;
  for (let copy = 2; rows.has(key); copy++) key = `${row} (${copy})`;
  return key;
}
