import type { Layout } from '../config/layout.js';
import type { Database } from '../database/database.js';
import type { Session } from '../database/session.js';
import type { Arrivals, Closing, Run } from '../journal/run.js';
import type { Tally } from '../model/decision.js';
import { classificationSql } from '../plan/classification.js';
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
    const tallies = await tallyPlan(session, layout, database.dialect);
    const duplicates = tallies.filter(({ finding }) => finding === 'possible-duplicate');
    return {
      tallies,
      closing: {
        doubleLinks: await findDoubleLinks(session, database, layout, run),
        // To list them takes another classification.
        lateCandidates:
          duplicates.length === 0 ? NONE : await findLateCandidates(session, database, layout, run),
      },
    };
  });
}

const NONE: Arrivals = { count: 0, first: [] };

async function findDoubleLinks(
  session: Session,
  database: Database,
  layout: Layout,
  run: Run,
): Promise<Arrivals> {
  const { dialect: sql } = database;
  const link = linkSql(sql, layout, 'o');
  return arrivals(
    session,
    sql.text('COUNT(*) OVER ()'),
    `SELECT c.person AS arrival
          FROM ${sql.journal('change')} AS c
          JOIN ${sql.table(layout.operators.name)} AS o ON ${link} = ${sql.asKey('c.person', layout.personKey)}
         WHERE c.run_id = ${sql.literal(run.id)} AND c.state = 'applied'
         GROUP BY c.person
        HAVING COUNT(*) > 1`,
  );
}

/** A card was made for them, and meanwhile somebody has entered a person that shares their keys. */
async function findLateCandidates(
  session: Session,
  database: Database,
  layout: Layout,
  run: Run,
): Promise<Arrivals> {
  const { dialect: sql } = database;
  return arrivals(
    session,
    sql.text('COUNT(*) OVER ()'),
    `SELECT c.operator AS arrival
          FROM (${classificationSql(layout, sql)}) AS j
          JOIN ${sql.journal('change')} AS c ON c.operator = ${sql.text('j.operator')} AND c.person = j.person
          JOIN ${sql.journal('decision')} AS d ON d.run_id = c.run_id AND d.position = c.position
         WHERE j.finding = 'possible-duplicate' AND c.run_id = ${sql.literal(run.id)}
           AND c.state = 'applied' AND d.decision = 'create'`,
  );
}

async function arrivals(session: Session, total: string, statement: string): Promise<Arrivals> {
  const rows = await session.rows<{ arrival: string; total: string }>(
    `SELECT a.arrival, ${total} AS total
  FROM (${statement}) AS a
 ORDER BY a.arrival
 LIMIT ${NAMED}`,
  );
  return { count: Number(rows[0]?.total ?? 0), first: rows.map(({ arrival }) => arrival) };
}
