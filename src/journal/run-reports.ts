import type { Database } from '../database/database.js';
import type { Session } from '../database/session.js';
import type { Configuration } from '../model/configuration.js';
import type { Legend } from '../plan/legend.js';
import type { Run } from './run.js';
import { hasTable } from './tables.js';

/** What the report of a run says besides its decisions and changes. */
export interface RunReport {
  /** The configuration in effect, as JSON. */
  readonly configuration: string;
  readonly legend: Legend;
  /** What the run came to, as JSON; null before its end, and once it is purged. */
  readonly summary: string | null;
}

/** The journal's table `run_report`. */
export class RunReportTable {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  async start(session: Session, run: Run, configuration: Configuration, legend: Legend): Promise<void> {
    await session.run(
      this.#table().insert({
        run_id: run.id,
        configuration: configuration.text,
        legend: JSON.stringify(legend),
        summary: null,
      }),
    );
  }

  /** The same for a run that an earlier onecard began with this configuration. */
  async startWhereMissing(
    session: Session,
    run: Run,
    configuration: Configuration,
    legend: Legend,
  ): Promise<void> {
    if ((await this.find(session, run)) === undefined) await this.start(session, run, configuration, legend);
  }

  async finish(session: Session, run: Run, summary: string): Promise<void> {
    await session.run(this.#table().where({ run_id: run.id }).update({ summary }));
  }

  /** Undefined of a run that an earlier onecard made. */
  async find(session: Session, run: Run): Promise<RunReport | undefined> {
    if (!(await hasTable(session, this.#database, 'run_report'))) return undefined;
    const [row] = await session.rows<{ configuration: string; legend: string; summary: string | null }>(
      this.#table().select('*').where({ run_id: run.id }),
    );
    return row && { ...row, legend: JSON.parse(row.legend) as Legend };
  }

  /** @param keys where only those are purged: of a summary that names one. */
  async purge(session: Session, run: Run, keys?: readonly string[]): Promise<void> {
    const summary = (await this.find(session, run))?.summary ?? null;
    if (summary === null) return;
    if (keys === undefined || keys.some((key) => names(summary, key)))
      await session.run(this.#table().where({ run_id: run.id }).update({ summary: null }));
  }

  /** Of each run that has kept one. */
  async legends(session: Session): Promise<ReadonlyMap<string, Legend>> {
    if (!(await hasTable(session, this.#database, 'run_report'))) return new Map();
    const rows = await session.rows<{ run_id: string; legend: string }>(
      this.#table().select('run_id', 'legend'),
    );
    return new Map(rows.map(({ run_id, legend }) => [run_id, JSON.parse(legend) as Legend]));
  }

  #table() {
    return this.#database.knex(this.#database.journalTable('run_report'));
  }
}

/** Whether a summary, as JSON, holds this key as a text or within one. */
export const names = (summary: string, key: string): boolean =>
  summary.includes(JSON.stringify(key).slice(1, -1));
