import { mkdir, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Rehearsal, RehearsalStep } from '../../src/model/rehearsal.js';
import type { CliOptions } from './cli.js';
import type { TestDatabase } from './databases.js';
import { onecardOn } from './on-database.js';

/** What a rehearsal came to, and what it left in the folder for temporary files. */
export interface Rehearsed {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
  readonly left: readonly string[];
}

/** Rehearses on this database, with a folder for temporary files of its own. */
export async function rehearseOn(
  database: TestDatabase,
  args: readonly string[] = [],
  options: Omit<CliOptions, 'folder'> = {},
): Promise<Rehearsed> {
  const temporary = join(database.folder, 'temporary');
  await mkdir(temporary, { recursive: true });
  const result = await onecardOn(database, ['rehearse', ...args], {
    timeoutMs: 120_000,
    ...options,
    env: { TMPDIR: temporary, ...options.env },
  });
  return { ...result, left: await readdir(temporary) };
}

/** Copies that are left on the server; the embedded database has none. */
export async function copiesOf(database: TestDatabase): Promise<string[]> {
  if (database.url === undefined) return [];
  const rows = await database.query(
    database.kind === 'postgres'
      ? `SELECT datname AS name FROM pg_database WHERE datname LIKE '${database.name}_rehearsal%'`
      : `SELECT SCHEMA_NAME AS name FROM information_schema.SCHEMATA WHERE SCHEMA_NAME LIKE '${database.name}\\_rehearsal%'`,
  );
  return rows.map(({ name }) => String(name));
}

export const rehearsalOf = ({ stdout, stderr }: Rehearsed): Rehearsal => {
  if (stdout === '') throw new Error(`no rehearsal on stdout: ${stderr}`);
  return JSON.parse(stdout) as Rehearsal;
};

/** The steps with this outcome. */
export const stepsWith = ({ steps }: Rehearsal, outcome: string): RehearsalStep[] =>
  steps.filter((each) => each.outcome === outcome).map(({ step }) => step);

/** All that is said of a step. */
export function wordsOf({ steps }: Rehearsal, step: RehearsalStep): string {
  const found = steps.find((each) => each.step === step);
  return [found?.message, ...(found?.details ?? []), found?.remedy].join('\n');
}
