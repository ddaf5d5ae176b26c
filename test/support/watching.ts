import { setTimeout as sleep } from 'node:timers/promises';
import type { TestDatabase } from './databases.js';
import { journalTable } from './on-database.js';

export async function changesOf(database: TestDatabase): Promise<number> {
  const [row] = await database.query(
    `SELECT COUNT(*) AS changes FROM ${journalTable(database.kind, 'change')}`,
  );
  return Number(row?.['changes']);
}

/** Waits until the run has written so many changes; there is no journal at first. */
export async function changesReach(database: TestDatabase, count: number): Promise<void> {
  await until(`so many changes: ${count}`, async () => (await changesOf(database).catch(() => 0)) >= count);
}

/** Looks again and again, for half a minute at most. */
export async function until(what: string, holds: () => Promise<boolean>): Promise<void> {
  const deadline = Date.now() + 30_000;
  while (!(await holds())) {
    if (Date.now() > deadline) throw new Error(`Not within 30 s: ${what}`);
    await sleep(10);
  }
}
