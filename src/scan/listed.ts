/** A list that is kept short, and how long it would be in full. */
export interface Listed<T> {
  readonly count: number;
  readonly first: readonly T[];
}

/** So many of each list, lowest operator keys first. */
export const LISTED = 100;
