import type { Policies } from './policies.js';

export type Scalar = string | number | boolean;

export interface TableName {
  readonly schema: string | undefined;
  readonly name: string;
}

/** A condition on one row. A comparison with NULL does not hold. */
export type Condition =
  | { readonly column: string; readonly is: Scalar }
  | { readonly column: string; readonly isNot: Scalar }
  | { readonly column: string; readonly in: readonly Scalar[] }
  | { readonly column: string; readonly isNull: boolean }
  | { readonly all: readonly Condition[] }
  | { readonly any: readonly Condition[] };

/** A column that grants or denies something to a person. */
export interface Flag {
  readonly column: string;
  readonly granted: Scalar;
  readonly denied: Scalar;
}

/** Where the value of a card's column comes from. */
export type CardSource = { readonly from: string } | { readonly value: Scalar | null };

export interface CardField {
  readonly column: string;
  readonly source: CardSource;
}

/** A pair of columns that identify the same human on both cards. */
export interface MatchKey {
  readonly name: string;
  readonly operator: string;
  readonly person: string;
}

export interface OperatorTable {
  readonly table: TableName;
  readonly key: string;
  readonly link: string;
  /** Columns that make up the name shown to people. */
  readonly name: readonly string[];
  /** Rows that are operators at all; the others are groups or templates. */
  readonly rows: Condition | undefined;
  readonly apiAccount: Condition | undefined;
  readonly excluded: Condition | undefined;
  readonly archived: Condition | undefined;
  readonly anonymized: Condition | undefined;
  readonly lastLogin: string | undefined;
}

export interface PersonTable {
  readonly table: TableName;
  readonly key: string;
  readonly name: readonly string[];
  readonly ssp: Flag;
  readonly caller: Flag;
  readonly archived: Condition | undefined;
  readonly anonymized: Condition | undefined;
}

/** A column that holds keys of persons, though no foreign key says so. */
export interface UndeclaredReference {
  readonly table: TableName;
  readonly column: string;
}

/** A parsed configuration: every name is a plain identifier, still to be checked against the database. */
export interface Configuration {
  readonly preset: string | undefined;
  /** SHA-256 of the configuration in effect, policies included, connection excluded. */
  readonly digest: string;
  readonly operators: OperatorTable;
  readonly persons: PersonTable;
  readonly card: readonly CardField[];
  /** Stamps that the application moves by itself, such as its time of last change. */
  readonly volatileColumns: { readonly operators: readonly string[]; readonly persons: readonly string[] };
  /** What refers to persons beside the foreign keys. */
  readonly references: readonly UndeclaredReference[];
  /** Ignored values are trimmed and lower-cased, as the keys that they are held against. */
  readonly match: { readonly keys: readonly MatchKey[]; readonly ignoreValues: readonly string[] };
  readonly policies: Policies;
}
