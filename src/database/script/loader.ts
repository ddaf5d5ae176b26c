import type { Grammar } from './grammar.js';

/** What is to be done with a statement of a dump, so that it stays within the database it is loaded into. */
export type Verdict = { readonly action: 'run'; readonly sql: string } | NotRun;

export type NotRun =
  /** `what`: the kind of thing that is not there then; undefined where nothing is missing. */
  | { readonly action: 'leave out'; readonly what: string | undefined }
  /** It names the database that everything behind it belongs to; left out, as that would be the original. */
  | { readonly action: 'enter'; readonly database: string }
  | {
      readonly action: 'refuse';
      readonly why: string;
      readonly remedy: string;
      /** How many lines below the first one of the statement. */
      readonly linesBelow?: number;
    };

/** Puts the statements of a dump into one database, on a connection of its own. */
export interface Loader {
  /** Of this one script. */
  readonly grammar: Grammar;
  /** @param statement a byte per character, as the grammar gives it. */
  judge(statement: string): Verdict;
  /** The same of a line to the client. */
  judgeCommand(command: string): NotRun;
  /**
   * Resolves to the rows that were inserted; the kind of thing that is missing where the statement was left out
   * after all, as this database need not have it.
   *
   * @throws Refused
   */
  run(sql: string): Promise<number | LeftOut>;
  /**
   * Runs a statement that takes rows, up to their end; resolves to their number.
   *
   * @throws Refused
   */
  copy(sql: string, rows: AsyncIterable<Buffer>): Promise<number>;
  /** Commits what is not committed, and has the server look at what the tables hold, for its planner. */
  finish(): Promise<void>;
  /** Ends the connection in the middle of a statement, which fails then; `close` is still to be called. */
  abort(): void;
  close(): Promise<void>;
}

/** What is missing; undefined where nothing is. */
export class LeftOut {
  readonly what: string | undefined;

  constructor(what: string | undefined) {
    this.what = what;
  }
}

/** The database refuses a statement, or one of its rows. */
export class Refused extends Error {
  /** How many lines below the first one of the statement, or of its rows. */
  readonly linesBelow: number;
  readonly remedy: string | undefined;

  constructor(words: string, options: { linesBelow?: number; remedy?: string; cause?: unknown } = {}) {
    super(words, { cause: options.cause });
    this.linesBelow = options.linesBelow ?? 0;
    this.remedy = options.remedy;
  }
}

export const leaveOut = (what: string | undefined): NotRun => ({ action: 'leave out', what });
export const run = (sql: string): Verdict => ({ action: 'run', sql });

const decoder = new TextDecoder('utf-8', { fatal: true });

/**
 * The text of bytes in UTF-8, one per character.
 *
 * @throws Refused where they are something else.
 */
export function textOf(bytes: string): string {
  // Most of a dump is ASCII.
  if (!/[\x80-\xff]/.test(bytes)) return bytes;
  try {
    return decoder.decode(Buffer.from(bytes, 'latin1'));
  } catch (cause) {
    throw new Refused('the text is not in UTF-8', {
      remedy: 'Make the dump in UTF-8: pg_dump --encoding=UTF8.',
      cause,
    });
  }
}
