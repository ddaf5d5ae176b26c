/**
 * What somebody decides about an operator that was left for review:
 * link         to the person named beside it
 * create       a new card, whatever candidates there are
 * skip         nothing, it stays as it is
 * api-account  nothing, since it is no human
 * undecided    takes an earlier decision back
 */
export const DECISION_WORDS = ['link', 'create', 'skip', 'api-account', 'undecided'] as const;
export type DecisionWord = (typeof DECISION_WORDS)[number];

/** Those that stand until they are taken back. */
export const STANDING_WORDS = ['link', 'create', 'skip', 'api-account'] as const satisfies DecisionWord[];
export type StandingWord = (typeof STANDING_WORDS)[number];

/** What somebody decided about one operator. Keys of cards are strings whatever their type in the database. */
export interface HumanDecision {
  readonly operator: string;
  readonly word: DecisionWord;
  /** Of a `link`. */
  readonly person: string | null;
  /** Who decided. */
  readonly who: string;
  readonly note: string;
}

/** What people fill in, and the operator that it is about. */
export const FILLED_COLUMNS = ['operator', 'decision', 'person', 'who', 'note'] as const;

/** A line of a decisions file, as it was filled in. */
export interface FilledLine {
  /** As a spreadsheet counts it: the line of names is row 1. */
  readonly row: number;
  readonly cells: Readonly<Record<(typeof FILLED_COLUMNS)[number], string>>;
}

/** A decisions file as it was read, nothing of it checked. */
export interface FilledFile {
  readonly path: string;
  /** SHA-256 of its bytes. */
  readonly digest: string;
  readonly lines: readonly FilledLine[];
}
