import type { Policies } from './policies.js';

export type Scalar = string | number | boolean;

export interface TableName {
  readonly schema: string | undefined;
  readonly name: string;
}

/** The rows of another table that belong to a row of ours. */
export interface OtherRows {
  readonly table: TableName;
  /** Pairs of columns that are equal: one of that table, one of ours. */
  readonly on: readonly { readonly theirs: string; readonly ours: string }[];
  /** Which of them; on the rows of that table. */
  readonly where: Condition | undefined;
}

/** Where a value of a row is found: in a column of its own, or in one of rows elsewhere. */
export interface Value {
  readonly column: string;
  readonly rows: OtherRows | undefined;
}

/** A condition on one row. A comparison with NULL does not hold. */
export type Condition =
  | { readonly column: string; readonly is: Scalar }
  | { readonly column: string; readonly isNot: Scalar }
  | { readonly column: string; readonly in: readonly Scalar[] }
  | { readonly column: string; readonly isNull: boolean }
  /** `*` stands for any characters, `?` for one. */
  | { readonly column: string; readonly matches: string }
  /** There is such a row. */
  | { readonly row: OtherRows }
  | { readonly all: readonly Condition[] }
  | { readonly any: readonly Condition[] }
  | { readonly not: Condition };

/** What grants something to a person, or denies it: a column's value, or a row elsewhere. */
export type Flag = ColumnFlag | { readonly row: OtherRows };

export interface ColumnFlag {
  readonly column: string;
  readonly granted: Scalar;
  readonly denied: Scalar;
}

/** What becomes of a value that its column of the card cannot hold. */
export type OnMisfit = 'review' | 'truncate' | 'blank' | { readonly set: Scalar };

/** Where the value of a card's column comes from. */
export type CardSource =
  | { readonly from: Value; readonly onMisfit: OnMisfit }
  | { readonly value: Scalar | null };

export interface MappedField {
  readonly column: string;
  readonly source: CardSource;
}

/** What fills the columns of a card that the mapping does not name. */
export interface Unmapped {
  readonly sameName: 'leave' | 'copy';
  readonly required: 'refuse' | 'neutral';
  /** Columns that `sameName: copy` leaves out. */
  readonly except: readonly string[];
}

/** A pair of values that identify the same human on both cards. */
export interface MatchKey {
  readonly name: string;
  readonly operator: Value;
  readonly person: Value;
}

/** Where somebody logs in. */
export type Portal = 'operatorPortal' | 'ssp';

/** When somebody logged in there last. */
export interface LastLogin {
  readonly portal: Portal;
  readonly value: Value;
  /** The option that says it. */
  readonly option: readonly string[];
}

export interface OperatorTable {
  readonly table: TableName;
  readonly key: string;
  readonly link: string;
  /** Values that make up the name shown to people. */
  readonly name: readonly Value[];
  /** Rows that are operators at all; the others are groups or templates. */
  readonly rows: Condition | undefined;
  readonly apiAccount: Condition | undefined;
  readonly excluded: Condition | undefined;
  readonly archived: Condition | undefined;
  readonly anonymized: Condition | undefined;
  readonly lastLogin: readonly LastLogin[];
  /** The kind of licence. */
  readonly licence: Value | undefined;
  /** The branch that it belongs to, as people call it. */
  readonly branch: Value | undefined;
}

export interface PersonTable {
  readonly table: TableName;
  readonly key: string;
  readonly name: readonly Value[];
  readonly ssp: Flag;
  readonly caller: Flag;
  readonly archived: Condition | undefined;
  readonly anonymized: Condition | undefined;
  readonly lastLogin: readonly LastLogin[];
}

/** A column that refers to persons, though no foreign key says so. */
export interface UndeclaredReference {
  readonly table: TableName;
  readonly column: string;
  /** The column of the person whose value it holds; undefined for the key. */
  readonly holds: string | undefined;
}

/** A parsed configuration: every name is a plain identifier, still to be checked against the database. */
export interface Configuration {
  readonly preset: string | undefined;
  /** SHA-256 of the configuration in effect, policies included, connection excluded. */
  readonly digest: string;
  /** What the digest is of: all of it that is in effect, preset and flags included, as JSON. */
  readonly text: string;
  /** Where a file says it: `onecard.yaml, line 3, column 5: `; empty where no file does. */
  readonly placeOf: (option: readonly PropertyKey[]) => string;
  readonly operators: OperatorTable;
  readonly persons: PersonTable;
  readonly card: readonly MappedField[];
  readonly unmapped: Unmapped;
  /** Stamps that the application moves by itself, such as its time of last change. */
  readonly volatileColumns: { readonly operators: readonly string[]; readonly persons: readonly string[] };
  /** What refers to persons beside the foreign keys. */
  readonly references: readonly UndeclaredReference[];
  /** Ignored values are trimmed and lower-cased, as the keys that they are held against. */
  readonly match: { readonly keys: readonly MatchKey[]; readonly ignoreValues: readonly string[] };
  readonly policies: Policies;
}
