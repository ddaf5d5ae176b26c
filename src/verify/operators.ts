import type { Layout } from '../config/layout.js';
import type { Dialect } from '../database/dialect.js';
import { PURGED } from '../journal/journal.js';
import { isPurged, type Run } from '../journal/run.js';
import { FINDINGS, type Finding, REASONS, type Reason } from '../model/decision.js';
import { linkSql } from '../plan/expressions.js';
import { conditionSql, flagSql, ownOf } from '../plan/values.js';
import type { Subject } from './subject.js';
import {
  type Check,
  type Counts,
  checkOf,
  type Found,
  findViolations,
  keptSql,
  type Violation,
} from './verification.js';

/**
 * How a human operator stands:
 * linked     its person exists
 * exempt     needs none by the policies for archived and anonymized operators
 * review     the newest run left it for a human to decide
 * skipped    the newest run left it out
 * stale      the newest run meant to write, and did not, since something had changed or failed
 * taken-back what a run did for it was taken back, and no run has said anything else since
 * purged     the newest run knew why, and its word is gone from the journal
 * open       there is no run that could have said anything
 * pending    the newest run has not come to it yet
 * unknown    none of all that: it came after the newest run, or lost its link
 * broken     linked to a person that does not exist
 */
type Standing =
  | 'linked'
  | 'exempt'
  | 'review'
  | 'skipped'
  | 'stale'
  | 'taken-back'
  | 'purged'
  | 'open'
  | 'pending'
  | 'unknown'
  | 'broken';

/** A run with an approved plan wrote nothing for it, as for what is stale. */
const LEFT_OUT: Finding = 'not-as-approved';

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

function standingSql(sql: Dialect, layout: Layout, newest: Run | undefined): string {
  const { operators, persons } = layout.configuration;
  const key = `o.${sql.identifier(operators.key)}`;
  const personKey = `p.${sql.identifier(persons.key)}`;
  const link = linkSql(sql, layout, 'o');
  const undone = newest === undefined ? '' : `${undoneSql(sql, newest)},\n${takenBackSql(sql, newest)},\n`;
  const operator = sql.fingerprint(sql.text(key));
  const join =
    newest === undefined
      ? ''
      : `
    LEFT JOIN undone AS u ON u.operator = ${operator}
    LEFT JOIN taken_back AS t ON t.operator = ${operator}`;
  const wasPurged = newest === undefined ? 'FALSE' : purgedSql(sql, newest, sql.text(key));
  const journaled = newest === undefined ? `ELSE 'open'` : journaledSql(newest, wasPurged);
  const isBrokenKnown = newest === undefined ? 'FALSE' : `COALESCE(u.reason = 'broken-link', FALSE)`;
  const [reason, hindrance, takenBack] =
    newest === undefined ? ['NULL', 'NULL', 'NULL'] : ['u.reason', 'u.hindrance', 't.run_id'];
  return `WITH ${undone}-- how every human operator stands
standing AS (
  SELECT ${sql.text(key)} AS operator, ${sql.text(link)} AS person, ${reason} AS reason, ${hindrance} AS hindrance, ${takenBack} AS taken_back,
         CASE WHEN ${personKey} IS NOT NULL THEN 'linked'
              WHEN ${isBrokenKnown} THEN 'review'
              WHEN ${link} IS NOT NULL THEN CASE WHEN ${wasPurged} THEN 'purged' ELSE 'broken' END
              WHEN ${exemptSql(sql, layout)} THEN 'exempt'
              ${journaled} END AS standing
    FROM ${sql.table(layout.operators.name)} AS o
    LEFT JOIN ${sql.table(layout.persons.name)} AS p ON ${personKey} = ${link}${join}
   WHERE ${humanSql(sql, layout)})`;
}

/** Grouped by a short value, so that a server without hash joins indexes it. */
function undoneSql(sql: Dialect, newest: Run): string {
  const operator = sql.fingerprint(sql.text('d.operator'));
  return `-- operators for whom the newest run wrote nothing, and why
undone AS (
  SELECT ${operator} AS operator, MAX(d.decision) AS decision, MAX(d.action) AS action, MAX(d.reason) AS reason,
         COALESCE(MAX(c.state), MAX(CASE d.finding WHEN '${LEFT_OUT}' THEN 'stale' END)) AS state,
         COALESCE(MAX(c.reason), MAX(CASE d.finding WHEN '${LEFT_OUT}' THEN ${sql.literal(FINDINGS[LEFT_OUT])} END)) AS hindrance
    FROM ${sql.journal('decision')} AS d
    LEFT JOIN ${sql.journal('change')} AS c ON c.run_id = d.run_id AND c.position = d.position
   WHERE d.run_id = ${sql.literal(newest.id)}
     AND d.decision <> 'linked'
     AND (d.action = 'none' OR c.state IS NULL OR c.state <> 'applied')
   GROUP BY ${operator})`;
}

/** A run that began before something was taken back may have found it linked, and so has nothing to say about it. */
function takenBackSql(sql: Dialect, newest: Run): string {
  const operator = sql.fingerprint(sql.text('c.operator'));
  return `-- operators for whom something was taken back since the newest run began, and the run that had done it
taken_back AS (
  SELECT w.operator, w.run_id
    FROM (SELECT ${operator} AS operator, c.run_id,
                 ROW_NUMBER() OVER (PARTITION BY ${operator} ORDER BY c.changed_at DESC, c.run_id DESC) AS newness
            FROM ${sql.journal('change')} AS c
           WHERE c.state = 'rolled-back' AND c.changed_at >= ${sql.literal(newest.startedAt)}) AS w
   WHERE w.newness = 1)`;
}

