import { HumanDecisionTable } from '../journal/human-decisions.js';
import { HUMAN_DECISION_SEALED, PURGED, sealSql } from '../journal/journal.js';
import { latestChangesSql } from './latest-changes.js';
import type { Subject } from './subject.js';
import { type Check, checkOf, type Found, findViolations, keptSql } from './verification.js';

interface DecidedRow extends Found {
  word: string;
  who: string;
  decided: string | null;
  action: string;
  run_id: string;
}

interface SealRow extends Found {
  number: string;
  run_id: string;
}

/**
 * What humans have decided is kept as it was taken, and where something was written since, it is that.
 * @param isIntact whether the journal holds what was written into it.
 */
export async function checkHumanDecisions(subject: Subject, isIntact: boolean): Promise<Check[]> {
  const { session, database, runs, only, hasJournal } = subject;
  if (!hasJournal || runs.length === 0) return [];
  const table = new HumanDecisionTable(database);
  if (!(await table.isFilled(session))) return [];
  const { dialect: sql } = database;
  const decisions = sql.journal('human_decision');
  const total = `${sql.text('COUNT(*) OVER ()')} AS total`;
  const carriedOut = await findViolations<DecidedRow>(
    session,
    `WITH ${latestChangesSql(subject, isIntact)},
-- of each operator the newest word
said AS (
  SELECT h.operator, h.decision AS word, h.person, h.who,
         ROW_NUMBER() OVER (PARTITION BY h.operator ORDER BY h.number DESC) AS newness
    FROM ${decisions} AS h)
SELECT c.operator, c.person, c.action, c.run_id, s.word, s.who, s.person AS decided, ${total}
  FROM said AS s
  JOIN latest AS c ON c.operator = s.operator
 WHERE s.newness = 1
   AND CASE s.word WHEN 'link' THEN c.action <> 'link' OR c.person <> s.person
                   WHEN 'create' THEN c.action <> 'create'
                   ELSE s.word <> 'undecided' END
 ${keptSql('c.operator')}`,
    ({ operator, person, action, run_id, word, who, decided }) =>
      `Operator ${operator}: ${who} decided ${word}${decided === null ? '' : ` to person ${decided}`}, and run ${run_id} did ${action} with person ${person}.`,
  );
  const altered = [];
  for (const run of only === undefined ? runs : [only]) {
    const seal = sealSql(
      sql,
      run,
      HUMAN_DECISION_SEALED.map((column) => `h.${column}`),
    );
    altered.push(
      await findViolations<SealRow>(
        session,
        `SELECT h.operator, h.person, ${sql.text('h.number')} AS number, h.run_id, ${total}
  FROM ${decisions} AS h
 WHERE h.run_id = ${sql.literal(run.id)} AND h.seal <> ${seal} AND h.seal <> ${sql.literal(PURGED)}
 ${keptSql('h.number')}`,
        ({ operator, number, run_id }) =>
          `The human decision ${number} about operator ${operator}, taken by run ${run_id}, was altered: its seal does not fit.`,
      ),
    );
  }
  const [row] = await session.rows<{ decisions: string }>(
    `SELECT ${sql.text('COUNT(*)')} AS decisions FROM ${decisions}`,
  );
  return [
    checkOf(
      'human-decisions',
      'What humans decided is as it was taken, and was done so',
      Number(row?.decisions ?? 0),
      [carriedOut, ...altered],
    ),
  ];
}
