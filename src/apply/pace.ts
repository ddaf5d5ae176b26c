import { existsSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';

/** Why a run stopped before all was applied. */
export type StopReason =
  | { readonly kind: 'signal' }
  | { readonly kind: 'limit'; readonly limit: number }
  | { readonly kind: 'time'; readonly at: Date }
  | { readonly kind: 'failures'; readonly failures: number };

export interface PaceOptions {
  /** At most so many operators are handled; none for all. */
  readonly limit: number | undefined;
  /** No batch begins after it. */
  readonly stopAt: Date | undefined;
  /** So many failed rows end the run; none for any number. */
  readonly maxFailures: number | undefined;
  /** The run pauses between batches while this file exists. */
  readonly pauseFile: string | undefined;
  /** Milliseconds to sleep between batches. */
  readonly sleep: number;
  readonly signal: AbortSignal;
}

const LOOK_AGAIN_MS = 500;

/** Says between batches whether a run goes on, and how many operators it may still handle. */
export class Pace {
  readonly #options: PaceOptions;

  constructor(options: PaceOptions) {
    this.#options = options;
  }

  /** @param handled operators handled by this process, and those of them that failed. */
  reasonToStop(handled: number, failures: number): StopReason | undefined {
    const { limit, stopAt, maxFailures, signal } = this.#options;
    if (signal.aborted) return { kind: 'signal' };
    if (maxFailures !== undefined && failures >= maxFailures) return { kind: 'failures', failures };
    if (limit !== undefined && handled >= limit) return { kind: 'limit', limit };
    if (stopAt !== undefined && Date.now() >= stopAt.getTime()) return { kind: 'time', at: stopAt };
    return undefined;
  }

  /** How many operators the next batch may have. */
  allowance(handled: number): number {
    const { limit } = this.#options;
    return limit === undefined ? Number.POSITIVE_INFINITY : limit - handled;
  }

  /** Waits as long as it is told to, or until the run has to stop; `onPause` is called again and again meanwhile. */
  async rest(handled: number, failures: number, onPause: (why: string) => Promise<void>): Promise<void> {
    const { pauseFile, sleep: pause } = this.#options;
    if (pause > 0) await this.#wait(pause);
    while (pauseFile !== undefined && existsSync(pauseFile)) {
      if (this.reasonToStop(handled, failures) !== undefined) return;
      await onPause(`paused while ${pauseFile} exists`);
      await this.#wait(LOOK_AGAIN_MS);
    }
  }

  async #wait(milliseconds: number): Promise<void> {
    await sleep(milliseconds, undefined, { signal: this.#options.signal }).catch(() => undefined);
  }
}
