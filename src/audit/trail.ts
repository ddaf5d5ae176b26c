import type { Database } from '../database/database.js';
import { ReportFile } from './files.js';
import { ReportReader, type ReportSource } from './source.js';

/** A report lags behind the work by so many rows, or by so long. */
const ROWS = 1000;
const MILLISECONDS = 1000;

/**
 * Writes a report while the work that it is about goes on. Where the process dies, the part that it has written stays;
 * who goes on with the work writes the report from its beginning, and the same comes out.
 */
export class Trail {
  readonly #reader: ReportReader;
  readonly #file: ReportFile;
  #written = Date.now();
  #isOpen = true;

  private constructor(reader: ReportReader, file: ReportFile) {
    this.#reader = reader;
    this.#file = file;
  }

  /** @throws OnecardError where the file cannot be written; so do the other methods. */
  static async begin(database: Database, workingFolder: string, source: ReportSource): Promise<Trail> {
    const reader = new ReportReader(database, source);
    const trail = new Trail(reader, await ReportFile.create(workingFolder, source.folder, 'audit.ndjson'));
    await trail.#file.write(await reader.header());
    await trail.#file.flush();
    return trail;
  }

  /** @param position up to which everything is at its end. */
  async catchUp(position: number): Promise<void> {
    const isClose = position - this.#reader.position < ROWS && Date.now() - this.#written < MILLISECONDS;
    if (!isClose) await this.#writeLines(position);
  }

  /** @returns the last link of the chain. */
  async finish(): Promise<string> {
    await this.#writeLines();
    await this.#file.write(await this.#reader.end());
    await this.#file.finish();
    this.#isOpen = false;
    return this.#reader.head;
  }

  /** Where the file cannot be written: leaves nothing. */
  async discard(): Promise<void> {
    this.#isOpen = false;
    await this.#file.discard();
  }

  /** Where the work ended early: leaves what was written. */
  async leave(): Promise<void> {
    if (this.#isOpen) await this.#file.leave();
    this.#isOpen = false;
  }

  async #writeLines(upTo?: number): Promise<void> {
    for await (const line of this.#reader.lines(upTo)) await this.#file.write(line);
    await this.#file.flush();
    this.#written = Date.now();
  }
}
