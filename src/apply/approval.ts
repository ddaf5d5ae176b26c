import type { Layout } from '../config/layout.js';
import type { Database } from '../database/database.js';
import type { Dialect } from '../database/dialect.js';
import type { Session } from '../database/session.js';
import { OnecardError } from '../errors.js';
import { DECISION_SEALED, sealSql } from '../journal/journal.js';
import type { Run } from '../journal/run.js';
import type { Action, Decision, Finding } from '../model/decision.js';
import type { Drift } from '../model/drift.js';
import { ExitCode } from '../model/exit-code.js';
import type { ApprovedPlan } from '../plan/approved-plan.js';
import {
  findDrift,
  MOST_DRIFTED,
  type OperatorDrift,
  type Outcome,
  refuseDrift,
  tooFarApart,
} from '../plan/drift.js';
import { CardReader } from '../plan/plan.js';
import { parts, type Row, tableOfRows } from './parts.js';

/** A plan that somebody has approved: a run writes nothing that it does not say. */
export interface Approval {
  readonly plan: ApprovedPlan;
  /** Write nothing at all where anything has drifted. */
  readonly isStrict: boolean;
}

/** @throws OnecardError with exit code 5 where the run was not started with this plan. */
export function refuseOtherPlan(run: Run, approval: Approval | undefined): void {
  if (approval === undefined) return;
  if (run.planDigest !== approval.plan.digest) {
    throw new OnecardError(
      run.planDigest === null
        ? `The run ${run.id} of ${run.startedAt} is unfinished, and was started without an approved plan.`
        : `The run ${run.id} of ${run.startedAt} is unfinished, and was started with another plan, ${run.planDigest}.`,
      {
        remedy:
          run.planDigest === null
            ? 'Finish it first, without --plan.'
            : 'Finish it first, with that plan or without --plan: either way it writes what that plan approves.',
        exitCode: ExitCode.PlanRefused,
      },
    );
  }
  if (approval.isStrict && run.drift !== null) refuseDrift(run.drift);
}

/**
 * Holds the decisions of a run, as they are in its journal, against the approved plan, and takes out of the run
 * what the plan does not say: those decisions lose their action, move behind all others, and keep how they
 * differ. What is left with an action has the first positions as before, without gaps.
 * @throws OnecardError with exit code 5 where the plan is strict and anything drifted; or where too much did.
 */
export async function leaveOutWhatDrifted(
  session: Session,
  database: Database,
  layout: Layout,
  run: Run,
  { plan, isStrict }: Approval,
): Promise<Drift> {
  const drifted: OperatorDrift<JournaledOutcome>[] = [];
  const drift = await findDrift(
    plan.lines(),
    journaledOutcomes(session, database, layout, run),
    (operator) => {
      drifted.push(operator);
      if (drifted.length > MOST_DRIFTED) throw tooFarApart();
    },
  );
  if (isStrict) refuseDrift(drift);
  await new Marking(session, database.dialect, run).mark(drifted);
  return drift;
}

interface JournaledOutcome extends Outcome {
  readonly position: number;
}

interface DecisionRow {
  position: string;
  operator: string;
  decision: Decision;
  action: Action;
  reason: string;
  person: string | null;
  card: string | null;
}

/**
 * In the order of the keys, as a plan file has them. A card is what the operator gives by now: where that has
 * changed since it was classified, the batch finds it stale.
 */
async function* journaledOutcomes(
  session: Session,
  { dialect: sql }: Database,
  layout: Layout,
  run: Run,
): AsyncIterable<JournaledOutcome> {
  const card = new CardReader(layout);
  const key = sql.asKey('d.operator', layout.operatorKey);
  const operatorKey = sql.identifier(layout.configuration.operators.key);
  const rows =
    session.stream<DecisionRow>(`SELECT ${sql.text('d.position')} AS position, d.operator, d.decision, d.action, d.reason, d.person,
       w.card
  FROM ${sql.journal('decision')} AS d
  LEFT JOIN (SELECT o.${operatorKey} AS operator, ${card.valuesSql(sql)} AS card
               FROM ${sql.table(layout.operators.name)} AS o) AS w ON d.action = 'create' AND w.operator = ${key}
 WHERE d.run_id = ${sql.literal(run.id)}
 ORDER BY ${sql.keyOrder(key, layout.operatorKey)}`);
  for await (const { position, card: given, ...outcome } of rows) {
    const isCreated = outcome.action === 'create' && given !== null;
    yield {
      ...outcome,
      position: Number(position),
      card: isCreated ? card.read(JSON.parse(given) as (string | null)[]) : null,
    };
  }
}

