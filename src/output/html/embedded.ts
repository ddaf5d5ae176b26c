import type { HistoryEntry, ReportColumn, ReportValue } from '../../model/report.js';

/** Ids and classes by which the script finds what the page holds for it. */
export const TABLE_ID = 'table';
export const TABLE_DATA_ID = 'table-data';
export const ROWS_CLASS = 'rows-data';
export const DETAILS_CLASS = 'details-data';

/** What the script is told of the table. */
export interface EmbeddedTable {
  readonly columns: readonly EmbeddedColumn[];
  /** Names of columns. */
  readonly filters: readonly string[];
  /** Whether there are blocks of details, one for each block of rows. */
  readonly opens: boolean;
}

export type EmbeddedColumn = Pick<ReportColumn<never>, 'name' | 'title' | 'holds'>;

/** In the order of the columns. */
export type EmbeddedRow = readonly ReportValue[];

/** The details of a block of rows, in their order; what they have in common is there once. */
export interface EmbeddedDetails {
  readonly cards: readonly (readonly string[])[];
  readonly rows: readonly EmbeddedDetail[];
}

export type EmbeddedDetail = readonly [
  /** Which of `cards` has the names of the columns. */
  card: number,
  values: readonly (string | null)[],
  evidence: readonly string[],
  candidates: readonly string[],
  history: readonly (readonly (string | null)[])[],
];

/** The order in which an entry of the history is embedded. */
export const HISTORY = [
  'at',
  'run',
  'decision',
  'reason',
  'action',
  'state',
  'person',
  'why',
] as const satisfies readonly (keyof HistoryEntry)[];
