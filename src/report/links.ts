import type { Layout } from '../config/layout.js';
import type { Database } from '../database/database.js';
import type { Dialect } from '../database/dialect.js';
import type { Session } from '../database/session.js';
import type { ChangeState } from '../journal/run.js';
import { type Action, type Decision, REASONS, type Reason } from '../model/decision.js';
import { linkSql, nameSql } from '../plan/expressions.js';
import { ownOf } from '../plan/values.js';

export interface LinkReportOptions {
  /** Takes the word of this run alone. */
  readonly run?: string;
  readonly decision?: Decision;
  readonly limit?: number;
}

/** Whom an operator row is linked to, and why. */
export interface LinkRow {
  readonly operator: string;
  readonly operatorName: string;
  /**
   * Of the run that linked it; without a link, of the run whose change was taken back since the newest run began;
   * else of the newest run. Null where no run decided about it.
   */
  readonly decision: Decision | null;
  readonly reason: Reason | null;
  readonly reasonText: string | null;
  /** The human who decided, where the reason is that. */
  readonly decidedBy: string | null;
  /** As the link says, even where there is no such person. */
  readonly person: string | null;
  readonly personName: string | null;
  /** `before`: by anybody else. Null where there is no link. */
  readonly linkedBy: 'onecard' | 'before' | null;
  /** The run that the decision is of. */
  readonly run: string | null;
  readonly changedAt: string | null;
  readonly action: Action | null;
  readonly state: ChangeState | null;
  /** Why nothing was written for it, or why it was kept in a rollback: the words of the journal. */
  readonly why: string | null;
}

type Word = 'decision' | 'reason' | 'action' | 'run' | 'state' | 'changedAt' | 'detail' | 'why';
type SelectedRow = Omit<LinkRow, 'reasonText' | 'decidedBy'> & { readonly detail: string | null };

/**
 * Who is linked to whom, by which run and why: every operator row in the order of the keys, read piece by piece.
 * What is shown is the live link; the journal says how it came about.
 */
export async function* linkReport(
  session: Session,
  database: Database,
  layout: Layout,
  options: LinkReportOptions,
): AsyncIterable<LinkRow> {
  const hasJournal = await findJournal(session, database);
  const statement = linkReportSql(database.dialect, layout, options, hasJournal);
  for await (const row of session.stream<SelectedRow>(statement)) {
    yield withReason(row);
  }
}

function withReason({ detail, ...row }: SelectedRow): LinkRow {
  if (row.reason !== 'decided' || detail === null) {
    const reasonText = row.reason === null ? null : (REASONS[row.reason] ?? row.reason);
    return { ...row, reasonText, decidedBy: null };
  }
  const [word, who, note] = JSON.parse(detail) as [string, string, string];
  const reasonText = `${REASONS.decided}: ${word}${note === '' ? '' : `, ${note}`}`;
  return { ...row, reasonText, decidedBy: who };
}

/** Asked in the same session: the embedded database has no second one. */
async function findJournal(session: Session, { dialect: sql, journal, identity }: Database) {
  const [row] = await session.rows<{ tables: string }>(
    `SELECT ${sql.text('COUNT(*)')} AS tables
  FROM information_schema.tables
 WHERE table_schema = ${sql.literal(journal.schema ?? identity.database)}
   AND table_name = ${sql.literal(`${journal.prefix}change`)}`,
  );
  return Number(row?.tables) > 0;
}

