import type { RunOptions } from '../../src/apply/run.js';

/** What the command line asks of a run by default, but for what a test asks. */
export function runOptions(
  signal: AbortSignal = new AbortController().signal,
  batchSize?: number,
): RunOptions {
  return {
    ticket: undefined,
    lockTimeout: 200,
    batchSize: { time: 250, fixed: batchSize },
    pace: {
      limit: undefined,
      stopAt: undefined,
      maxFailures: undefined,
      pauseFile: undefined,
      sleep: 0,
      signal,
    },
  };
}
