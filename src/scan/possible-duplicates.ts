import type { Layout } from '../config/layout.js';
import type { Database } from '../database/database.js';
import type { Dialect } from '../database/dialect.js';
import type { Session } from '../database/session.js';
import { classificationSql } from '../plan/classification.js';
import { findDecided } from '../plan/decided.js';
import { type Findings, readEvidence } from '../plan/evidence.js';
import { linkSql } from '../plan/expressions.js';
import { legendOf } from '../plan/legend.js';

/** A linked operator whose person looks generated, beside others that nobody is linked to. */
export interface PossibleDuplicate {
  readonly operator: string;
  readonly name: string;
  /** The person it is linked to. */
  readonly person: string;
  /** Unlinked persons that share its keys: at most 20, lowest keys first. */
  readonly candidates: readonly string[];
}

interface Row extends Findings {
  operator: string;
  name: string;
  person: string;
}

/** The first so many, in the order of the operators' keys. */
export async function findPossibleDuplicates(
  session: Session,
  layout: Layout,
  database: Database,
  limit: number,
): Promise<PossibleDuplicate[]> {
  const { dialect: sql } = database;
  const decided = await findDecided(session, database);
  const rows =
    await session.rows<Row>(`SELECT ${sql.text('c.operator')} AS operator, c.name, c.person, c.reason, c.evidence, c.detail, c.misfit
  FROM (${classificationSql(layout, sql, {}, decided)}) AS c
 WHERE c.finding = 'possible-duplicate'
 ORDER BY ${sql.keyOrder('c.operator', layout.operatorKey)}
 LIMIT ${limit}`);
  const legend = legendOf(layout);
  const found = rows.map((row) => ({ ...row, candidates: readEvidence(row, legend).candidates }));
  const taken = await linkedAmong(
    found.flatMap(({ candidates }) => candidates),
    session,
    layout,
    sql,
  );
  return found.map(({ operator, name, person, candidates }) => ({
    operator,
    name,
    person,
    candidates: candidates.filter((candidate) => !taken.has(candidate)),
  }));
}

/** Those of the persons that an operator row is linked to: they belong to somebody already. */
async function linkedAmong(
  persons: readonly string[],
  session: Session,
  layout: Layout,
  sql: Dialect,
): Promise<Set<string>> {
  if (persons.length === 0) return new Set();
  const keys = [...new Set(persons)].map((person) => sql.asKey(sql.literal(person), layout.personKey));
  const link = linkSql(sql, layout, 'o');
  const rows = await session.rows<{ person: string }>(`SELECT DISTINCT ${sql.text(link)} AS person
  FROM ${sql.table(layout.operators.name)} AS o
 WHERE ${link} IN (${keys.join(', ')})`);
  return new Set(rows.map(({ person }) => person));
}
