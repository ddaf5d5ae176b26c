import { statfs } from 'node:fs/promises';
import type { Layout } from '../config/layout.js';
import { findSlowLookups } from '../config/lookups.js';
import { findReferences, labelOf } from '../config/references.js';
import type { Database } from '../database/database.js';
import { OnecardError } from '../errors.js';
import { pendingSchemaSteps } from '../journal/migrate.js';
import type { Run } from '../journal/run.js';
import { assessReadiness } from '../scan/readiness.js';
import { plural } from './judgements.js';
import type { Findings } from './steps.js';

/** So few rows are read quickly, whatever the index. */
const FEW_ROWS = 1000;

/** The journal, its audit report, and the cards take less than the data itself. */
const ROOM_FACTOR = 2;

/** Kept with the runs of a rehearsal, so that one that was killed on a database that stays can be told. */
export const REHEARSAL_TICKET = 'rehearsal';

/** @throws OnecardError where the data holds what a rehearsal has written, and has not taken back. */
export function refuseLeftRuns(runs: readonly Run[]): void {
  const left = runs.filter(({ ticket, state }) => ticket === REHEARSAL_TICKET && state !== 'rolled-back');
  if (left.length === 0) return;
  const ids = left.map(({ id }) => id);
  throw new OnecardError(
    `${plural(left.length, 'run')} of a rehearsal that was killed here: ${ids.join(', ')}. What was written is still in the data.`,
    { remedy: `${ids.map((id) => `onecard rollback ${id}`).join(', ')}, then onecard uninstall.` },
  );
}

/** What would hinder a run, its rollback, or others at work. */
export async function lookBefore(
  findings: Findings,
  database: Database,
  layout: Layout,
  { databaseBytes, workplace }: { readonly databaseBytes: number | null; readonly workplace: string },
): Promise<void> {
  const { obstacles, missing, grants, triggers, hiddenTriggers } = await assessReadiness(database, layout);
  for (const { message, remedy } of obstacles) findings.problem(message, [`→ ${remedy}`]);
  if (missing.length > 0)
    findings.problem(
      `${plural(missing.length, 'privilege')} missing: ${missing.join(', ')}`,
      grants.map((grant) => `→ ${grant};`),
    );
  await findSlowReferences(findings, database, layout);
  await requireRoom(findings, databaseBytes, workplace);
  const steps = await pendingSchemaSteps(database, layout);
  const own = steps.filter(({ isApplication }) => isApplication);
  findings.seen = [
    `${steps.length === 0 ? 'the journal is there' : 'the journal is to be made'}`,
    ...(own.length > 0 ? [`${plural(own.length, 'change')} of the application's tables`] : []),
    ...(triggers.length > 0
      ? [`${plural(triggers.length, 'trigger')} ${triggers.length === 1 ? 'fires' : 'fire'}`]
      : []),
  ].join(', ');
  findings.details.push(
    ...own.map(({ sql }) => `needs --allow-schema-changes: ${sql}`),
    ...triggers.map(({ name, table, when }) => `trigger ${name} on ${table.name}, ${when}`),
    ...hiddenTriggers.map((table) => `this user may not see the triggers of ${table}`),
  );
}

async function findSlowReferences(findings: Findings, database: Database, layout: Layout): Promise<void> {
  const references = await findReferences(database, layout);
  for (const reference of references) {
    const { isIndexed, isDeclared, estimatedRows } = reference;
    if (isIndexed || estimatedRows <= FEW_ROWS) continue;
    findings.problem(
      `the ${isDeclared ? 'foreign key' : 'reference'} ${labelOf(reference, layout)} has no index: a rollback reads about ${estimatedRows} rows for each card`,
      ['→ Make an index that begins with it before the night.'],
    );
  }
  for (const { table, column, sql } of await findSlowLookups(database, layout, 'decisions'))
    findings.problem(
      `no index begins with ${table.name.name}.${column.name}: the whole table is read for each row that is looked up there`,
      [`→ ${sql}`],
    );
}

/** Of the disk that the embedded database and the reports are written to; a server does not tell of its own. */
async function requireRoom(
  findings: Findings,
  databaseBytes: number | null,
  workplace: string,
): Promise<void> {
  const { bavail, bsize } = await statfs(workplace);
  const free = bavail * bsize;
  if (databaseBytes !== null && free < ROOM_FACTOR * databaseBytes)
    findings.problem(
      `the disk of ${workplace} has ${inMegabytes(free)} left, for plans and reports about ${inMegabytes(databaseBytes)} of data`,
      ['→ Make room, or set TMPDIR to another disk.'],
    );
}

const inMegabytes = (bytes: number) => `${Math.ceil(bytes / 1e6)} MB`;
