import type { Layout } from '../config/layout.js';
import type { Database } from '../database/database.js';
import type { Session } from '../database/session.js';
import type { Arrivals, Closing, Run } from '../journal/run.js';
import type { Decision, Tally } from '../model/decision.js';
import { linkSql } from '../plan/expressions.js';
import { tallyPlan } from '../plan/plan.js';

/** So many of each kind are named; all are counted. */
const NAMED = 100;

/** Classifies everything once more after the last batch: what arrived while the run worked is found here. */
export function classifyOnceMore(
  database: Database,
  layout: Layout,
  run: Run,
): Promise<{ tallies: Tally[]; closing: Closing }> {
  return database.snapshot(async (session) => {
    const duplicated = new Set<string>();
    const tallies = await tallyPlan(session, layout, database, {
      onFinding: (operator) => duplicated.add(operator),
    });
    const shared = await findSharedPersons(session, database, layout);
    return { tallies, closing: await findArrivals(session, database, run, duplicated, shared) };
  });
}

/** Persons that several operators are linked to, whoever linked them. */
async function findSharedPersons(
  session: Session,
  { dialect: sql }: Database,
  layout: Layout,
): Promise<Set<string>> {
  const link = linkSql(sql, layout, 'o');
  const persons = new Set<string>();
  for await (const { person } of session.stream<{ person: string }>(
    `SELECT ${sql.text('l.person')} AS person
  FROM (SELECT ${link} AS person
          FROM ${sql.table(layout.operators.name)} AS o
         WHERE ${link} IS NOT NULL
         GROUP BY ${link}
        HAVING COUNT(*) > 1) AS l`,
  ))
    persons.add(person);
  return persons;
}

/**
 * Reads once through what the run has written: the sets are small, and the journal has no index for them.
 * @param duplicated operators whose person may be a duplicate now. @param shared persons with several operators.
 */
async function findArrivals(
  session: Session,
  { dialect: sql }: Database,
  run: Run,
  duplicated: ReadonlySet<string>,
  shared: ReadonlySet<string>,
): Promise<Closing> {
  const doubleLinks = new Named();
  const lateCandidates = new Named();
  if (duplicated.size + shared.size === 0) return { doubleLinks, lateCandidates };
  for await (const row of session.stream<{ operator: string; person: string; decision: Decision }>(
    `SELECT c.operator, c.person, d.decision
  FROM ${sql.journal('change')} AS c
  JOIN ${sql.journal('decision')} AS d ON d.run_id = c.run_id AND d.position = c.position
 WHERE c.run_id = ${sql.literal(run.id)} AND c.state = 'applied'
 ORDER BY c.position`,
  )) {
    if (shared.has(row.person)) doubleLinks.add(row.person);
    // A card was made for it, and meanwhile somebody has entered a person that shares its keys.
    if (row.decision === 'create' && duplicated.has(row.operator)) lateCandidates.add(row.operator);
  }
  return { doubleLinks, lateCandidates };
}

class Named implements Arrivals {
  count = 0;
  readonly first: string[] = [];

  add(key: string): void {
    this.count++;
    if (this.first.length < NAMED) this.first.push(key);
  }
}
