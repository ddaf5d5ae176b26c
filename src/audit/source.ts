import type { Database } from '../database/database.js';
import type { Session } from '../database/session.js';
import { Chain } from './chain.js';

/** Raised when a reader of the former format would misread the new one. */
export const AUDIT_FORMAT = 1;

/** One line about an operator row. */
export interface SourceLine {
  /** Of the row in the journal; the report follows its order. */
  readonly position: number;
  readonly value: object;
}

/**
 * What an audit report is made of. All of it comes from the journal, so that the same bytes come out while a run
 * works, after a crash, and years later.
 */
export interface ReportSource {
  /** Where the report is kept, below the folder of all reports. */
  readonly folder: string;
  head(session: Session): Promise<object>;
  /** The lines after a position, up to another: so many as are read at once; none at the end. */
  page(session: Session, after: number, upTo: number): Promise<readonly SourceLine[]>;
  /** Sums up the lines that were read. */
  end(session: Session): Promise<object>;
}

/** So many rows are read at once. */
export const PAGE = 2000;

/** Reads a source from its beginning to its end, as far as the journal has come. */
export class ReportReader {
  readonly #database: Database;
  readonly #source: ReportSource;
  readonly #chain = new Chain();
  #position = 0;

  constructor(database: Database, source: ReportSource) {
    this.#database = database;
    this.#source = source;
  }

  /** The last link of the chain so far. */
  get head(): string {
    return this.#chain.head;
  }

  get position(): number {
    return this.#position;
  }

  async header(): Promise<string> {
    return this.#chain.link(await this.#database.transaction((session) => this.#source.head(session)));
  }

  /** @param upTo the last position that is at its end. */
  async *lines(upTo = Number.MAX_SAFE_INTEGER): AsyncIterable<string> {
    for (;;) {
      const page = await this.#database.transaction((session) =>
        this.#source.page(session, this.#position, upTo),
      );
      if (page.length === 0) return;
      for (const { position, value } of page) {
        this.#position = position;
        yield this.#chain.link(value);
      }
    }
  }

  async end(): Promise<string> {
    return this.#chain.link(await this.#database.transaction((session) => this.#source.end(session)));
  }

  /** The whole report. */
  async *all(): AsyncIterable<string> {
    yield await this.header();
    yield* this.lines();
    yield await this.end();
  }
}
