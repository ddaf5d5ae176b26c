import type { Database } from '../database/database.js';
import type { Session } from '../database/session.js';
import { OnecardError } from '../errors.js';
import { RunTable } from '../journal/journal.js';
import { RollbackTable } from '../journal/rollbacks.js';
import { type ChangeState, isPurged, type Run } from '../journal/run.js';

/** What somebody asks to be taken back: a run, or what it did for one operator. */
export interface Subject {
  readonly run: string;
  readonly only: string | undefined;
}

/** That in the journal. */
export interface Found {
  readonly run: Run;
  /** Of the change of the one operator; undefined for the whole run. */
  readonly position: number | undefined;
}

/**
 * Finds what is to be taken back.
 * @throws OnecardError where there is no such run or change, or where there is nothing left to take back.
 */
export async function findSubject(
  session: Session,
  database: Database,
  { run: id, only }: Subject,
): Promise<Found> {
  const runs = await new RunTable(database).all(session);
  const run = runs.find((candidate) => candidate.id === id);
  if (run === undefined) throw noSuchRun(database, id, runs);
  if (run.state === 'planning')
    throw new OnecardError(`The run ${id} was cut short while it planned: it has written nothing.`);
  if (isPurged(run))
    throw new OnecardError(`The run ${id} was purged: the journal knows no more what it did to whom.`, {
      remedy: 'Nothing of it can be taken back.',
    });
  if (only !== undefined) return { run, position: await findPosition(session, database, run, only) };
  if (run.state === 'rolled-back') throw await rolledBackAlready(session, database, run);
  return { run, position: undefined };
}

/** For a database without a journal, too. */
export function noSuchRun(database: Database, id: string, runs: readonly Run[]): OnecardError {
  const known = runs.slice(0, 5).map((run) => `${run.id} (${run.state})`);
  return new OnecardError(
    `There is no run ${JSON.stringify(id)} in the journal of ${database.identity.database}.`,
    {
      remedy:
        known.length === 0
          ? 'No run has been made on this database yet.'
          : `The runs are: ${known.join(', ')}.`,
    },
  );
}

async function rolledBackAlready(session: Session, database: Database, run: Run): Promise<OnecardError> {
  const { dialect: sql } = database;
  const [row] = await session.rows<{ kept: string }>(
    `SELECT ${sql.text('COUNT(*)')} AS kept FROM ${sql.journal('change')}
      WHERE run_id = ${sql.literal(run.id)} AND state = 'kept'`,
  );
  const kept = Number(row?.kept ?? 0);
  return new OnecardError(
    `The run ${run.id} was rolled back already${kept > 0 ? `; ${kept} of its changes ${kept === 1 ? 'was' : 'were'} kept` : ''}.`,
    {
      remedy:
        kept > 0
          ? `To try one of them again: onecard rollback ${run.id} --only OPERATOR`
          : '`onecard migrate` makes a new run.',
    },
  );
}

async function findPosition(session: Session, database: Database, run: Run, only: string): Promise<number> {
  const { dialect: sql } = database;
  const [change] = await session.rows<{ position: string; state: ChangeState; reason: string | null }>(
    `SELECT ${sql.text('position')} AS position, state, reason FROM ${sql.journal('change')}
      WHERE run_id = ${sql.literal(run.id)} AND operator = ${sql.literal(only)}`,
  );
  const operator = JSON.stringify(only);
  // Taken back by a rollback that was cut short before its report was whole: the same command finishes that.
  const rollbacks = await new RollbackTable(database).of(session, run);
  const isOpen = rollbacks.some((rollback) => rollback.operator === only && rollback.finishedAt === null);
  if (change !== undefined && isOpen) return Number(change.position);
  if (change === undefined)
    throw new OnecardError(`The run ${run.id} changed nothing for an operator ${operator}.`, {
      remedy: `--only takes the operator's key; \`onecard report --run ${run.id}\` shows what the run did.`,
    });
  if (change.state === 'rolled-back')
    throw new OnecardError(`What the run ${run.id} did for operator ${operator} was taken back already.`);
  if (change.state === 'stale' || change.state === 'failed')
    throw new OnecardError(
      `The run ${run.id} wrote nothing for operator ${operator}: ${change.reason ?? change.state}.`,
    );
  return Number(change.position);
}
