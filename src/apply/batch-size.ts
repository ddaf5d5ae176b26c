/** How long a batch's transaction should take. */
const TARGET_MS = 250;
const FIRST = 500;
const LARGEST = 20_000;

/**
 * Sizes batches so that their transactions stay short on this server under this load: towards the target from
 * below, at most doubling, and down at once when one took too long.
 */
export class BatchSize {
  #rows = FIRST;
  readonly #fixed: number | undefined;

  constructor(fixed: number | undefined) {
    this.#fixed = fixed;
  }

  get rows(): number {
    return this.#fixed ?? this.#rows;
  }

  took(rows: number, milliseconds: number): void {
    // A short last batch says nothing about the size.
    if (rows < this.#rows) return;
    const fitting = (rows * TARGET_MS) / Math.max(milliseconds, 1);
    this.#rows = Math.round(Math.min(LARGEST, rows * 2, Math.max(1, fitting)));
  }
}