function linkReportSql(
  sql: Dialect,
  layout: Layout,
  options: LinkReportOptions,
  hasJournal: boolean,
): string {
  const { operators, persons } = layout.configuration;
  const nameOf = (alias: 'o' | 'p') =>
    nameSql(sql, ownOf(sql, alias), alias === 'o' ? layout.operator.name : layout.person.name);
  const key = `o.${sql.identifier(operators.key)}`;
  const personKey = `p.${sql.identifier(persons.key)}`;
  const link = linkSql(sql, layout, 'o');
  const operator = sql.fingerprint(sql.text(key));
  const { decision, limit } = options;
  const word = (column: string) => (hasJournal ? `COALESCE(l.${column}, t.${column}, n.${column})` : 'NULL');
  const words: Record<Word, string> = {
    decision: word('decision'),
    reason: word('reason'),
    action: word('action'),
    run: word('run_id'),
    state: word('state'),
    changedAt: word('changed_at'),
    detail: word('detail'),
    // What linked it has gone well.
    why: hasJournal ? 'CASE WHEN l.operator IS NULL THEN n.why END' : 'NULL',
  };
  const selected = Object.entries(words).map(
    ([name, expression]) => `${expression} AS ${sql.identifier(name)}`,
  );
  const byOnecard = hasJournal ? `WHEN l.operator IS NOT NULL THEN 'onecard'` : '';
  const journal = hasJournal
    ? `
  LEFT JOIN linking AS l ON l.operator = ${operator} AND l.person = ${sql.fingerprint(sql.text(link))}
  LEFT JOIN newest AS n ON n.operator = ${operator}
  LEFT JOIN taken_back AS t ON t.operator = ${operator} AND ${link} IS NULL AND t.changed_at >= n.started_at`
    : '';
  return `${hasJournal ? `WITH ${journalSql(sql, options.run)}\n` : ''}SELECT ${sql.text(key)} AS operator, ${nameOf('o')} AS ${sql.identifier('operatorName')},
       ${sql.text(link)} AS person,
       CASE WHEN ${personKey} IS NOT NULL THEN ${nameOf('p')} END AS ${sql.identifier('personName')},
       CASE WHEN ${link} IS NULL THEN NULL ${byOnecard} ELSE 'before' END AS ${sql.identifier('linkedBy')},
       ${selected.join(',\n       ')}
  FROM ${sql.table(layout.operators.name)} AS o
  LEFT JOIN ${sql.table(layout.persons.name)} AS p ON ${personKey} = ${link}${journal}${
    decision === undefined ? '' : `\n WHERE ${words.decision} = ${sql.literal(decision)}`
  }
 ORDER BY ${sql.keyOrder(key, layout.operatorKey)}${limit === undefined ? '' : `\n LIMIT ${limit}`}`;
}

const WORDS = 'd.decision, d.action, d.reason, d.detail, d.run_id, c.state, c.changed_at, c.reason AS why';

/** Ranked rather than filtered by run: a run may have come later than an operator, or an operator than a run. */
function journalSql(sql: Dialect, run: string | undefined): string {
  const ofRun = run === undefined ? '' : ` AND d.run_id = ${sql.literal(run)}`;
  // Short, so that a server without hash joins can index it.
  const operator = sql.fingerprint(sql.text('d.operator'));
  const newness = `ROW_NUMBER() OVER (PARTITION BY ${sql.text('d.operator')} ORDER BY r.started_at DESC, r.id DESC, d.position) AS newness`;
  const from = (join: string) => `FROM ${sql.journal('decision')} AS d
            JOIN ${sql.journal('run')} AS r ON r.id = d.run_id
            ${join} ${sql.journal('change')} AS c ON c.run_id = d.run_id AND c.position = d.position`;
  return `-- the latest change that linked an operator; a rollback may have kept it
linking AS (
  SELECT w.*
    FROM (SELECT ${operator} AS operator, ${sql.fingerprint('c.person')} AS person, ${WORDS}, ${newness}
            ${from('JOIN')}
           WHERE c.state IN ('applied', 'kept')${ofRun}) AS w
   WHERE w.newness = 1),
-- the change that was taken back last
taken_back AS (
  SELECT w.*
    FROM (SELECT ${operator} AS operator, ${WORDS},
                 ROW_NUMBER() OVER (PARTITION BY ${sql.text('d.operator')} ORDER BY c.changed_at DESC, r.started_at DESC, r.id DESC) AS newness
            ${from('JOIN')}
           WHERE c.state = 'rolled-back'${ofRun}) AS w
   WHERE w.newness = 1),
-- the newest decision about an operator
newest AS (
  SELECT w.*
    FROM (SELECT ${operator} AS operator, r.started_at, ${WORDS}, ${newness}
            ${from('LEFT JOIN')}
           WHERE r.state <> 'planning'${ofRun}) AS w
   WHERE w.newness = 1)`;
}
