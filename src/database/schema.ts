import type { TableName } from '../model/configuration.js';

/** What onecard needs to know about a column's type. */
export type TypeFamily =
  | 'text'
  | 'boolean'
  | 'integer'
  | 'decimal'
  | 'uuid'
  /** Dates, times and both. */
  | 'time'
  | 'binary'
  /** One of a list of labels. */
  | 'enum'
  | 'other';

export interface Column {
  readonly name: string;
  /** As the server writes it: `character varying(80)`. */
  readonly type: string;
  /** What lies below a domain; otherwise the type itself. */
  readonly baseType: string;
  readonly family: TypeFamily;
  /** Of an enum. */
  readonly labels: readonly string[] | undefined;
  /** Of a text column, in characters; null where it is unbounded. */
  readonly length: number | null;
  readonly nullable: boolean;
  /** The server fills it when an INSERT leaves it out: default, identity, generated, auto-increment. */
  readonly filledByServer: boolean;
  /** Computed from other columns: no statement may set it. */
  readonly isGenerated: boolean;
  /** A stamp that the server moves on every update of the row: `ON UPDATE CURRENT_TIMESTAMP`. */
  readonly movedByServer: boolean;
  /** Of a text: needed to compare with it by its own index. */
  readonly collation: string | null;
  /** Where a row that comes without a value gets it from; undefined where that is no key of its own. */
  readonly keySource: KeySource | undefined;
}

/** The server counts up as it inserts; or an expression gives the next value, from these sequences. */
export type KeySource =
  | 'insert'
  | { readonly next: string; readonly isAlways: boolean; readonly sequences: readonly Required<TableName>[] };

/** Only a `table` keeps rows of its own, in this database. */
export type TableKind = 'table' | 'view' | 'foreign table';

/** What the application's database does by itself when a row is written. */
export interface Trigger {
  readonly table: Required<TableName>;
  readonly name: string;
  /** `BEFORE INSERT`, `AFTER UPDATE OR DELETE` */
  readonly when: string;
  /** The function that it calls, or the beginning of what it does. */
  readonly what: string;
}

/** The triggers of a table, or nothing known of them. */
export interface Triggers {
  readonly found: readonly Trigger[];
  /** False where this user may not see them: there may be more. */
  readonly isComplete: boolean;
}

export interface Table {
  readonly name: Required<TableName>;
  readonly kind: TableKind;
  readonly columns: ReadonlyMap<string, Column>;
  /** The columns of each unique index, the primary key included; partial and expression indexes left out. */
  readonly uniqueIndexes: readonly (readonly string[])[];
  readonly isTransactional: boolean;
  readonly estimatedRows: number;
}

/** A foreign key of some table, seen from the table that it points at. */
export interface ForeignKey {
  readonly table: Required<TableName>;
  readonly columns: readonly { readonly own: string; readonly target: string }[];
  /** Its columns lead an index, so that the rows that refer to one row are found without reading all. */
  readonly isIndexed: boolean;
  /** Of the table. */
  readonly estimatedRows: number;
}

/** What a table's rows have to hold, as SQL of this server over the plain names of its columns. */
export interface TableRules {
  readonly uniques: readonly UniqueRule[];
  readonly checks: readonly CheckRule[];
  readonly foreignKeys: readonly ForeignKeyRule[];
  /** Column → what the server fills it with; left out where that is NULL or new for each row. */
  readonly defaults: ReadonlyMap<string, string>;
}

/** No two rows have all of these the same, by the server's own idea of equality; NULLs are never the same. */
export interface UniqueRule {
  readonly name: string;
  readonly expressions: readonly string[];
  /** The rows that it is about; undefined for all. */
  readonly where: string | undefined;
  /** The columns that it reads. */
  readonly columns: readonly string[];
}

/** True, or NULL, for every row. */
export interface CheckRule {
  readonly name: string;
  readonly expression: string;
  readonly columns: readonly string[];
}

export interface ForeignKeyRule {
  readonly name: string;
  readonly table: Required<TableName>;
  readonly columns: readonly { readonly own: string; readonly target: string }[];
}
