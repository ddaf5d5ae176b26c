import type { Layout } from '../config/layout.js';
import type { Database } from '../database/database.js';
import { RunTable } from '../journal/journal.js';
import type { Run } from '../journal/run.js';
import { type Batch, batchCountSql, batchStatements } from './statements.js';

/** What one batch did. */
export interface BatchResult {
  readonly created: number;
  readonly linked: number;
  readonly stale: number;
}

/**
 * Applies one batch in one transaction: data and journal commit together or not at all. The number of rows
 * that each statement wrote is held against the journal; any difference rolls the batch back.
 */
export async function applyBatch(
  database: Database,
  layout: Layout,
  run: Run,
  batch: Batch,
): Promise<BatchResult> {
  const { dialect: sql } = database;
  const statements = batchStatements(layout, sql, run, batch);
  return database.transaction(async (session) => {
    // First of all: whoever has taken the run over would wait here, or refuse this batch.
    await new RunTable(database).beat(session, run);
    await session.rows(statements.lockOperators.sql);
    await session.rows(statements.lockPersons.sql);
    await session.run(statements.journalChanges.sql);
    const rows = await session.rows<{ action: string; state: string; changes: string }>(
      batchCountSql(sql, run, batch),
    );
    const count = (action: string, state: string) =>
      Number(rows.find((row) => row.action === action && row.state === state)?.changes ?? 0);
    const created = count('create', 'applied');
    const linked = count('link', 'applied');
    if (created > 0) expectRows(await session.run(statements.insertCards.sql), created, 'cards created');
    if (created + linked > 0)
      expectRows(await session.run(statements.setLinks.sql), created + linked, 'operators linked');
    return { created, linked, stale: count('create', 'stale') + count('link', 'stale') };
  });
}

function expectRows(written: number, expected: number, what: string): void {
  if (written !== expected)
    throw new Error(
      `${expected} ${what} expected, but the database wrote ${written}; the batch was rolled back`,
    );
}
