import type { Database } from '../database/database.js';
import type { Session } from '../database/session.js';
import { OnecardError } from '../errors.js';
import { differencesOf, STALE_FIELDS, type StaleFields } from '../journal/differences.js';
import { HumanDecisionTable } from '../journal/human-decisions.js';
import { RunTable } from '../journal/journal.js';
import type { Arrivals, ChangeState, Run } from '../journal/run.js';
import { type RunReport, RunReportTable } from '../journal/run-reports.js';
import { DRIFT_KINDS, type Drift } from '../model/drift.js';
import { readEvidence } from '../plan/evidence.js';
import type { Legend } from '../plan/legend.js';
import type { ClassifiedRow } from '../plan/plan.js';
import { saltOf, withheld } from './chain.js';
import { AUDIT_FORMAT, PAGE, type ReportSource, type SourceLine } from './source.js';

/** What a run decided about one operator row. */
interface DecisionRow extends Omit<ClassifiedRow, 'name' | 'card'> {
  position: string;
  drift: string | null;
}

/** What became of it. */
interface ChangeRow extends StaleFields {
  position: string;
  state: ChangeState;
  card: string | null;
  card_digest: string | null;
  changed_at: string;
}

/** When a change was written that was taken back since. */
interface TakenBackRow {
  position: string;
  applied_at: string;
}

interface WithheldRow {
  position: string;
  digest: string;
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
    const rows = await session.rows<DecisionRow>(this.#decisionsSql(after, upTo));
    const last = rows.at(-1)?.position;
    if (last === undefined) return [];
    // One join of all is slow: while a run works, no server knows how many changes there are by now.
    const within = (alias: string) => this.#withinSql(alias, after, Number(last));
    const changes = byPosition(await session.rows<ChangeRow>(this.#changesSql(within)));
    const takenBack = byPosition(await session.rows<TakenBackRow>(this.#takenBackSql(within)));
    const purged = byPosition(await session.rows<WithheldRow>(this.#withheldSql(within)));
    return rows.map((row) => {
      const change = asLeft(changes.get(row.position), takenBack.get(row.position));
      const outcome = change?.state ?? row.decision;
      this.#totals[outcome] = (this.#totals[outcome] ?? 0) + 1;
      const gone = purged.get(row.position);
      return {
        position: Number(row.position),
        value: gone === undefined ? this.#lineOf(row, change) : withheld(gone.digest),
      };
    });
  }

  #lineOf(row: DecisionRow, change: ChangeRow | undefined): object {
    return {
      kind: 'operator',
      ...describe(row, change, this.#report.legend),
      salt: saltOf(this.#run.digestKey, 'run', row.position),
    };
  }

  #withinSql(alias: string, after: number, upTo: number): string {
    const { dialect: sql } = this.#database;
    return `${alias}.run_id = ${sql.literal(this.#run.id)} AND ${alias}.position > ${after} AND ${alias}.position <= ${upTo}`;
  }

  #decisionsSql(after: number, upTo: number): string {
    const { dialect: sql } = this.#database;
    return `SELECT ${sql.text('d.position')} AS position, d.operator, d.decision, d.action, d.reason, d.finding, d.person,
       d.evidence, d.detail, d.misfit, d.drift
  FROM ${sql.journal('decision')} AS d
 WHERE ${this.#withinSql('d', after, upTo)}
 ORDER BY d.position
 LIMIT ${PAGE}`;
  }

  #changesSql(within: (alias: string) => string): string {
    const { dialect: sql } = this.#database;
    return `SELECT ${sql.text('c.position')} AS position, c.state, c.person AS card, c.card_digest, c.changed_at,
       c.reason AS why,
       ${STALE_FIELDS}
  FROM ${sql.journal('change')} AS c
  LEFT JOIN ${sql.journal('decision')} AS d
         ON c.found IS NOT NULL AND d.run_id = c.run_id AND d.position = c.position
 WHERE ${within('c')}`;
  }

  #takenBackSql(within: (alias: string) => string): string {
    const { dialect: sql } = this.#database;
    return `SELECT ${sql.text('t.position')} AS position, MIN(t.applied_at) AS applied_at
  FROM ${sql.journal('taken_back')} AS t
 WHERE ${within('t')}
 GROUP BY t.position`;
  }

  #withheldSql(within: (alias: string) => string): string {
    const { dialect: sql } = this.#database;
    return `SELECT ${sql.text('w.position')} AS position, w.digest
  FROM ${sql.journal('withheld_line')} AS w
 WHERE ${within('w')} AND w.rollback = 0`;
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

const byPosition = <Row extends { position: string }>(rows: readonly Row[]): ReadonlyMap<string, Row> =>
  new Map(rows.map((row) => [row.position, row]));

/** A change that was taken back later is told as the run left it: the rollback has a report of its own. */
function asLeft(change: ChangeRow | undefined, takenBack: TakenBackRow | undefined): ChangeRow | undefined {
  if (change === undefined || takenBack === undefined) return change;
  return { ...change, state: 'applied', changed_at: takenBack.applied_at, why: null };
}

function describe(row: DecisionRow, change: ChangeRow | undefined, legend: Legend): object {
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
    change: change === undefined ? null : changeOf(change, legend),
    ...(drift !== null && { drift: JSON.parse(drift) }),
  };
}

function changeOf(change: ChangeRow, legend: Legend): object {
  const { state, why, card, card_digest: digest, changed_at: at } = change;
  const fields = differencesOf(change, legend);
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
