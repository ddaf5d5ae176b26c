import { expectRows, fence } from '../apply/batch.js';
import { BatchClock } from '../apply/batch-clock.js';
import type { Batch } from '../apply/statements.js';
import type { Database, Patience } from '../database/database.js';
import type { Session } from '../database/session.js';
import { concludeStatement, noteStatement, type WorkScope } from './history.js';
import { REFUSED } from './reasons.js';
import { batchStatements, keepStatement, sealStatement } from './statements.js';

interface Counts {
  /** Links that are still as the run set them, and cards that are there. */
  readonly links: number;
  readonly cards: number;
}

/**
 * Takes one batch back in one transaction: data and journal commit together or not at all. The locks come first;
 * only what is checked under them is deleted. What an earlier attempt has committed is not taken up again.
 * @returns how many changes it handled.
 * @throws LockLost where this process holds the lock no longer; nothing of the batch was written.
 */
export async function takeBackBatch(
  database: Database,
  scope: WorkScope,
  batch: Batch,
  patience?: Patience,
  clock = new BatchClock(),
): Promise<number> {
  const statements = batchStatements(scope, batch);
  return database.transaction(
    async (session) => {
      await fence(session, database, scope.run);
      await clock.locking(async () => {
        await session.rows(statements.lockOperators.sql);
        await session.rows(statements.lockCards.sql);
      });
      const noted = await session.run(noteStatement(scope, batch).sql);
      if (noted === 0) return 0;
      expectRows(await session.run(statements.decide.sql), noted, 'changes decided about');
      const { links, cards } = await countRolledBack(session, statements.count.sql);
      if (links > 0) expectRows(await session.run(statements.restoreLinks.sql), links, 'links restored');
      if (cards > 0) expectRows(await session.run(statements.deleteCards.sql), cards, 'cards removed');
      expectRows(await session.run(statements.seal.sql), noted, 'changes sealed');
      expectRows(await session.run(concludeStatement(scope, batch).sql), noted, 'ends noted');
      return noted;
    },
    { ...(patience && { patience }) },
  );
}

async function countRolledBack(session: Session, statement: string): Promise<Counts> {
  const rows = await session.rows<{ state: string; links: string; cards: string }>(statement);
  const row = rows.find(({ state }) => state === 'rolled-back');
  return { links: Number(row?.links ?? 0), cards: Number(row?.cards ?? 0) };
}

/** Keeps the one change of this batch, and says why the database refuses to take it back. */
export async function keepRefused(
  database: Database,
  scope: WorkScope,
  batch: Batch,
  why: string,
): Promise<number> {
  return database.transaction(async (session) => {
    await fence(session, database, scope.run);
    const noted = await session.run(noteStatement(scope, batch).sql);
    if (noted === 0) return 0;
    expectRows(
      await session.run(keepStatement(scope, batch, `${REFUSED}: ${why}`).sql),
      noted,
      'changes kept',
    );
    expectRows(await session.run(sealStatement(scope, batch).sql), noted, 'changes sealed');
    expectRows(await session.run(concludeStatement(scope, batch).sql), noted, 'ends noted');
    return noted;
  });
}
