import { describe, expect, it, onTestFinished } from 'vitest';
import { executeRun } from '../../src/apply/run.js';
import { checkLayout } from '../../src/config/layout.js';
import { loadConfiguration } from '../../src/config/load.js';
import type { Database } from '../../src/database/database.js';
import { openDatabase } from '../../src/database/open.js';
import type { Query, Session } from '../../src/database/session.js';
import { RunTable } from '../../src/journal/journal.js';
import { endRollback, executeRollback } from '../../src/rollback/rollback.js';
import { serverDatabases, type TestDatabase } from '../support/databases.js';
import { runOptions } from '../support/run-options.js';
import { largeSample } from '../support/sample.js';

/** What PostgreSQL says about a step of a plan that it has carried out. */
interface Step {
  readonly 'Node Type': string;
  readonly 'Actual Rows': number;
  readonly 'Actual Loops': number;
  readonly Plans?: readonly Step[];
}

/** A statement of a batch, and the most rows that a step of its plan has gone through. */
interface Reading {
  readonly sql: string;
  readonly rows: number;
}

const CHANGES = 400;

const mostRows = (step: Step): number =>
  Math.max(step['Actual Rows'] * step['Actual Loops'], ...(step.Plans ?? []).map(mostRows));

/** From now on the server explains each statement of a batch before it is carried out. */
function explainBatches(database: Database): Reading[] {
  const readings: Reading[] = [];
  const transaction = database.transaction.bind(database);
  database.transaction = (work, options) =>
    transaction((session) => work(options?.patience ? explainedFirst(session, readings) : session), options);
  return readings;
}

function explainedFirst(session: Session, readings: Reading[]): Session {
  const explain = async (query: Query) => {
    // The tables of the journal are made with patience, too, and that cannot be explained.
    if (typeof query !== 'string' || !/^(SELECT|INSERT|UPDATE|DELETE) /.test(query)) return;
    await session.run('SAVEPOINT before');
    const [row] = await session.rows<{ 'QUERY PLAN': readonly { readonly Plan: Step }[] }>(
      `EXPLAIN (ANALYZE, TIMING OFF, FORMAT JSON) ${query}`,
    );
    await session.run('ROLLBACK TO before');
    for (const { Plan } of row?.['QUERY PLAN'] ?? []) readings.push({ sql: query, rows: mostRows(Plan) });
  };
  return {
    stream: (sql) => session.stream(sql),
    async rows(query) {
      await explain(query);
      return session.rows(query);
    },
    async run(query) {
      await explain(query);
      return session.run(query);
    },
  };
}

async function open({ url, folder }: TestDatabase): Promise<Database> {
  if (url === undefined) throw new Error('a server was expected');
  const database = await openDatabase({ kind: 'postgres', url }, 'write', {}, folder);
  onTestFinished(() => database.close());
  return database;
}

/** A run that ends after its first batch, and the rollback of that. */
async function runAndTakeBack(database: Database): Promise<void> {
  const layout = await checkLayout(database, loadConfiguration(undefined));
  const runs = new RunTable(database);
  const { pace, ...options } = runOptions(undefined, CHANGES);
  const limited = { ...options, pace: { ...pace, limit: CHANGES } };
  const { run } = await executeRun(database, layout, limited, () => {});
  await database.transaction((session) => runs.enter(session, run, 'done'));
  const { batchSize, lockTimeout } = options;
  const subject = { run: run.id, only: undefined };
  const result = await executeRollback(
    database,
    layout,
    subject,
    { batchSize, lockTimeout, signal: pace.signal },
    () => {},
  );
  await endRollback(database, result, { auditHead: '', summary: '{}' });
}

describe.each(serverDatabases)('the batches of a run and of its rollback on $name', ({ kind, fresh }) => {
  it.runIf(kind === 'postgres')(
    'read each change a few times at most, whatever the server knows of the journal',
    async () => {
      const database = await open(await fresh(largeSample));
      const readings = explainBatches(database);
      for (const known of ['nothing', 'an earlier run']) {
        readings.length = 0;
        await runAndTakeBack(database);
        expect(readings.some(({ sql }) => sql.startsWith('DELETE'))).toBe(true);
        expect(
          readings.filter(({ rows }) => rows > 4 * CHANGES),
          `known: ${known}`,
        ).toEqual([]);
        for (const table of ['change', 'taken_back'] as const)
          await database.transaction((session) => session.rows(database.dialect.analyze(table)));
      }
    },
  );
});
