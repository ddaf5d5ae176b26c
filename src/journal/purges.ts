import type { Database } from '../database/database.js';
import type { Session } from '../database/session.js';
import { actorOfProcess } from './journal.js';
import type { Run } from './run.js';

/** What is left of a line of an audit report. */
export interface WithheldLine {
  readonly position: number;
  readonly digest: string;
}

/** The journal's tables `purge` and `withheld_line`. */
export class PurgeTable {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  /** @param run null where it is about one operator. @returns the number of the purge. */
  async note(session: Session, run: string | null, ticket: string | undefined): Promise<number> {
    const { dialect: sql, knex } = this.#database;
    const [last] = await session.rows<{ number: string }>(
      `SELECT ${sql.text('COALESCE(MAX(number), 0)')} AS number FROM ${sql.journal('purge')}`,
    );
    const number = Number(last?.number) + 1;
    await session.run(
      knex(this.#database.journalTable('purge')).insert({
        number,
        run_id: run,
        ticket: ticket ?? null,
        actor: actorOfProcess(),
        purged_at: new Date().toISOString(),
      }),
    );
    return number;
  }

  /** @param rollback whose report the lines are of; 0 for that of the run. */
  async withhold(
    session: Session,
    run: Run,
    { number, rollback }: { readonly number: number; readonly rollback: number },
    lines: readonly WithheldLine[],
  ): Promise<void> {
    const { dialect: sql } = this.#database;
    const rows = lines.map(({ position, digest }) => [String(position), digest]);
    await session.run(
      `INSERT INTO ${sql.journal('withheld_line')} (run_id, rollback, position, purge_number, digest)
SELECT ${sql.literal(run.id)}, ${rollback}, ${sql.asInteger('w.position')}, ${number}, w.digest
  FROM (${sql.constants(['position', 'digest'], rows)}) AS w`,
    );
  }
}
