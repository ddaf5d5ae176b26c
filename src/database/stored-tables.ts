import type { TableName } from '../model/configuration.js';
import type { CatalogColumn } from './catalog.js';

/** A table whose rows the application keeps in this database; not a view, a sequence or a foreign table. */
export interface StoredTable {
  readonly name: Required<TableName>;
  /** As people call it: without its schema, where its name alone finds it. */
  readonly label: string;
  /** SQL for FROM: each of its own rows, once; a partitioned table with its partitions, no heir with its parent. */
  readonly rows: string;
  /** In their order; what the server computes from other columns is left out. */
  readonly columns: readonly CatalogColumn[];
  /** Whether this user may read all of these columns, and all rows. */
  readonly isReadable: boolean;
}

/** A value of a column as it is read for a digest. */
export interface Reading {
  /** SQL. */
  readonly expression: string;
  readonly column: CatalogColumn;
  /** Where the condition holds, another value counts: an expression as `asKey` makes it for this column. */
  readonly instead?: { readonly where: string; readonly expression: string };
  /** Not a part of its row's digest; its column has a sum all the same. */
  readonly isApart?: boolean;
}

/** What `contentDigest` selects. */
export interface ContentDigestRow {
  row_count: string;
  /** How many of them the server could digest. */
  digested: string;
  /** The sums of either half of the rows' digests. */
  first_half: string;
  second_half: string;
  /** JSON array: a sum for each column, in their order; null where no row has a value. */
  column_sums: string;
}

/** How large the database is, in bytes; null for what the server does not tell this user. */
export interface Sizes {
  readonly databaseBytes: number | null;
  /** The journal's tables with their indexes, 0 where there are none. */
  readonly journalBytes: number | null;
  /**
   * How far the server has written its log of changes (WAL, redo log), in bytes from some beginning. The log is the
   * whole server's: what other databases write counts, too.
   */
  readonly logPosition: string | null;
}
