import type { Target } from './target.js';

/** A database that this process has made, and can remove. */
export interface Scratch {
  /** Where it is; the embedded one is found through the folder it was made in. */
  readonly target: Target;
  /** As its server calls it. */
  readonly name: string;
  /** How the data got there, in words: `a copy of servicedesk, made by the server`. */
  readonly origin: string;
  /** Leaves it as it is: nobody of this process stays connected. */
  keep(): Promise<void>;
  /** Removes it with all that is in it, whoever is connected; a second call does nothing. */
  drop(): Promise<void>;
}

/** Where scratch databases can be made: the server of a target, or a folder. */
export interface ScratchServer {
  /**
   * Copies the database of the target. Failed or aborted, it leaves nothing behind.
   * @throws OnecardError where it cannot, or where the copy could reach what is not its own.
   */
  copy(signal?: AbortSignal): Promise<Scratch>;
  /** Makes an empty one. */
  empty(): Promise<Scratch>;
  /** Whether the database of the target itself is marked as one that may be spoilt. */
  mark(): Promise<Mark>;
  /** Statements that drop those that some process has made, and to which nobody is connected. */
  leftovers(): Promise<string[]>;
}

export interface Mark {
  readonly database: string;
  readonly isDisposable: boolean;
}

/** The table that marks a database as one that a rehearsal may write to. */
export const DISPOSABLE_MARK = 'onecard_disposable';

export interface ScratchPlaces {
  /** The user's working folder, which holds the embedded sample. */
  readonly folder: string;
  /** A temporary folder of ours, where the embedded scratch is made. */
  readonly workplace: string;
}
