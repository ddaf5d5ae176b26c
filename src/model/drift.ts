import type { CardValue } from './decision.js';

/**
 * What became of an operator since its line in a plan was written:
 * changed    its decision, or the card it is to get, is another one now
 * linked     somebody has linked it
 * vanished   it is gone
 * arrived    it is new, and has no line
 */
export const DRIFT_KINDS = ['changed', 'vanished', 'linked', 'arrived'] as const;
export type DriftKind = (typeof DRIFT_KINDS)[number];

/** What a plan says of an operator, and what is found: `decision`, `person`, `card.email` … */
export interface FieldDrift {
  readonly field: string;
  readonly planned: CardValue;
  readonly found: CardValue;
}

export interface DriftedOperator {
  readonly operator: string;
  readonly fields: readonly FieldDrift[];
}

/** All are counted; the first hundred are listed. */
export interface DriftedOperators {
  readonly count: number;
  readonly first: readonly DriftedOperator[];
}

/** How the database differs from a plan that was made of it. */
export type Drift = Readonly<Record<DriftKind, DriftedOperators>> & {
  /** Operators that something is written for, as the plan says. */
  readonly approved: number;
  /** Operators that something would be written for now, and of whom the plan does not say the same. */
  readonly leftOut: number;
};

export function driftedCount(drift: Drift): number {
  return DRIFT_KINDS.reduce((sum, kind) => sum + drift[kind].count, 0);
}
