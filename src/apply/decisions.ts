import type { Layout } from '../config/layout.js';
import type { Database } from '../database/database.js';
import type { Session } from '../database/session.js';
import { OnecardError } from '../errors.js';
import { HumanDecisionTable } from '../journal/human-decisions.js';
import type { Run } from '../journal/run.js';
import type { FilledFile } from '../model/human-decision.js';
import { checkDecisions, checkedDecisions } from '../review/check.js';

/**
 * Keeps the decisions of a file in the journal, for this run and those that follow. They are held against the
 * database once more: somebody has thought about the question in between.
 * @throws OnecardError with exit code 2 where anything in the file is wrong.
 */
export async function takeDecisions(
  session: Session,
  database: Database,
  layout: Layout,
  run: Run,
  file: FilledFile,
): Promise<void> {
  const decisions = await checkedDecisions(session, database, layout, file);
  await new HumanDecisionTable(database).take(session, run, file.digest, decisions);
}

/**
 * A run that was cut short goes on with the decisions that it has taken.
 * @throws OnecardError with exit code 2 where the file says anything else.
 */
export async function refuseOtherDecisions(
  session: Session,
  database: Database,
  layout: Layout,
  run: Run,
  file: FilledFile | undefined,
): Promise<void> {
  if (file === undefined) return;
  const taken = await new HumanDecisionTable(database).takenBy(session, run);
  if (taken?.digest === file.digest) return;
  const { problems, decisions } = await checkDecisions(session, database, layout, file);
  if (problems.length === 0 && decisions.length === 0) return;
  throw new OnecardError(
    `The run ${run.id} of ${run.startedAt} is unfinished, and was started ${taken === null ? 'without a decisions file' : 'with another decisions file'}.`,
    { remedy: 'Finish it first, without --decisions; then take the new decisions.' },
  );
}
