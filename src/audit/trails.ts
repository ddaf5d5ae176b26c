import type { Database } from '../database/database.js';
import { RunTable } from '../journal/journal.js';
import type { Rollback } from '../journal/rollbacks.js';
import type { Run } from '../journal/run.js';
import { RunReportTable } from '../journal/run-reports.js';
import { RollbackSource } from './rollback-source.js';
import { runSourceOf } from './run-source.js';
import { Trail } from './trail.js';

/** The report of whatever is at work: it keeps up, and is finished at the end. */
abstract class WorkTrail {
  protected readonly database: Database;
  protected readonly workingFolder: string;
  protected trail: Trail | undefined;

  constructor(database: Database, workingFolder: string) {
    this.database = database;
    this.workingFolder = workingFolder;
  }

  async catchUp(position: number): Promise<void> {
    await this.trail?.catchUp(position);
  }

  /** @returns the last link of the chain. */
  async finish(): Promise<string> {
    if (this.trail === undefined) throw new Error('a report ended before it began');
    return this.trail.finish();
  }

  /** Where the work ended early. */
  async leave(): Promise<void> {
    await this.trail?.leave();
  }
}

export class RunTrail extends WorkTrail {
  async begin(run: Run): Promise<void> {
    const source = await runSourceOf(this.database, run);
    this.trail = await Trail.begin(this.database, this.workingFolder, source);
  }
}

export class RollbackTrail extends WorkTrail {
  async begin(run: Run, rollback: Rollback): Promise<void> {
    // What is taken back of one operator leaves the run to go on.
    if (rollback.operator === null && run.finishedAt === null) await this.#closeReportOf(run);
    const source = new RollbackSource(this.database, run, rollback);
    this.trail = await Trail.begin(this.database, this.workingFolder, source);
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