const LEFT_OUT: Finding = 'not-as-approved';

/** Column → SQL. */
type Values = Readonly<Record<string, string>>;

class Marking {
  readonly #session: Session;
  readonly #sql: Dialect;
  readonly #run: Run;

  constructor(session: Session, sql: Dialect, run: Run) {
    this.#session = session;
    this.#sql = sql;
    this.#run = run;
  }

  async mark(drifted: readonly OperatorDrift<JournaledOutcome>[]): Promise<void> {
    await this.#noteDrift(drifted);
    const isLeftOut = new Set(
      drifted.flatMap(({ found }) =>
        found === undefined || found.action === 'none' ? [] : [found.position],
      ),
    );
    if (isLeftOut.size === 0) return;
    const { decisions, actions } = await countDecisions(this.#session, this.#sql, this.#run);
    const positions = [...isLeftOut].sort((a, b) => a - b);
    await this.#move(
      positions.map((position, index) => [position, decisions + index + 1]),
      { action: `'none'`, finding: this.#sql.literal(LEFT_OUT) },
    );
    // The last of those that stay take the places that are empty now.
    const left = actions - positions.length;
    const empty = positions.filter((position) => position <= left);
    const last = range(left + 1, actions).filter((position) => !isLeftOut.has(position));
    await this.#move(last.map((position, index) => [position, empty[index] ?? position]));
    await this.#sealAnew();
  }

  /** Of everything that is there to be noted at: what has vanished is in the run alone. */
  async #noteDrift(drifted: readonly OperatorDrift<JournaledOutcome>[]): Promise<void> {
    const notes = drifted.flatMap(({ kind, fields, found }): Row[] =>
      found === undefined
        ? []
        : [{ position: found.position, value: this.#sql.literal(JSON.stringify({ kind, fields })) }],
    );
    await this.#update(
      notes.sort((a, b) => a.position - b.position),
      { drift: 'c.value' },
    );
  }

  async #move(moves: readonly (readonly [from: number, to: number])[], more: Values = {}): Promise<void> {
    await this.#update(
      moves.map(([position, to]) => ({ position, value: String(to) })),
      { position: 'c.value', seal: `''`, ...more },
    );
  }

  /** @param rows in the order of their positions, so that each statement reads its part of the table alone. */
  async #update(rows: readonly Row[], values: Values): Promise<void> {
    const sql = this.#sql;
    for (const part of parts(rows)) {
      await this.#session.run(
        sql.updateFrom({
          target: sql.journal('decision'),
          source: tableOfRows(part),
          on: 'o.position = c.position',
          set: Object.entries(values)
            .map(([column, value]) => `${sql.qualifiedInSet('o')}${column} = ${value}`)
            .join(', '),
          where: `o.run_id = ${sql.literal(this.#run.id)} AND o.position BETWEEN ${part[0]?.position} AND ${part.at(-1)?.position}`,
        }),
      );
    }
  }

  async #sealAnew(): Promise<void> {
    const sql = this.#sql;
    const seal = sealSql(sql, this.#run, DECISION_SEALED);
    await this.#session.run(
      `UPDATE ${sql.journal('decision')} SET seal = ${seal} WHERE run_id = ${sql.literal(this.#run.id)} AND seal = ''`,
    );
  }
}

/** How many decisions of a run the journal holds, and how many of them with an action. */
export async function countDecisions(
  session: Session,
  sql: Dialect,
  run: Run,
): Promise<{ decisions: number; actions: number }> {
  const [counts] = await session.rows<{ decisions: string; actions: string }>(
    `SELECT ${sql.text('COUNT(*)')} AS decisions, ${sql.text(`COALESCE(SUM(${sql.asNumber("action <> 'none'")}), 0)`)} AS actions
  FROM ${sql.journal('decision')} WHERE run_id = ${sql.literal(run.id)}`,
  );
  return { decisions: Number(counts?.decisions ?? 0), actions: Number(counts?.actions ?? 0) };
}

const range = (from: number, to: number) =>
  Array.from({ length: Math.max(0, to - from + 1) }, (_, index) => from + index);
