import type { Database } from '../database/database.js';
import type { Session } from '../database/session.js';
import { RunTable } from '../journal/journal.js';
import { CHANGE_STATES, type ChangeState, isPurged, type Run, type RunState } from '../journal/run.js';

/** A run as somebody sees it from outside, while it works or afterwards. */
export interface RunOverview {
  readonly run: string;
  readonly state: RunState;
  /** Neither at its end nor at work: a process that died, or was stopped, left it so. */
  readonly isCutShort: boolean;
  /** Its personal data are gone from the journal. */
  readonly isPurged: boolean;
  /** `working`, or why it waits; null where it is not at work. */
  readonly activity: string | null;
  /** Decisions with an action that were handled, and all of them; null while it plans. */
  readonly done: number;
  readonly actions: number | null;
  readonly changes: Readonly<Record<ChangeState, number>>;
  readonly actor: string;
  readonly ticket: string | null;
  readonly toolVersion: string;
  readonly startedAt: string;
  readonly heartbeatAt: string;
  readonly finishedAt: string | null;
}

export interface RunsOverview {
  /** Who works on this database now; null where nobody does. */
  readonly holder: string | null;
  /** The newest first. */
  readonly runs: readonly RunOverview[];
}

/** All runs of a database; none where it has no journal. */
export async function overviewOfRuns(database: Database): Promise<RunsOverview> {
  if (!(await database.hasJournal())) return { holder: null, runs: [] };
  return database.snapshot(async (session) => {
    const holder = (await database.lockHolder(session))?.description ?? null;
    const runs = await new RunTable(database).all(session);
    const changes = await countChanges(session, database);
    // One run at a time: only the newest can be the one that is at work.
    return { holder, runs: runs.map((run, index) => overview(run, changes, index === 0 && holder !== null)) };
  });
}

interface CountRow {
  run_id: string;
  state: ChangeState;
  changes: string;
}

function countChanges(session: Session, { dialect: sql }: Database): Promise<CountRow[]> {
  return session.rows<CountRow>(
    `SELECT run_id, state, ${sql.text('COUNT(*)')} AS changes
  FROM ${sql.journal('change')}
 GROUP BY run_id, state`,
  );
}

const UNFINISHED: readonly RunState[] = ['planning', 'applying', 'closing', 'rolling-back'];

function overview(run: Run, counts: readonly CountRow[], mayWork: boolean): RunOverview {
  const count = (state: ChangeState) =>
    Number(counts.find((row) => row.run_id === run.id && row.state === state)?.changes ?? 0);
  const isUnfinished = UNFINISHED.includes(run.state);
  return {
    run: run.id,
    state: run.state,
    isCutShort: isUnfinished && !mayWork,
    isPurged: isPurged(run),
    activity: isUnfinished && mayWork ? run.activity : null,
    done: run.done,
    actions: run.actions,
    changes: Object.fromEntries(CHANGE_STATES.map((state) => [state, count(state)])) as Record<
      ChangeState,
      number
    >,
    actor: run.actor,
    ticket: run.ticket,
    toolVersion: run.toolVersion,
    startedAt: run.startedAt,
    heartbeatAt: run.heartbeatAt,
    finishedAt: run.finishedAt,
  };
}
