import type { Database } from '../database/database.js';
import type { Session } from '../database/session.js';
import { PURGED } from '../journal/journal.js';
import type { Run } from '../journal/run.js';
import type { Action } from '../model/decision.js';
import { CARD_GONE, kindOf, LINK_CHANGED, OPERATOR_GONE } from './reasons.js';

/** In changes of the run that were written. */
export interface Progress {
  readonly done: number;
  readonly total: number;
}

/** What became of the changes that were to be taken back. */
export interface TakenBack {
  readonly removed: number;
  /** Links that are what they were before the run. */
  readonly restored: number;
  /** Changes that stay as a whole. */
  readonly kept: number;
  /** Links that others have changed, and that stay, while their cards are removed. */
  readonly linksLeft: number;
  /** Why something was kept, or what was found beside, with the number of operators. */
  readonly reasons: readonly { readonly reason: string; readonly operators: number }[];
  /** The first hundred of them. */
  readonly named: readonly Remark[];
}

export interface Remark {
  readonly operator: string;
  readonly person: string;
  readonly state: 'rolled-back' | 'kept';
  readonly reason: string;
}

const NAMED = 100;

export async function progressOf(session: Session, database: Database, run: Run): Promise<Progress> {
  const { dialect: sql } = database;
  const rows = await session.rows<{ state: string; changes: string }>(
    `SELECT state, ${sql.text('COUNT(*)')} AS changes FROM ${sql.journal('change')}
      WHERE run_id = ${sql.literal(run.id)} AND state IN ('applied', 'rolled-back', 'kept')
        AND seal <> ${sql.literal(PURGED)}
      GROUP BY state`,
  );
  const sum = (counted: typeof rows) => counted.reduce((total, { changes }) => total + Number(changes), 0);
  return { done: sum(rows.filter(({ state }) => state !== 'applied')), total: sum(rows) };
}

/** What the journal says about a run, or about the one change at a position. */
export async function countTakenBack(
  session: Session,
  database: Database,
  run: Run,
  position?: number,
): Promise<TakenBack> {
  const { dialect: sql } = database;
  const where = `run_id = ${sql.literal(run.id)} AND state IN ('rolled-back', 'kept')${
    position === undefined ? '' : ` AND position = ${position}`
  }`;
  const groups = await session.rows<{
    action: Action;
    state: 'rolled-back' | 'kept';
    reason: string | null;
    operators: string;
  }>(
    `SELECT action, state, reason, ${sql.text('COUNT(*)')} AS operators FROM ${sql.journal('change')}
      WHERE ${where} GROUP BY action, state, reason`,
  );
  const named = await session.rows<Remark>(
    `SELECT operator, person, state, reason FROM ${sql.journal('change')}
      WHERE ${where} AND reason IS NOT NULL ORDER BY position LIMIT ${NAMED}`,
  );
  return { ...sumUp(groups.map((group) => ({ ...group, operators: Number(group.operators) }))), named };
}

interface Group {
  readonly action: Action;
  readonly state: 'rolled-back' | 'kept';
  readonly reason: string | null;
  readonly operators: number;
}

/** @param groups of changes with their reasons, as the journal holds them. */
export function sumUp(groups: readonly Group[]): Omit<TakenBack, 'named'> {
  const count = (counts: (group: Group) => boolean) =>
    groups.filter(counts).reduce((total, { operators }) => total + operators, 0);
  const isBack = ({ state }: Group) => state === 'rolled-back';
  const reasons = new Map<string, number>();
  for (const { reason, operators } of groups) {
    if (reason === null) continue;
    reasons.set(kindOf(reason), (reasons.get(kindOf(reason)) ?? 0) + operators);
  }
  return {
    removed: count((group) => isBack(group) && group.action === 'create' && group.reason !== CARD_GONE),
    restored: count(
      (group) => isBack(group) && group.reason !== LINK_CHANGED && group.reason !== OPERATOR_GONE,
    ),
    kept: count(({ state }) => state === 'kept'),
    linksLeft: count((group) => isBack(group) && group.reason === LINK_CHANGED),
    reasons: [...reasons].map(([reason, operators]) => ({ reason, operators })),
  };
}
