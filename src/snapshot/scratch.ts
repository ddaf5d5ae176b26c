import type { Target } from '../database/target.js';

/** A database of our own to work on, which goes when the work is done. */
export interface Scratch {
  /** Where it is; the embedded one is found through the folder it was made in. */
  readonly target: Target;
  /** As its server calls it. */
  readonly name: string;
  /** How the data got there, in words: `a copy of servicedesk, made by the server`. */
  readonly origin: string;
  /** Removes it with all that is in it, whoever is connected; a second call does nothing. */
  drop(): Promise<void>;
}
