import { bodyOf, digestOf, isWithheld } from '../audit/chain.js';
import { RollbackSource } from '../audit/rollback-source.js';
import { runSourceOf } from '../audit/run-source.js';
import type { ReportSource, SourceLine } from '../audit/source.js';
import type { Database } from '../database/database.js';
import type { Session } from '../database/session.js';
import { HumanDecisionTable } from '../journal/human-decisions.js';
import { RunTable } from '../journal/journal.js';
import { takeLock } from '../journal/lock.js';
import { completeJournal } from '../journal/migrate.js';
import { PurgeTable } from '../journal/purges.js';
import { type Rollback, RollbackTable } from '../journal/rollbacks.js';
import type { Run } from '../journal/run.js';
import { RunReportTable } from '../journal/run-reports.js';
import { purgeRowsSql, purgeTakenBackSql } from './statements.js';
import { findPurgeable, type Purgeable, type PurgeSubject } from './subject.js';

/**
 * Takes personal data out of the journal: those of a run that is at its end, or those of one operator, whatever run
 * they are of. Decisions, reasons, states, times and counts stay, and of each line of an audit report its digest, so
 * that the chain goes on over it. Cut short, the same command goes on.
 * @throws OnecardError with exit code 6 where another process holds the lock, and with 2 where there is nothing to
 *   purge.
 */
export async function purge(
  database: Database,
  subject: PurgeSubject,
  ticket: string | undefined,
): Promise<Purgeable> {
  await takeLock(database);
  await completeJournal(database);
  const purgeable = await database.transaction((session) => findPurgeable(session, database, subject));
  const number = await database.transaction((session) =>
    new PurgeTable(database).note(session, 'run' in subject ? subject.run : null, ticket),
  );
  for (const { run } of purgeable.runs) {
    const work = new RunPurge(database, run, number);
    await ('run' in subject ? work.all() : work.only(subject.operator, purgeable.persons));
  }
  if ('operator' in subject)
    await database.transaction((session) =>
      new HumanDecisionTable(database).purgeOperator(session, subject.operator),
    );
  return purgeable;
}

/** The rows of a line, and its place in the report. */
interface Place {
  readonly position: number;
  /** How many lines of operators come before it. */
  readonly before: number;
}

class RunPurge {
  readonly #database: Database;
  readonly #run: Run;
  readonly #number: number;

  constructor(database: Database, run: Run, number: number) {
    this.#database = database;
    this.#run = run;
    this.#number = number;
  }

  async all(): Promise<void> {
    await this.#purgeLines(await runSourceOf(this.#database, this.#run), 0);
    const rollbacks = await this.#rollbacks();
    for (const rollback of rollbacks)
      await this.#purgeLines(new RollbackSource(this.#database, this.#run, rollback), rollback.number);
    await this.#database.transaction(async (session) => {
      await new HumanDecisionTable(this.#database).purgeWho(session, this.#run);
      await new RollbackTable(this.#database).purge(session, this.#run);
      await new RunReportTable(this.#database).purge(session, this.#run);
      // The last of all: with its key goes what could be told from the digests.
      await new RunTable(this.#database).purge(session, this.#run);
    });
  }

  async only(operator: string, persons: readonly string[]): Promise<void> {
    const keys = [operator, ...persons];
    await this.#purgeLine(await runSourceOf(this.#database, this.#run), 0, operator);
    const rollbacks = await this.#rollbacks();
    for (const rollback of rollbacks)
      await this.#purgeLine(
        new RollbackSource(this.#database, this.#run, rollback),
        rollback.number,
        operator,
      );
    await this.#database.transaction(async (session) => {
      await new RollbackTable(this.#database).purge(session, this.#run, keys);
      await new RunReportTable(this.#database).purge(session, this.#run, keys);
      await new RunTable(this.#database).leaveOut(session, this.#run, keys);
    });
  }

  /** Page after page, each in one transaction: its lines are read as they were, and its rows emptied. */
  async #purgeLines(source: ReportSource, rollback: number): Promise<void> {
    let before = 0;
    for (let after = 0; ; ) {
      const lines = await this.#database.transaction(async (session) => {
        const page = await source.page(session, after, Number.MAX_SAFE_INTEGER);
        await this.#withhold(session, rollback, page, before);
        return page;
      });
      const last = lines.at(-1);
      if (last === undefined) return;
      after = last.position;
      before += lines.length;
    }
  }

  async #purgeLine(source: ReportSource, rollback: number, operator: string): Promise<void> {
    await this.#database.transaction(async (session) => {
      const place = await this.#placeOf(session, rollback, operator);
      if (place === undefined) return;
      const page = await source.page(session, place.position - 1, place.position);
      await this.#withhold(session, rollback, page, place.before);
    });
  }

  async #placeOf(session: Session, rollback: number, operator: string): Promise<Place | undefined> {
    const { dialect: sql } = this.#database;
    const [table, ofReport] =
      rollback === 0
        ? [sql.journal('decision'), '']
        : [sql.journal('taken_back'), ` AND r.rollback = ${rollback}`];
    const ofRun = `r.run_id = ${sql.literal(this.#run.id)}${ofReport}`;
    const [row] = await session.rows<{ position: string; earlier: string }>(
      `SELECT ${sql.text('f.position')} AS position,
       (SELECT ${sql.text('COUNT(*)')} FROM ${table} AS r WHERE ${ofRun} AND r.position < f.position) AS earlier
  FROM (SELECT r.position FROM ${table} AS r WHERE ${ofRun} AND r.operator = ${sql.literal(operator)}) AS f`,
    );
    return row && { position: Number(row.position), before: Number(row.earlier) };
  }

  async #withhold(
    session: Session,
    rollback: number,
    page: readonly SourceLine[],
    before: number,
  ): Promise<void> {
    // The header is the first line.
    const lines = page
      .map((line, index) => ({ ...line, number: before + index + 2 }))
      .filter(({ value }) => !isWithheld(value));
    if (lines.length === 0) return;
    const { dialect: sql } = this.#database;
    await new PurgeTable(this.#database).withhold(
      session,
      this.#run,
      { number: this.#number, rollback },
      lines.map(({ position, number, value }) => ({ position, digest: digestOf(bodyOf(number, value)) })),
    );
    const positions = lines.map(({ position }) => position);
    const statements =
      rollback === 0
        ? purgeRowsSql(sql, this.#run, positions)
        : [purgeTakenBackSql(sql, this.#run, rollback, positions)];
    for (const statement of statements) await session.run(statement);
  }

  #rollbacks(): Promise<Rollback[]> {
    return this.#database.transaction((session) => new RollbackTable(this.#database).of(session, this.#run));
  }
}
