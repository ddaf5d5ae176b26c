import type { Database } from '../database/database.js';
import type { Dialect } from '../database/dialect.js';
import type { Session } from '../database/session.js';
import { OnecardError } from '../errors.js';
import { differencesOf, STALE_FIELDS, type StaleFields } from '../journal/differences.js';
import { HumanDecisionTable } from '../journal/human-decisions.js';
import { RunTable } from '../journal/journal.js';
import type { Arrivals, ChangeState, Run } from '../journal/run.js';
import { type RunReport, RunReportTable } from '../journal/run-reports.js';
import type { Action, Decision, Finding, Reason } from '../model/decision.js';
import { DRIFT_KINDS, type Drift } from '../model/drift.js';
import { readEvidence } from '../plan/evidence.js';
import type { Legend } from '../plan/legend.js';
import { saltOf, withheld } from './chain.js';
import { AUDIT_FORMAT, endOfPage, type ReportSource, type SourceLine } from './source.js';

/** One operator row of a run. */
interface RunRow extends StaleFields {
  position: string;
  operator: string;
  decision: Decision;
  action: Action;
  reason: Reason;
  finding: Finding | null;
  person: string | null;
  evidence: string | null;
  detail: string | null;
  misfit: string | null;
  state: ChangeState | null;
  card: string | null;
  card_digest: string | null;
  changed_at: string | null;
  drift: string | null;
  /** The digest of its line, where its rows were purged. */
  withheld: string | null;
}

/** @throws OnecardError where the journal has not kept what such a report is made of. */
export async function runSourceOf(database: Database, run: Run): Promise<RunSource> {
  const report = await database.transaction((session) => new RunReportTable(database).find(session, run));
  if (report !== undefined) return new RunSource(database, run, report);
  throw new OnecardError(`The run ${run.id} was made by an earlier onecard, ${run.toolVersion}.`, {
    remedy: 'Its journal cannot be read in this way: keep the report that it has written.',
  });
}

/** The report of a run: what it decided about every operator row, and what became of that. */
export class RunSource implements ReportSource {
  readonly folder: string;
  readonly #database: Database;
  readonly #run: Run;
  readonly #report: RunReport;
  readonly #totals: Record<string, number> = {};

  constructor(database: Database, run: Run, report: RunReport) {
    this.folder = run.id;
    this.#database = database;
    this.#run = run;
    this.#report = report;
  }

  async head(session: Session): Promise<object> {
    const run = this.#run;
    const taken = await new HumanDecisionTable(this.#database).takenBy(session, run);
    return {
      kind: 'run',
      format: AUDIT_FORMAT,
      run: run.id,
      tool: `onecard ${run.toolVersion}`,
      database: run.identity,
      configuration: {
        digest: run.configurationDigest,
        effective: JSON.parse(this.#report.configuration),
      },
      policies: run.policies,
      ticket: run.ticket,
      ...(run.planDigest !== null && { plan: run.planDigest }),
      // Who decided stands in the lines: there it can be purged.
      ...(taken !== null && { humanDecisions: { digest: taken.digest, decisions: taken.decisions } }),
      actor: run.actor,
      startedAt: run.startedAt,
    };
  }

  async page(session: Session, after: number, upTo: number): Promise<readonly SourceLine[]> {
    const { dialect: sql } = this.#database;
    const decisions = { from: sql.journal('decision'), where: `r.run_id = ${sql.literal(this.#run.id)}` };
    const last = await endOfPage(session, sql, decisions, { after, upTo });
    if (last === undefined) return [];
    const rows = await session.rows<RunRow>(pageSql(sql, this.#run, after, last));
    return rows.map((row) => {
      const outcome = row.state ?? row.decision;
      this.#totals[outcome] = (this.#totals[outcome] ?? 0) + 1;
      return { position: Number(row.position), value: this.#lineOf(row) };
    });
  }

  #lineOf(row: RunRow): object {
    if (row.withheld !== null) return withheld(row.withheld);
    return {
      kind: 'operator',
      ...describe(row, this.#report.legend),
      salt: saltOf(this.#run.digestKey, 'run', row.position),
    };
  }

  /** Counts alone: whom they are about stands in the lines. */
  async end(session: Session): Promise<object> {
    const run = (await new RunTable(this.#database).find(session, this.#run.id)) ?? this.#run;
    const { closing, drift } = run;
    return {
      kind: 'summary',
      operators: run.decisions,
      actions: run.actions,
      totals: Object.fromEntries(Object.entries(this.#totals).sort()),
      closing: closing && {
        doubleLinks: countOf(closing.doubleLinks),
        lateCandidates: countOf(closing.lateCandidates),
      },
      ...(drift !== null && { drift: countsOf(drift) }),
    };
  }
}

const countOf = ({ count }: Arrivals) => count;

const countsOf = (drift: Drift) => ({
  ...Object.fromEntries(DRIFT_KINDS.map((kind) => [kind, drift[kind].count])),
  approved: drift.approved,
  leftOut: drift.leftOut,
});

/** A change that was taken back later is told as the run left it: the rollback has a report of its own. */
function pageSql(sql: Dialect, run: Run, after: number, last: number): string {
  const within = (alias: string) =>
    `${alias}.run_id = ${sql.literal(run.id)} AND ${alias}.position > ${after} AND ${alias}.position <= ${last}`;
  return `SELECT ${sql.text('d.position')} AS position, d.operator, d.decision, d.action, d.reason, d.finding, d.person,
       d.evidence, d.detail, d.misfit, d.drift, c.person AS card, c.card_digest, w.digest AS withheld,
       CASE WHEN t.position IS NULL THEN c.state ELSE 'applied' END AS state,
       COALESCE(t.applied_at, c.changed_at) AS changed_at,
       CASE WHEN t.position IS NULL THEN c.reason END AS why,
       ${STALE_FIELDS}
  FROM ${sql.journal('decision')} AS d
  LEFT JOIN ${sql.journal('change')} AS c ON ${within('c')} AND c.position = d.position
  LEFT JOIN (SELECT t.position, MIN(t.applied_at) AS applied_at FROM ${sql.journal('taken_back')} AS t
              WHERE ${within('t')}
              GROUP BY t.position) AS t ON t.position = d.position
  LEFT JOIN ${sql.journal('withheld_line')} AS w ON ${within('w')} AND w.rollback = 0 AND w.position = d.position
 WHERE ${within('d')}
 ORDER BY d.position`;
}

function describe(row: RunRow, legend: Legend): object {
  const { operator, decision, action, reason, finding, drift } = row;
  const { evidence, candidates } = readEvidence(row, legend);
  return {
    operator,
    decision,
    action,
    reason,
    finding,
    person: row.person,
    candidates,
    evidence,
    change: changeOf(row, legend),
    ...(drift !== null && { drift: JSON.parse(drift) }),
  };
}

function changeOf(row: RunRow, legend: Legend): object | null {
  const { state, why, card, card_digest: digest, changed_at: at } = row;
  if (state === null) return null;
  const fields = differencesOf(row, legend);
  return {
    state,
    person: card,
    at,
    // Keyed, hence no more than a proof for whoever has the journal.
    ...(digest !== null && { card: digest }),
    ...(why !== null && { why }),
    ...(fields.length > 0 && { fields }),
  };
}
