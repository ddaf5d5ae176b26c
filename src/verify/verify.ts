import type { Layout } from '../config/layout.js';
import type { Database } from '../database/database.js';
import type { Session } from '../database/session.js';
import { OnecardError } from '../errors.js';
import { RunTable } from '../journal/journal.js';
import type { Run } from '../journal/run.js';
import { checkCards } from './cards.js';
import { checkOperatorsLinked, checkPersonsNotShared } from './operators.js';
import { checkSeals } from './seals.js';
import type { Verification } from './verification.js';

export interface VerifyOptions {
  /** Whoever is under review, skipped by a run or open is a violation, too. */
  readonly complete: boolean;
  /** Looks at this run alone; otherwise at every run. */
  readonly run?: string;
}

/** What the checks look at: one snapshot of the database, and the runs that wrote into it. */
export interface Subject {
  readonly session: Session;
  readonly database: Database;
  readonly layout: Layout;
  /** The newest first, those that are still planning left out; none where there is no journal. */
  readonly runs: readonly Run[];
  /** The run whose changes are checked; undefined for all of them. */
  readonly only: Run | undefined;
  readonly hasJournal: boolean;
}

/**
 * Proves the invariants from the database itself. Nothing here is shared with the code that decides and writes,
 * but for the meaning of the configuration: an error there must not hide itself here.
 * Without a journal, the checks that hold the data against it have nothing to look at.
 * @throws OnecardError where the named run does not exist.
 */
export async function verifyDatabase(
  database: Database,
  layout: Layout,
  options: VerifyOptions,
): Promise<Verification> {
  const hasJournal = await database.hasJournal();
  return database.snapshot(async (session) => {
    const all = hasJournal ? await new RunTable(database).all(session) : [];
    const runs = all.filter((run) => run.state !== 'planning');
    const only = options.run === undefined ? undefined : findRun(runs, options.run);
    const subject: Subject = { session, database, layout, runs, only, hasJournal };
    const { check, counts } = await checkOperatorsLinked(subject, options.complete);
    const shared = await checkPersonsNotShared(subject);
    const seals = await checkSeals(subject);
    const cards = await checkCards(subject, seals.violationCount === 0);
    return { checks: [check, shared, ...cards, seals], counts };
  });
}

function findRun(runs: readonly Run[], id: string): Run {
  const run = runs.find((candidate) => candidate.id === id);
  if (run !== undefined) return run;
  throw new OnecardError(`The journal of this database has no planned run ${id}.`, {
    remedy: 'See `onecard runs` for those that it has.',
  });
}
