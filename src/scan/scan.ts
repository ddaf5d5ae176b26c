import type { Layout } from '../config/layout.js';
import type { Database } from '../database/database.js';
import type { Session } from '../database/session.js';
import type { Reason, Tally } from '../model/decision.js';
import { tallyPlan } from '../plan/plan.js';
import { inOrder } from '../plan/tallies.js';
import { findApiAccounts, type LikelyApiAccount } from './api-accounts.js';
import { type KeyQuality, keyQualities } from './key-quality.js';
import { LISTED, type Listed } from './listed.js';
import { findPossibleDuplicates, type PossibleDuplicate } from './possible-duplicates.js';
import { findSchemaGaps, type SchemaFinding } from './schema-findings.js';

/** What stands in a database before anything is done to it. */
export interface Scan {
  readonly tallies: readonly Tally[];
  /** Rows of the operator table, groups and templates included. */
  readonly operators: number;
  /** Rows of the person table. */
  readonly persons: number;
  /** Human operators without a link to a person that exists. */
  readonly unlinked: number;
  readonly keys: readonly KeyQuality[];
  readonly possibleDuplicates: Listed<PossibleDuplicate>;
  readonly likelyApiAccounts: Listed<LikelyApiAccount>;
  readonly schemaGaps: readonly SchemaFinding[];
}

/** Takes the inventory: reads only, with SELECT alone; all of it sees one moment within a snapshot. */
export async function scanDatabase(session: Session, database: Database, layout: Layout): Promise<Scan> {
  const { dialect: sql } = database;
  const tallies = inOrder(await tallyPlan(session, layout, database));
  const duplicates = sumOf(tallies, ({ finding }) => finding === 'possible-duplicate');
  return {
    tallies,
    operators: sumOf(tallies, () => true),
    persons: await countPersons(session, database, layout),
    unlinked: sumOf(tallies, ({ reason }) => !SETTLED.has(reason)),
    keys: await keyQualities(session, layout, sql),
    possibleDuplicates: {
      count: duplicates,
      // Classifying once more takes as long as all the rest.
      first: duplicates === 0 ? [] : await findPossibleDuplicates(session, layout, database, LISTED),
    },
    likelyApiAccounts: await findApiAccounts(session, layout, sql, LISTED),
    schemaGaps: findSchemaGaps(database, layout),
  };
}

/** No human, or a human with a person. Whoever else there is has no link, or a broken one. */
const SETTLED: ReadonlySet<Reason> = new Set<Reason>([
  'not-an-operator',
  'api-account',
  'excluded',
  'linked',
]);

function sumOf(tallies: readonly Tally[], counts: (tally: Tally) => boolean): number {
  return tallies.filter(counts).reduce((sum, { operators }) => sum + operators, 0);
}

async function countPersons(
  session: Session,
  { dialect: sql }: Database,
  { persons }: Layout,
): Promise<number> {
  const [row] = await session.rows<{ persons: string }>(
    `SELECT ${sql.text('COUNT(*)')} AS persons FROM ${sql.table(persons.name)}`,
  );
  return Number(row?.persons ?? 0);
}
