import type { Problem } from './inspect.js';

/** What a summary has to say of the lines before it. */
export class Counts {
  #operators = 0;
  readonly #totals = new Map<string, number>();

  add(value: Record<string, unknown>): void {
    if (value['kind'] !== 'operator') return;
    this.#operators++;
    const change: unknown = value['change'];
    const state = change instanceof Object && 'state' in change ? change.state : undefined;
    const outcome = String(state ?? value['state'] ?? value['decision']);
    this.#totals.set(outcome, (this.#totals.get(outcome) ?? 0) + 1);
  }

  /** A withheld line is counted, but not what it was about. */
  problemOf(summary: Record<string, unknown>, line: number, withheld: number): Problem | null {
    const differs = (what: string, said: unknown, found: number): Problem => ({
      line,
      kind: 'miscounted',
      text: `The closing summary, line ${line}, says ${said ?? 'no'} ${what}, and there are ${found}.`,
    });
    const operators = this.#operators + withheld;
    if (summary['operators'] !== operators) return differs('operators', summary['operators'], operators);
    const totals = new Map<string, unknown>(Object.entries(Object(summary['totals'])));
    for (const outcome of new Set([...this.#totals.keys(), ...totals.keys()])) {
      const found = this.#totals.get(outcome) ?? 0;
      const said = Number(totals.get(outcome) ?? 0);
      if (!(said >= found && said <= found + withheld)) return differs(outcome, totals.get(outcome), found);
    }
    return null;
  }
}
