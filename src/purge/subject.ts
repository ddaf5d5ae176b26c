import type { Database } from '../database/database.js';
import type { Session } from '../database/session.js';
import { OnecardError } from '../errors.js';
import { HumanDecisionTable } from '../journal/human-decisions.js';
import { RunTable } from '../journal/journal.js';
import { isPurged, type Run } from '../journal/run.js';
import { noSuchRun } from '../rollback/subject.js';

/** What is to be purged: a run, or an operator in every run. */
export type PurgeSubject = { readonly run: string } | { readonly operator: string };

/** What the journal holds of that. */
export interface Purgeable {
  readonly runs: readonly PurgeableRun[];
  /** The persons that runs have linked the one operator to. */
  readonly persons: readonly string[];
  /** Human decisions: of a run those that it took from files, of an operator those about it. */
  readonly humanDecisions: number;
  /** Decisions about other operators that name one of those persons. */
  readonly mentions: number;
}

interface PurgeableRun {
  readonly run: Run;
  readonly decisions: number;
  /** Changes that are in effect: afterwards nothing can take them back. */
  readonly inEffect: number;
}

/** @throws OnecardError where there is no such run or operator, or where it cannot be purged yet. */
export async function findPurgeable(
  session: Session,
  database: Database,
  subject: PurgeSubject,
): Promise<Purgeable> {
  const runs = await new RunTable(database).all(session);
  return 'run' in subject
    ? purgeableRun(session, database, runs, subject.run)
    : purgeableOperator(session, database, runs, subject.operator);
}

const ENDED: readonly Run['state'][] = ['done', 'rolled-back'];

function refuseUnfinished(run: Run): void {
  if (ENDED.includes(run.state)) return;
  throw new OnecardError(`The run ${run.id} is not at its end: it is ${run.state}.`, {
    remedy: 'Finish it, or take it back, before anything of it is purged.',
  });
}

async function purgeableRun(
  session: Session,
  database: Database,
  runs: readonly Run[],
  id: string,
): Promise<Purgeable> {
  const run = runs.find((each) => each.id === id);
  if (run === undefined) throw noSuchRun(database, id, runs);
  refuseUnfinished(run);
  if (isPurged(run)) throw new OnecardError(`The run ${id} was purged already.`);
  const counts = await countRows(session, database, run);
  const taken = await new HumanDecisionTable(database).takenBy(session, run);
  return { runs: [{ run, ...counts }], persons: [], humanDecisions: taken?.decisions ?? 0, mentions: 0 };
}

async function purgeableOperator(
  session: Session,
  database: Database,
  all: readonly Run[],
  operator: string,
): Promise<Purgeable> {
  const runs: PurgeableRun[] = [];
  for (const run of all) {
    const counts = await countRows(session, database, run, operator);
    if (counts.decisions === 0) continue;
    refuseUnfinished(run);
    runs.push({ run, ...counts });
  }
  const humanDecisions = await new HumanDecisionTable(database).count(session, operator);
  if (runs.length === 0 && humanDecisions === 0)
    throw new OnecardError(
      `The journal of ${database.identity.database} says nothing about an operator ${JSON.stringify(operator)}.`,
      { remedy: '--operator takes its key, as `onecard report` shows it.' },
    );
  const persons = await personsOf(session, database, operator);
  const mentions = await countMentions(session, database, operator, persons);
  return { runs, persons, humanDecisions, mentions };
}

async function countRows(session: Session, { dialect: sql }: Database, run: Run, operator?: string) {
  const where = (alias: string) =>
    `${alias}.run_id = ${sql.literal(run.id)}${operator === undefined ? '' : ` AND ${alias}.operator = ${sql.literal(operator)}`}`;
  const [row] = await session.rows<{ decisions: string; in_effect: string }>(
    `SELECT ${sql.text('COUNT(*)')} AS decisions,
       (SELECT ${sql.text('COUNT(*)')} FROM ${sql.journal('change')} AS c
         WHERE ${where('c')} AND c.state IN ('applied', 'kept')) AS in_effect
  FROM ${sql.journal('decision')} AS d
 WHERE ${where('d')}`,
  );
  return { decisions: Number(row?.decisions), inEffect: Number(row?.in_effect) };
}

async function personsOf(
  session: Session,
  { dialect: sql }: Database,
  operator: string,
): Promise<readonly string[]> {
  const rows = await session.rows<{ person: string }>(
    `SELECT DISTINCT c.person FROM ${sql.journal('change')} AS c
 WHERE c.operator = ${sql.literal(operator)} AND c.person IS NOT NULL`,
  );
  return rows.map(({ person }) => person);
}

/** As far as they name the person itself: values that two humans share cannot be told from others. */
async function countMentions(
  session: Session,
  { dialect: sql }: Database,
  operator: string,
  persons: readonly string[],
): Promise<number> {
  if (persons.length === 0) return 0;
  const [row] = await session.rows<{ mentions: string }>(
    `SELECT ${sql.text('COUNT(*)')} AS mentions FROM ${sql.journal('decision')} AS d
 WHERE d.operator <> ${sql.literal(operator)} AND d.person IN (${persons.map(sql.literal).join(', ')})`,
  );
  return Number(row?.mentions);
}
