import { DECISIONS, type PlannedOperator, type Tally } from '../model/decision.js';

/** Counts decisions as they go by. */
export class Tallies {
  readonly #counts = new Map<string, Tally>();
  total = 0;

  add({ decision, action, reason, finding }: PlannedOperator): void {
    this.count({ decision, action, reason, finding, operators: 1 });
  }

  count({ operators, ...what }: Tally): void {
    const { decision, action, reason, finding } = what;
    this.total += operators;
    const key = `${decision} ${action} ${reason} ${finding ?? ''}`;
    const tally = this.#counts.get(key);
    this.#counts.set(key, { ...what, operators: (tally?.operators ?? 0) + operators });
  }

  all(): Tally[] {
    return inOrder([...this.#counts.values()]);
  }
}

/** By decision, then the most frequent first; the same for the same counts. */
export function inOrder(tallies: readonly Tally[]): Tally[] {
  const rank = ({ decision }: Tally) => DECISIONS.indexOf(decision);
  const text = ({ reason, action, finding }: Tally) => `${reason} ${action} ${finding ?? ''}`;
  return [...tallies].sort(
    (a, b) => rank(a) - rank(b) || b.operators - a.operators || (text(a) < text(b) ? -1 : 1),
  );
}
