import type { Dialect, JournalTable } from '../database/dialect.js';
import { CHANGE_SEALED, DECISION_SEALED, PURGED, sealSql, TAKEN_BACK_SEALED } from '../journal/journal.js';
import { isPurged, type Run } from '../journal/run.js';
import { hasTable } from '../journal/tables.js';
import type { Subject } from './subject.js';
import { type Check, checkOf, type Findings, type Found, findViolations, keptSql } from './verification.js';

interface JournalRow extends Found {
  position: string;
}

/** The journal is as it was written: no row altered, none missing, none added. */
export async function checkSeals(subject: Subject): Promise<Check> {
  const { hasJournal, runs, only } = subject;
  const findings: Findings[] = [];
  const hasHistory = hasJournal && (await hasTable(subject.session, subject.database, 'taken_back'));
  let checked = 0;
  for (const run of only === undefined ? runs : [only]) {
    const rows = await countRows(subject, run);
    checked += rows.decisions + rows.changes;
    findings.push(
      comparedCounts(run, rows),
      ...(isPurged(run) ? [] : await findAlteredRows(subject, run, hasHistory)),
      ...(hasHistory ? [await findUnnotedPurges(subject, run)] : []),
      await findSurplus(subject, run),
      ...(run.state === 'closing' || run.state === 'done' ? [await findMissing(subject, run)] : []),
    );
  }
  if (hasJournal && only === undefined) findings.push(await findStrays(subject));
  return checkOf('journal-seals', 'Every row of the journal is as it was written', checked, findings);
}

/** With its key, a run that was purged has lost its seals. */
async function findAlteredRows(subject: Subject, run: Run, hasHistory: boolean): Promise<Findings[]> {
  return [
    await findAltered(subject, run, 'decision', DECISION_SEALED),
    await findAltered(subject, run, 'change', CHANGE_SEALED),
    ...(hasHistory ? [await findAltered(subject, run, 'taken_back', TAKEN_BACK_SEALED)] : []),
  ];
}

interface RowCounts {
  readonly decisions: number;
  readonly actions: number;
  readonly changes: number;
}

async function countRows({ session, database }: Subject, run: Run): Promise<RowCounts> {
  const { dialect: sql } = database;
  const id = sql.literal(run.id);
  const [row] = await session.rows(
    `SELECT ${sql.text('COUNT(*)')} AS decisions,
       ${sql.text(`COALESCE(SUM(${sql.asNumber("d.action <> 'none'")}), 0)`)} AS actions,
       (SELECT ${sql.text('COUNT(*)')} FROM ${sql.journal('change')} AS c WHERE c.run_id = ${id}) AS changes
  FROM ${sql.journal('decision')} AS d
 WHERE d.run_id = ${id}`,
  );
  return {
    decisions: Number(row?.['decisions']),
    actions: Number(row?.['actions']),
    changes: Number(row?.['changes']),
  };
}

function comparedCounts(run: Run, { decisions, actions }: RowCounts): Findings {
  const compared = [
    { what: 'decisions', noted: run.decisions, found: decisions },
    { what: 'decisions with an action', noted: run.actions, found: actions },
  ];
  const violations = compared
    .filter(({ noted, found }) => noted !== found)
    .map(({ what, noted, found }) => ({
      operator: null,
      person: null,
      text: `Run ${run.id} was planned with ${noted} ${what}; the journal holds ${found}.`,
    }));
  return { violations, count: violations.length };
}

function findAltered(
  { session, database }: Subject,
  run: Run,
  table: JournalTable,
  sealed: readonly string[],
): Promise<Findings> {
  const { dialect: sql } = database;
  const seal = sealSql(
    sql,
    run,
    sealed.map((column) => `j.${column}`),
  );
  return findViolations<JournalRow>(
    session,
    `SELECT j.operator, j.person, ${sql.text('j.position')} AS position, ${total(sql)}
  FROM ${sql.journal(table)} AS j
 WHERE j.run_id = ${sql.literal(run.id)}
   AND j.seal <> ${seal} AND j.seal <> ${sql.literal(PURGED)}
 ${keptSql('j.position')}`,
    ({ operator, position }) =>
      `The ${table.replace('_', ' ')} ${position} of run ${run.id}, about operator ${operator}, was altered: its seal does not fit.`,
  );
}

