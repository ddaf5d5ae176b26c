import { setTimeout as sleep } from 'node:timers/promises';
import type { CliResult } from '../cli.js';

/** The server may take a moment to notice that a killed client is gone; its session still holds the lock then. */
export async function onceUnlocked(run: () => Promise<CliResult>): Promise<CliResult> {
  const deadline = Date.now() + 10_000;
  for (;;) {
    const result = await run();
    if (result.code !== 6 || Date.now() > deadline) return result;
    await sleep(100);
  }
}