/** Of an operator that was purged, the run keeps a digest with its key; of a run that was purged, not even that. */
function purgedSql(sql: Dialect, newest: Run, key: string): string {
  if (isPurged(newest)) return 'TRUE';
  return `CONCAT('purged-', ${sql.hmac(key, newest.digestKey)}) IN
                   (SELECT d.operator FROM ${sql.journal('decision')} AS d
                     WHERE d.run_id = ${sql.literal(newest.id)} AND d.seal = ${sql.literal(PURGED)})`;
}

/** What a run had not come to when it was taken back is not pending any more. */
const journaledSql = (
  { state }: Run,
  wasPurged: string,
) => `WHEN t.operator IS NOT NULL AND (u.operator IS NULL OR u.state = 'rolled-back') THEN 'taken-back'
              WHEN u.operator IS NULL THEN CASE WHEN ${wasPurged} THEN 'purged' ELSE 'unknown' END
              WHEN u.state IS NOT NULL THEN 'stale'
              WHEN u.action <> 'none' THEN '${state === 'rolling-back' || state === 'rolled-back' ? 'stale' : 'pending'}'
              WHEN u.decision = 'skip' THEN 'skipped'
              ELSE 'review'`;

/** Rows that are operators, neither API accounts nor excluded. */
function humanSql(sql: Dialect, { operator }: Layout): string {
  const own = ownOf(sql, 'o');
  return [
    ...(operator.rows === undefined ? [] : [conditionSql(sql, own, operator.rows)]),
    `NOT ${flagSql(sql, own, operator.apiAccount)}`,
    `NOT ${flagSql(sql, own, operator.excluded)}`,
  ].join(' AND ');
}

function exemptSql(sql: Dialect, { operator, configuration: { policies } }: Layout): string {
  const own = ownOf(sql, 'o');
  const exempt = [
    ...(policies.archivedOperators === 'skip' ? [flagSql(sql, own, operator.archived)] : []),
    ...(policies.anonymizedOperators === 'skip' ? [flagSql(sql, own, operator.anonymized)] : []),
  ];
  return exempt.length === 0 ? 'FALSE' : exempt.join(' OR ');
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

/** So many operators of one person are named. */
const NAMED = 20;

interface SharedPerson {
  person: string;
  operators: string;
  total: string;
}

/** No person has two operator rows linked to it, whatever rows they are and whoever linked them. */
export async function checkPersonsNotShared({ session, database, layout }: Subject): Promise<Check> {
  const { dialect: sql } = database;
  const operators = `${sql.table(layout.operators.name)} AS o`;
  const link = linkSql(sql, layout, 'o');
  const [linked] = await session.rows<{ persons: string }>(
    `SELECT ${sql.text('COUNT(*)')} AS persons
  FROM (SELECT ${link} AS person FROM ${operators} WHERE ${link} IS NOT NULL GROUP BY ${link}) AS linked`,
  );
  const shared = await session.rows<SharedPerson>(
    `SELECT ${sql.text('s.person')} AS person, ${sql.text('s.operators')} AS operators, ${sql.text('COUNT(*) OVER ()')} AS total
  FROM (SELECT ${link} AS person, COUNT(*) AS operators
          FROM ${operators}
         WHERE ${link} IS NOT NULL
         GROUP BY ${link}
        HAVING COUNT(*) > 1) AS s
 ${keptSql('person')}`,
  );
  const names = await nameOperators({ session, database, layout }, shared);
  const violations = shared.map((row) => describeShared(row, names));
  return checkOf('one-operator-per-person', 'No person is linked to two operators', Number(linked?.persons), [
    { violations, count: Number(shared[0]?.total ?? 0) },
  ]);
}

interface NamedOperator {
  operator: string;
  person: string;
}

/** The first operators of each of these persons. */
async function nameOperators(
  { session, database, layout }: Pick<Subject, 'session' | 'database' | 'layout'>,
  shared: readonly SharedPerson[],
): Promise<NamedOperator[]> {
  if (shared.length === 0) return [];
  const { dialect: sql } = database;
  const key = `o.${sql.identifier(layout.configuration.operators.key)}`;
  const link = linkSql(sql, layout, 'o');
  const persons = shared.map(({ person }) => sql.asKey(sql.literal(person), layout.personKey));
  return session.rows<NamedOperator>(
    `SELECT n.operator, n.person
  FROM (SELECT ${sql.text(key)} AS operator, ${sql.text(link)} AS person,
               ROW_NUMBER() OVER (PARTITION BY ${link} ORDER BY ${key}) AS place
          FROM ${sql.table(layout.operators.name)} AS o
         WHERE ${link} IN (${persons.join(', ')})) AS n
 WHERE n.place <= ${NAMED}
 ORDER BY n.person, n.place`,
  );
}

function describeShared({ person, operators }: SharedPerson, named: readonly NamedOperator[]): Violation {
  const names = named.filter((row) => row.person === person).map(({ operator }) => operator);
  const others = Number(operators) - names.length;
  const more = others > 0 ? ` and ${others} more` : '';
  return {
    operator: null,
    person,
    text: `Person ${person} is linked to ${operators} operators instead of one: ${names.join(', ')}${more}.`,
  };
}
