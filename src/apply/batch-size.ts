const FIRST = 500;
const LARGEST = 20_000;

export interface BatchSizeOptions {
  /** How long a batch's transaction should take, in milliseconds. */
  readonly time: number;
  /** So many operators, whatever time that takes. */
  readonly fixed: number | undefined;
}

/**
 * Sizes batches so that their transactions stay short on this server under this load: towards the target from
 * below, at most doubling, and down at once when one took too long.
 */
export class BatchSize {
  #rows = FIRST;
  readonly #options: BatchSizeOptions;

  constructor(options: BatchSizeOptions) {
    this.#options = options;
  }

  get rows(): number {
    return this.#options.fixed ?? this.#rows;
  }

  took(rows: number, milliseconds: number): void {
    // A short last batch says nothing about the size.
    if (rows < this.#rows) return;
    const fitting = (rows * this.#options.time) / Math.max(milliseconds, 1);
    this.#rows = Math.round(Math.min(LARGEST, rows * 2, Math.max(1, fitting)));
  }
}
