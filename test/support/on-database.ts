import type { ChildProcess } from 'node:child_process';
import { expect } from 'vitest';
import { type CliOptions, type CliResult, onecard, startOnecard } from './cli.js';
import { type Contents, contents, counters, difference } from './contents.js';
import type { TestDatabase } from './databases.js';
import { withSample } from './embedded.js';
import type { Kind } from './servers/server.js';

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

/** A table of onecard's journal. */
export function journalTable(kind: Kind, table: string): string {
  return kind === 'postgres' ? `onecard.${table}` : `onecard_${table}`;
}

/** The rows of a table, by key: column → value as the server prints it. */
export function rowsOf(from: Contents, table: string): Map<string, Record<string, string | null>> {
  return new Map([...(from.get(table) ?? [])].map(([key, row]) => [key, JSON.parse(row)]));
}

/** SQL without quoted names and without the schema or database of the test. */
export function plainSql(sql: string): string {
  return sql.replaceAll(/["`]/g, '').replaceAll(/\b(public|test_\w+)\./g, '');
}
