import type { ChildProcess } from 'node:child_process';
import { expect } from 'vitest';
import { type CliOptions, type CliResult, onecard, startOnecard } from './cli.js';
import { contents, counters, difference } from './contents.js';
import type { TestDatabase } from './databases.js';
import { withSample } from './embedded.js';

export { journalTable, rowsOf } from './contents.js';

type Options = Omit<CliOptions, 'folder'>;

/** Runs the built command line on this database, in its folder, to the end. */
export function onecardOn(database: TestDatabase, args: string[], options: Options = {}): Promise<CliResult> {
  return onecard(args, optionsFor(database, options));
}

/** The same for tests that watch it while it runs. */
export function startOnecardOn(
  database: TestDatabase,
  args: string[],
  options: Options = {},
): { child: ChildProcess; result: Promise<CliResult> } {
  return startOnecard(args, optionsFor(database, options));
}

function optionsFor({ folder, url }: TestDatabase, options: Options): CliOptions {
  return { ...options, folder, env: { ...(url !== undefined && { DATABASE_URL: url }), ...options.env } };
}

/** Opening the embedded database takes seconds: here several queries share one opening. */
export function together<T>(
  database: TestDatabase,
  work: (database: TestDatabase) => Promise<T>,
): Promise<T> {
  if (database.url !== undefined) return work(database);
  return withSample(database.folder, (query) => work({ ...database, query }));
}

/** Expects of the work that it writes nothing at all: no row, no definition, nothing that is rolled back. */
export async function writingNothing<T>(database: TestDatabase, work: () => Promise<T>): Promise<T> {
  const before = await stateOf(database);
  const result = await work();
  const after = await stateOf(database);
  expect(difference(before.contents, after.contents)).toEqual({ added: [], removed: [], changed: [] });
  expect(after.counters).toEqual(before.counters);
  return result;
}

function stateOf(database: TestDatabase) {
  return together(database, async (opened) => ({
    contents: await contents(opened),
    counters: await counters(opened),
  }));
}

/** SQL without quoted names and without the schema or database of the test. */
export function plainSql(sql: string): string {
  return sql.replaceAll(/["`]/g, '').replaceAll(/\b(public|test_\w+)\./g, '');
}
