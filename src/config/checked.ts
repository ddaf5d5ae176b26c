import type { Column, Table } from '../database/schema.js';
import type { OnMisfit, Portal, Scalar } from '../model/configuration.js';

/**
 * The configuration's values and conditions after they were held against the database: each name has become the
 * column it stands for, and each constant is one that its column can be compared with.
 */

/** The rows of another table that belong to a row of ours. */
export interface CheckedRows {
  readonly table: Table;
  readonly on: readonly { readonly theirs: Column; readonly ours: Column }[];
  readonly where: CheckedCondition | undefined;
}

export interface CheckedValue {
  readonly column: Column;
  /** Undefined where the column is one of the row itself. */
  readonly rows: CheckedRows | undefined;
}

/** When somebody logged in there last. */
export interface CheckedLogin {
  readonly portal: Portal;
  readonly value: CheckedValue;
  /** The option that says it. */
  readonly option: readonly string[];
}

export type CheckedCondition =
  | { readonly column: Column; readonly is: Scalar }
  | { readonly column: Column; readonly isNot: Scalar }
  | { readonly column: Column; readonly in: readonly Scalar[] }
  | { readonly column: Column; readonly isNull: boolean }
  | { readonly column: Column; readonly matches: string }
  | { readonly row: CheckedRows }
  | { readonly all: readonly CheckedCondition[] }
  | { readonly any: readonly CheckedCondition[] }
  | { readonly not: CheckedCondition };

/** A column that the run has yet to add is not found. */
export interface CheckedColumnFlag {
  readonly column: string;
  readonly found: Column | undefined;
  readonly granted: Scalar;
  readonly denied: Scalar;
}

/** Where a row elsewhere grants it, a new card has none. */
export type CheckedFlag = CheckedColumnFlag | { readonly row: CheckedRows };

export interface CheckedKey {
  readonly name: string;
  /** Counted from 1. */
  readonly number: number;
  readonly operator: CheckedValue;
  readonly person: CheckedValue;
}

/** A column of a new card, and what fills it. */
export interface CardField {
  readonly column: string;
  /** Undefined where the run has yet to add the column. */
  readonly target: Column | undefined;
  readonly source:
    | { readonly from: CheckedValue; readonly onMisfit: OnMisfit }
    | { readonly value: Scalar | null };
}

/** A column that refers to persons, though no foreign key says so. */
export interface CheckedReference {
  readonly table: Table;
  readonly column: Column;
  /** The column of the person whose value it holds. */
  readonly holds: Column;
}
