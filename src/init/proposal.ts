/** A value of YAML as a configuration holds it. */
export type Plain = string | number | boolean | null | readonly Plain[] | { readonly [key: string]: Plain };

/** What is known about one option before it has its place. */
export interface Guess {
  /** undefined where the option is better left out until the question is answered. */
  readonly value: Plain | undefined;
  /** Sentences without a full stop: why this value, and what was considered instead. */
  readonly because: readonly string[];
  /** What only a human can know. */
  readonly question?: string | undefined;
  /** Another answer that is likely. */
  readonly alternative?: Plain | undefined;
}

/** One option of the proposed configuration, in the order in which it is to be written. */
export interface ProposedOption extends Guess {
  /** `['operators', 'key']`; a last part `[]` adds an item to a list. */
  readonly path: readonly string[];
}

export interface Proposal {
  /** The preset that the whole configuration is, where one was recognized. */
  readonly preset: string | undefined;
  /** Both tables as people read them. */
  readonly operators: string;
  readonly persons: string;
  /** What was found about the database as a whole: sentences. */
  readonly notes: readonly string[];
  /** Values that persons have in other tables, and a new card has not: columns. */
  readonly elsewhere: readonly string[];
  readonly options: readonly ProposedOption[];
}

export const questionsOf = ({ options }: Proposal) =>
  options.filter((option) => option.question !== undefined);
