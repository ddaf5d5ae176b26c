import { OnecardError } from '../errors.js';
import type { Card, PlannedOperator } from '../model/decision.js';
import {
  DRIFT_KINDS,
  type Drift,
  type DriftedOperator,
  type DriftKind,
  driftedCount,
  type FieldDrift,
} from '../model/drift.js';
import { ExitCode } from '../model/exit-code.js';
import { type Pair, pairUp } from './pair-up.js';

/** What has to be the same for a decision to be the one that was approved. */
export type Outcome = Pick<PlannedOperator, 'operator' | 'decision' | 'action' | 'person' | 'card'> & {
  readonly reason: string;
};

/** So many of each kind are listed; all are counted. */
const LISTED = 100;

/** Of a plan that differs in more operators, no list would help anybody; nor would it fit into memory. */
export const MOST_DRIFTED = 100_000;

/** What became of one operator, and whether the database would have it written now. */
export interface OperatorDrift<Found> extends DriftedOperator {
  readonly kind: DriftKind;
  readonly found: Found | undefined;
}

/**
 * Holds what a plan says against what is found, operator by operator, both in the order of the keys.
 * @param onDrifted is told of each operator that drifted.
 * @throws OnecardError with exit code 5 where more operators came or went than can be told apart.
 */
export async function findDrift<Found extends Outcome>(
  planned: AsyncIterable<Outcome>,
  found: AsyncIterable<Found>,
  onDrifted: (drifted: OperatorDrift<Found>) => void = () => undefined,
): Promise<Drift> {
  const lists = new DriftLists();
  for await (const pair of pairUp(planned, found, MOST_DRIFTED, tooFarApart)) {
    const drifted = driftOf(pair);
    if (drifted !== undefined) onDrifted(drifted);
    lists.add(drifted, pair.found?.action ?? 'none');
  }
  return lists.all();
}

export const tooFarApart = () =>
  new OnecardError(
    `More than ${MOST_DRIFTED.toLocaleString('en')} operators have changed since the plan was made: it is not about this database as it is now.`,
    { remedy: 'Make a new plan: onecard migrate --dry-run --plan-out FILE', exitCode: ExitCode.PlanRefused },
  );

/** Where nothing may have drifted, nothing is written. */
export function refuseDrift(drift: Drift): void {
  if (driftedCount(drift) === 0) return;
  throw new OnecardError(
    `The database is not as the plan says: ${driftInWords(drift)} since; with --strict nothing is written.`,
    {
      remedy: 'Make a new plan and have it approved, or leave --strict out: what drifted is then left out.',
      exitCode: ExitCode.PlanRefused,
    },
  );
}

/** `12 operators changed, 3 vanished, 2 got linked`; empty where nothing drifted. */
export function driftInWords(drift: Drift): string {
  return DRIFT_KINDS.filter((kind) => drift[kind].count > 0)
    .map((kind, index) => {
      const { count } = drift[kind];
      const operators = index > 0 ? '' : count === 1 ? 'operator ' : 'operators ';
      return `${count.toLocaleString('en')} ${operators}${WORDS[kind]}`;
    })
    .join(', ');
}

const WORDS: Readonly<Record<DriftKind, string>> = {
  changed: 'changed',
  vanished: 'vanished',
  linked: 'got linked',
  arrived: 'arrived',
};

function driftOf<Found extends Outcome>({
  planned,
  found,
}: Pair<Outcome, Found>): OperatorDrift<Found> | undefined {
  const operator = planned?.operator ?? found?.operator ?? '';
  const fields = differencesOf(planned, found);
  if (planned === undefined) return { kind: 'arrived', operator, fields, found };
  if (found === undefined) return { kind: 'vanished', operator, fields, found };
  if (fields.length === 0) return undefined;
  const isLinked = found.decision === 'linked' && planned.decision !== 'linked';
  return { kind: isLinked ? 'linked' : 'changed', operator, fields, found };
}

function differencesOf(planned: Outcome | undefined, found: Outcome | undefined): FieldDrift[] {
  const fields = (['decision', 'action', 'reason', 'person'] as const).map((field) => ({
    field,
    planned: planned?.[field] ?? null,
    found: found?.[field] ?? null,
  }));
  return [...fields, ...cardFields(planned?.card ?? null, found?.card ?? null)].filter(
    (field) => field.planned !== field.found,
  );
}

/** Where there is a card on one side only, the action tells that already. */
function cardFields(planned: Card | null, found: Card | null): FieldDrift[] {
  if (planned === null || found === null) return [];
  return [...new Set([...Object.keys(planned), ...Object.keys(found)])].map((column) => ({
    field: `card.${column}`,
    planned: planned[column] ?? null,
    found: found[column] ?? null,
  }));
}

class DriftLists {
  readonly #lists: Record<DriftKind, { count: number; first: DriftedOperator[] }> = {
    changed: { count: 0, first: [] },
    vanished: { count: 0, first: [] },
    linked: { count: 0, first: [] },
    arrived: { count: 0, first: [] },
  };
  #approved = 0;
  #leftOut = 0;

  add(drifted: OperatorDrift<Outcome> | undefined, action: Outcome['action']): void {
    if (action !== 'none') {
      if (drifted === undefined) this.#approved++;
      else this.#leftOut++;
    }
    if (drifted === undefined) return;
    const list = this.#lists[drifted.kind];
    list.count++;
    if (list.first.length < LISTED) list.first.push({ operator: drifted.operator, fields: drifted.fields });
  }

  all(): Drift {
    return { ...this.#lists, approved: this.#approved, leftOut: this.#leftOut };
  }
}
