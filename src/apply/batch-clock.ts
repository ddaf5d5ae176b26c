/** How long batches kept others waiting at most, by this process, in whole milliseconds. */
export interface BatchTimes {
  readonly longestTransactionMs: number;
  /** To lock the rows of a batch: no wait for others' locks on them was longer. */
  readonly longestLockMs: number;
}

/** Times the transactions of batches, those that failed included: they held locks, too. */
export class BatchClock {
  #transaction = 0;
  #lock = 0;

  async transaction<T>(work: () => Promise<T>): Promise<T> {
    const started = performance.now();
    try {
      return await work();
    } finally {
      this.#transaction = Math.max(this.#transaction, performance.now() - started);
    }
  }

  async locking<T>(work: () => Promise<T>): Promise<T> {
    const started = performance.now();
    try {
      return await work();
    } finally {
      this.#lock = Math.max(this.#lock, performance.now() - started);
    }
  }

  get times(): BatchTimes {
    return { longestTransactionMs: Math.ceil(this.#transaction), longestLockMs: Math.ceil(this.#lock) };
  }
}
