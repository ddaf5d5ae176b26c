/** A column of a report, in whatever format it is written. */
export interface ReportColumn<Row> {
  /** As JSON, NDJSON and CSV name it, and `--columns` and `--sort` take it. */
  readonly name: string;
  /** As people read it. */
  readonly title: string;
  /**
   * What it holds: decides how a format writes it.
   * key    of a card: digits stay text, leading zeros and all
   * time   ISO 8601 in UTC, to the second or finer
   */
  readonly holds: 'text' | 'key' | 'time' | 'number' | 'boolean';
  readonly valueOf: (row: Row) => ReportValue;
}

export type ReportValue = string | number | boolean | null;

/** Counts that add up to a whole, and what they are of. */
export interface ReportTotal {
  readonly title: string;
  readonly counts: readonly ReportCount[];
}

/** How many operators there are of something, for the picture of a report. */
export interface ReportCount {
  readonly label: string;
  readonly count: number;
}

/** What one run, or somebody in it, did about an operator; the oldest first. */
export interface HistoryEntry {
  readonly run: string;
  /** When it was written, else when the run began: ISO 8601 in UTC. */
  readonly at: string;
  readonly decision: string;
  readonly reason: string;
  readonly action: string;
  /** Of the change; null where none was to be made. */
  readonly state: string | null;
  readonly person: string | null;
  readonly why: string | null;
}

/** What a reader sees of an operator on a closer look. */
export interface LinkDetails {
  /** The fields of its person as they are now: those that the configuration maps, and the two flags. */
  readonly card: readonly (readonly [column: string, value: string | null])[];
  /** Each in plain words: `email ann@example.org: 1 person, 2 operators`. */
  readonly evidence: readonly string[];
  readonly candidates: readonly string[];
  readonly history: readonly HistoryEntry[];
}