/** What says that it was purged, though no purge has left a digest of its line. */
function findUnnotedPurges({ session, database }: Subject, run: Run): Promise<Findings> {
  const { dialect: sql } = database;
  return findViolations<JournalRow>(
    session,
    `SELECT j.operator, NULL AS person, ${sql.text('j.position')} AS position, ${total(sql)}
  FROM (SELECT d.run_id, d.position, 0 AS rollback, d.operator FROM ${sql.journal('decision')} AS d
         WHERE d.run_id = ${sql.literal(run.id)} AND d.seal = ${sql.literal(PURGED)}
         UNION ALL
        SELECT c.run_id, c.position, 0, c.operator FROM ${sql.journal('change')} AS c
         WHERE c.run_id = ${sql.literal(run.id)} AND c.seal = ${sql.literal(PURGED)}
         UNION ALL
        SELECT t.run_id, t.position, t.rollback, t.operator FROM ${sql.journal('taken_back')} AS t
         WHERE t.run_id = ${sql.literal(run.id)} AND t.seal = ${sql.literal(PURGED)}) AS j
  LEFT JOIN ${sql.journal('withheld_line')} AS w
         ON w.run_id = j.run_id AND w.rollback = j.rollback AND w.position = j.position
 WHERE w.position IS NULL
 ${keptSql('j.position')}`,
    ({ position }) =>
      `Row ${position} of run ${run.id} says that it was purged, and no purge is noted for it.`,
  );
}

/** Changes that nothing was decided for, or something else. */
function findSurplus({ session, database }: Subject, run: Run): Promise<Findings> {
  const { dialect: sql } = database;
  return findViolations<JournalRow>(
    session,
    `SELECT c.operator, c.person, ${sql.text('c.position')} AS position, ${total(sql)}
  FROM ${sql.journal('change')} AS c
  LEFT JOIN ${sql.journal('decision')} AS d ON d.run_id = c.run_id AND d.position = c.position
 WHERE c.run_id = ${sql.literal(run.id)}
   AND (d.position IS NULL OR d.operator <> c.operator OR d.action <> c.action)
 ${keptSql('c.position')}`,
    ({ operator, position }) =>
      `The change ${position} of run ${run.id}, about operator ${operator}, has no decision that asks for it.`,
  );
}

function findMissing({ session, database }: Subject, run: Run): Promise<Findings> {
  const { dialect: sql } = database;
  return findViolations<JournalRow>(
    session,
    `SELECT d.operator, d.person, ${sql.text('d.position')} AS position, ${total(sql)}
  FROM ${sql.journal('decision')} AS d
  LEFT JOIN ${sql.journal('change')} AS c ON c.run_id = d.run_id AND c.position = d.position
 WHERE d.run_id = ${sql.literal(run.id)} AND d.action <> 'none' AND c.position IS NULL
 ${keptSql('d.position')}`,
    ({ operator, position }) =>
      `The change ${position} of run ${run.id}, about operator ${operator}, is missing: the run came to its end and decided on it.`,
  );
}

interface StrayRow extends Found {
  run_id: string;
}

/** Without its run a row has no seal that could be checked. */
function findStrays({ session, database }: Subject): Promise<Findings> {
  const { dialect: sql } = database;
  return findViolations<StrayRow>(
    session,
    `SELECT NULL AS operator, NULL AS person, j.run_id, ${total(sql)}
  FROM (SELECT DISTINCT run_id FROM ${sql.journal('decision')}
         UNION
        SELECT DISTINCT run_id FROM ${sql.journal('change')}) AS j
  LEFT JOIN ${sql.journal('run')} AS r ON r.id = j.run_id
 WHERE r.id IS NULL
 ${keptSql('j.run_id')}`,
    ({ run_id }) => `The journal holds rows of run ${run_id}, but not the run itself.`,
  );
}

const total = (sql: Dialect) => `${sql.text('COUNT(*) OVER ()')} AS total`;
