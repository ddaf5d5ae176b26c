import type { Session } from '../database/session.js';

/** What a verification found; nothing in it was written. */
export interface Verification {
  readonly checks: readonly Check[];
  readonly counts: Counts;
}

/** One invariant, held against the database. */
export interface Check {
  /** For scripts: kebab-case, and it stays. */
  readonly name: string;
  /** The invariant in plain words. */
  readonly title: string;
  /** How many things were looked at. */
  readonly checked: number;
  /** At most `KEPT`, the lowest keys first. */
  readonly violations: readonly Violation[];
  /** All of them. */
  readonly violationCount: number;
}

export interface Violation {
  readonly operator: string | null;
  readonly person: string | null;
  /** Names the row and the field, what it is and what it should be. Holds data as it is: print it with care. */
  readonly text: string;
}

/** The human operators; those linked, under review, skipped and open add up to all of them. */
export interface Counts {
  readonly operators: number;
  /** Their person exists. */
  readonly linked: number;
  readonly review: number;
  /** By a run, or by the policies for archived and anonymized operators. */
  readonly skipped: number;
  /** Neither linked nor left out on purpose. */
  readonly open: number;
}

/** So many violations of a check are named; all are counted. */
export const KEPT = 100;

/** A row of a violation statement, which ends in `keptSql`. */
export interface Found {
  operator: string | null;
  person: string | null;
  /** The number of rows without the limit. */
  total: string;
}

/** Ends a statement about violations: the first of them in an order that stays. */
export const keptSql = (orderBy: string) => `ORDER BY ${orderBy} LIMIT ${KEPT}`;

/** What one statement found: the violations that are kept, and the number of all. */
export interface Findings {
  readonly violations: readonly Violation[];
  readonly count: number;
}

export async function findViolations<Row extends Found>(
  session: Session,
  statement: string,
  describe: (row: Row) => string,
): Promise<Findings> {
  const rows = await session.rows<Row>(statement);
  return {
    violations: rows.map((row) => ({ operator: row.operator, person: row.person, text: describe(row) })),
    count: Number(rows[0]?.total ?? 0),
  };
}

export function checkOf(name: string, title: string, checked: number, findings: readonly Findings[]): Check {
  return {
    name,
    title,
    checked,
    violations: findings.flatMap(({ violations }) => violations).slice(0, KEPT),
    violationCount: findings.reduce((sum, { count }) => sum + count, 0),
  };
}

/** A value as a reader recognizes it: text in quotes, so that blanks and nothing can be told apart. */
export const shown = (value: string | null) => (value === null ? 'empty (NULL)' : JSON.stringify(value));
