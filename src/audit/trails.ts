import type { Database } from '../database/database.js';
import { RunTable } from '../journal/journal.js';
import type { Rollback } from '../journal/rollbacks.js';
import type { Run } from '../journal/run.js';
import { RunReportTable } from '../journal/run-reports.js';
import { RollbackSource } from './rollback-source.js';
import { runSourceOf } from './run-source.js';
import type { ReportSource } from './source.js';
import { Trail } from './trail.js';

/** After it failed, a report is left alone for so long. */
const PAUSE_MS = 5000;

/**
 * The report of whatever is at work: it keeps up, and is finished at the end. Work goes on where it cannot be written
 * for a while, be it for the disk or the connection: all of it is in the journal, from which it is then begun anew.
 */
abstract class WorkTrail {
  protected readonly database: Database;
  protected readonly workingFolder: string;
  protected makeSource: (() => Promise<ReportSource>) | undefined;
  #trail: Trail | undefined;
  #failed = Number.NEGATIVE_INFINITY;

  constructor(database: Database, workingFolder: string) {
    this.database = database;
    this.workingFolder = workingFolder;
  }

  async catchUp(position: number): Promise<void> {
    if (Date.now() - this.#failed < PAUSE_MS) return;
    try {
      await (await this.#opened()).catchUp(position);
    } catch {
      this.#failed = Date.now();
      await this.#giveUp();
    }
  }

  /**
   * @returns the last link of the chain.
   * @throws OnecardError where the file cannot be written now either.
   */
  async finish(): Promise<string> {
    try {
      return await (await this.#opened()).finish();
    } catch (error) {
      await this.#giveUp();
      throw error;
    }
  }

  /** Where the work ended early. */
  async leave(): Promise<void> {
    await this.#trail?.leave();
  }

  /** No half of a file stays that could be taken for a report, or for space on a disk that is full. */
  async #giveUp(): Promise<void> {
    await this.#trail?.discard();
    this.#trail = undefined;
  }

  async #opened(): Promise<Trail> {
    if (this.makeSource === undefined) throw new Error('a report was asked for before its work began');
    this.#trail ??= await Trail.begin(this.database, this.workingFolder, await this.makeSource());
    return this.#trail;
  }
}

export class RunTrail extends WorkTrail {
  begin(run: Run): Promise<void> {
    this.makeSource = () => runSourceOf(this.database, run);
    return this.catchUp(0);
  }
}

export class RollbackTrail extends WorkTrail {
  async begin(run: Run, rollback: Rollback): Promise<void> {
    // What is taken back of one operator leaves the run to go on.
    if (rollback.operator === null && run.finishedAt === null) await this.#closeReportOf(run);
    this.makeSource = async () => new RollbackSource(this.database, run, rollback);
    await this.catchUp(0);
  }

  /** Of a run that is taken back instead of finished: nothing more will come of it. */
  async #closeReportOf(run: Run): Promise<void> {
    const report = await this.database.transaction((session) =>
      new RunReportTable(this.database).find(session, run),
    );
    if (report === undefined) return;
    const trail = new RunTrail(this.database, this.workingFolder);
    await trail.begin(run);
    const head = await trail.finish();
    await this.database.transaction((session) => new RunTable(this.database).noteReport(session, run, head));
  }
}
