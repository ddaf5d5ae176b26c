import type { Layout } from '../config/layout.js';
import type { Database } from '../database/database.js';
import { OnecardError } from '../errors.js';
import { RunTable } from '../journal/journal.js';
import type { Run } from '../journal/run.js';
import { checkCards } from './cards.js';
import { checkHumanDecisions } from './human-decisions.js';
import { checkOperatorsLinked } from './operators.js';
import { checkSeals } from './seals.js';
import { checkPersonsNotShared } from './shared-persons.js';
import type { Subject } from './subject.js';
import type { Verification } from './verification.js';

export interface VerifyOptions {
  /** Whoever is under review, skipped by a run or open is a violation, too. */
  readonly complete: boolean;
  /** Looks at this run alone; otherwise at every run. */
  readonly run?: string;
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
    const isIntact = seals.violationCount === 0;
    const cards = await checkCards(subject, isIntact);
    const decisions = await checkHumanDecisions(subject, isIntact);
    return { checks: [check, shared, ...cards, ...decisions, seals], counts };
  });
}

function findRun(runs: readonly Run[], id: string): Run {
  const run = runs.find((candidate) => candidate.id === id);
  if (run !== undefined) return run;
  throw new OnecardError(`The journal of this database has no planned run ${id}.`, {
    remedy:
      runs.length === 0
        ? 'No run has been made on this database yet.'
        : `It has ${runs.map((known) => known.id).join(', ')}.`,
  });
}
