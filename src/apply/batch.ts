import type { Layout } from '../config/layout.js';
import type { Database, Patience } from '../database/database.js';
import type { Session } from '../database/session.js';
import { RunTable } from '../journal/journal.js';
import type { Run } from '../journal/run.js';
import { BatchClock } from './batch-clock.js';
import { requireDenied } from './denied.js';
import { createCards } from './new-cards.js';
import { type Batch, batchCountSql, batchStatements, failStatement } from './statements.js';

/** What one batch did. */
export interface BatchResult {
  readonly created: number;
  readonly linked: number;
  readonly stale: number;
  readonly failed: number;
}

export const NOTHING_DONE: BatchResult = { created: 0, linked: 0, stale: 0, failed: 0 };

export const sumOf = (a: BatchResult, b: BatchResult): BatchResult => ({
  created: a.created + b.created,
  linked: a.linked + b.linked,
  stale: a.stale + b.stale,
  failed: a.failed + b.failed,
});

/** The session that held the lock of the run was cut: another run may be at work by now. */
export class LockLost extends Error {}

/**
 * Applies one batch in one transaction: data and journal commit together or not at all. The number of rows
 * that each statement wrote is held against the journal; any difference rolls the batch back.
 * A batch whose commit went through while the connection was lost is not written again.
 * @throws LockLost where this process holds the lock no longer; nothing of the batch was written.
 */
export async function applyBatch(
  database: Database,
  layout: Layout,
  run: Run,
  batch: Batch,
  patience?: Patience,
  clock = new BatchClock(),
): Promise<BatchResult> {
  const statements = batchStatements(layout, database.dialect, run, batch);
  return database.transaction(
    async (session) => {
      await fence(session, database, run, { done: batch.to });
      const before = await countBatch(session, database, run, batch);
      if (before !== undefined) return before;
      await clock.locking(async () => {
        await session.rows(statements.lockOperators.sql);
        await session.rows(statements.lockPersons.sql);
      });
      await session.run(statements.journalChanges.sql);
      const counts = (await countBatch(session, database, run, batch)) ?? NOTHING_DONE;
      const { created, linked, stale } = counts;
      if (created > 0)
        expectRows(await createCards(session, database, layout, run, batch), created, 'cards created');
      if (created + linked > 0)
        expectRows(await session.run(statements.setLinks.sql), created + linked, 'operators linked');
      // By now the triggers of both tables have fired.
      if (created > 0) await requireDenied(session, layout, database.dialect, run, batch);
      expectRows(await session.run(statements.sealChanges.sql), created + linked + stale, 'changes sealed');
      return counts;
    },
    { ...(patience && { patience }) },
  );
}

/** Notes that the one operator of this batch cannot be written, and why. */
export async function failBatch(
  database: Database,
  run: Run,
  batch: Batch,
  reason: string,
): Promise<BatchResult> {
  return database.transaction(async (session) => {
    await fence(session, database, run, { done: batch.to });
    const before = await countBatch(session, database, run, batch);
    if (before !== undefined) return before;
    expectRows(
      await session.run(failStatement(database.dialect, run, batch, reason).sql),
      1,
      'changes noted',
    );
    return { ...NOTHING_DONE, failed: 1 };
  });
}

/**
 * First of all: whoever has taken the run over would wait here, or refuse this batch. So does a session of ours
 * that was cut while it committed.
 * @throws LockLost, or OnecardError where another has taken the run over.
 */
export async function fence(
  session: Session,
  database: Database,
  run: Run,
  progress: { done?: number } = {},
): Promise<void> {
  await new RunTable(database).beat(session, run, progress);
  if (!(await database.holdsLock(session))) throw new LockLost();
}

/** What the journal says that a run did. */
export async function countChanges(session: Session, database: Database, run: Run): Promise<BatchResult> {
  return (await countBatch(session, database, run, { from: 1, to: run.actions ?? 0 })) ?? NOTHING_DONE;
}

/** What the journal says that a batch did; undefined where it says nothing. */
async function countBatch(
  session: Session,
  database: Database,
  run: Run,
  batch: Batch,
): Promise<BatchResult | undefined> {
  const rows = await session.rows<{ action: string; state: string; changes: string }>(
    batchCountSql(database.dialect, run, batch),
  );
  if (rows.length === 0) return undefined;
  const count = (state: string, action?: string) =>
    rows
      .filter((row) => row.state === state && (action === undefined || row.action === action))
      .reduce((sum, row) => sum + Number(row.changes), 0);
  return {
    created: count('applied', 'create'),
    linked: count('applied', 'link'),
    stale: count('stale'),
    failed: count('failed'),
  };
}

/** @throws Error where they differ, which rolls the batch back. */
export function expectRows(written: number, expected: number, what: string): void {
  if (written !== expected)
    throw new Error(
      `${expected} ${what} expected, but the database wrote ${written}; the batch was rolled back`,
    );
}
