import type { Target } from './target.js';

/** A database that this process has made, and can remove. */
export interface ScratchDatabase {
  /** Where it is; the embedded one is found through the folder it was made in. */
  readonly target: Target;
  /** As its server calls it. */
  readonly name: string;
  /** How the data got there, in words: `a copy of servicedesk, made by the server`. */
  readonly origin: string;
  /** Removes it with all that is in it, whoever is connected; a second call does nothing. */
  drop(): Promise<void>;
}

/** Where scratch databases can be made: the server of a target, or a folder. */
export interface ScratchServer {
  /**
   * Copies the database of the target. Failed or aborted, it leaves nothing behind.
   * @throws OnecardError where it cannot, or where the copy could reach what is not its own.
   */
  copy(signal?: AbortSignal): Promise<ScratchDatabase>;
  /** Makes an empty one. */
  empty(): Promise<ScratchDatabase>;
  /** Whether the database of the target itself is marked as one that may be spoilt. */
  mark(): Promise<Mark>;
  /** Those that some process has made, and to which nobody is connected. */
  leftovers(): Promise<string[]>;
}

export interface Mark {
  readonly database: string;
  readonly isDisposable: boolean;
}

/** The table that marks a database as one that a rehearsal may write to. */
export const MARK = 'onecard_disposable';

export interface ScratchPlaces {
  /** The user's working folder, which holds the embedded sample. */
  readonly folder: string;
  /** A temporary folder of ours, where the embedded scratch is made. */
  readonly workplace: string;
}

/** The server of a target; each driver is loaded only where it is needed. */
export async function scratchServer(
  target: Target,
  env: NodeJS.ProcessEnv,
  places: ScratchPlaces,
): Promise<ScratchServer> {
  switch (target.kind) {
    case 'embedded':
      return (await import('./embedded-scratch.js')).embeddedScratches(places);
    case 'mysql':
      return (await import('./mysql/scratch.js')).mysqlScratches(target.url, env);
    case 'postgres':
      return (await import('./postgres/scratch.js')).postgresScratches(target.url, env);
  }
}
