import type { Run } from '../journal/run.js';
import { REASONS, type Reason } from '../model/decision.js';
import { type Standing, standingSql } from './standing.js';
import type { Subject } from './subject.js';
import { type Check, type Counts, checkOf, type Found, findViolations, keptSql } from './verification.js';

const ALWAYS_VIOLATED: readonly Standing[] = ['pending', 'unknown', 'broken'];
const VIOLATED_WHEN_COMPLETE: readonly Standing[] = [
  'review',
  'skipped',
  'stale',
  'taken-back',
  'purged',
  'open',
];

interface StandingRow extends Found {
  standing: Standing;
  reason: Reason | null;
  hindrance: string | null;
  /** The run whose change was taken back. */
  taken_back: string | null;
}

/** Every human operator is linked to a person that exists, or the journal says why not. */
export async function checkOperatorsLinked(
  subject: Subject,
  complete: boolean,
): Promise<{ check: Check; counts: Counts }> {
  const { session, database, layout, only, runs } = subject;
  const { dialect: sql } = database;
  const newest = only ?? runs[0];
  const standings = standingSql(sql, layout, newest);
  const violated = complete ? [...ALWAYS_VIOLATED, ...VIOLATED_WHEN_COMPLETE] : ALWAYS_VIOLATED;

  const rows = await session.rows<{ standing: Standing; operators: string }>(
    `${standings}
SELECT s.standing, ${sql.text('COUNT(*)')} AS operators
  FROM standing AS s
 GROUP BY s.standing`,
  );
  const findings = await findViolations<StandingRow>(
    session,
    `${standings}
SELECT s.operator, s.person, s.standing, s.reason, s.hindrance, s.taken_back, ${sql.text('COUNT(*) OVER ()')} AS total
  FROM standing AS s
 WHERE s.standing IN (${violated.map((standing) => sql.literal(standing)).join(', ')})
 ${keptSql('s.operator')}`,
    (row) => describeStanding(row, newest),
  );
  const counts = countStandings(rows);
  return {
    check: checkOf(
      'every-operator-linked',
      'Every human operator is linked to a person that exists, or accounted for',
      counts.operators,
      [findings],
    ),
    counts,
  };
}

function countStandings(rows: readonly { standing: Standing; operators: string }[]): Counts {
  const of = (...standings: Standing[]) =>
    rows
      .filter(({ standing }) => standings.includes(standing))
      .reduce((sum, { operators }) => sum + Number(operators), 0);
  return {
    operators: rows.reduce((sum, { operators }) => sum + Number(operators), 0),
    linked: of('linked'),
    review: of('review'),
    skipped: of('skipped', 'exempt'),
    open: of('stale', 'taken-back', 'purged', 'open', 'pending', 'unknown', 'broken'),
  };
}

function describeStanding(row: StandingRow, newest: Run | undefined): string {
  const operator = `Operator ${row.operator}`;
  const why = row.reason === null ? '' : `: ${REASONS[row.reason] ?? row.reason}`;
  switch (row.standing) {
    case 'broken':
      return `${operator} is linked to the person ${row.person}, which does not exist.`;
    case 'review':
      return row.person === null
        ? `${operator} is not linked to a person; run ${newest?.id} left it for review${why}.`
        : `${operator} is linked to the person ${row.person}, which does not exist; run ${newest?.id} left it for review.`;
    case 'skipped':
      return `${operator} is not linked to a person; run ${newest?.id} skipped it${why}.`;
    case 'stale':
      return `${operator} is not linked to a person; run ${newest?.id} left it: ${row.hindrance ?? 'it was taken back'}.`;
    case 'taken-back':
      return `${operator} is not linked to a person: what run ${row.taken_back} did for it was taken back.`;
    case 'purged':
      return `${operator} is ${row.person === null ? 'not linked to a person' : `linked to the person ${row.person}, which does not exist`}; what run ${newest?.id} said of it was purged.`;
    case 'pending':
      return `${operator} is not linked to a person; run ${newest?.id} planned it and has no change for it.`;
    case 'unknown':
      return `${operator} is not linked to a person, and run ${newest?.id} left no word about it: it came later, or lost its link since.`;
    default:
      return `${operator} is not linked to a person.`;
  }
}
