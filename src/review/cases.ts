import type { CheckedValue } from '../config/checked.js';
import type { Layout } from '../config/layout.js';
import type { Database } from '../database/database.js';
import type { Dialect } from '../database/dialect.js';
import type { Session } from '../database/session.js';
import type { PlannedOperator, Reason } from '../model/decision.js';
import { classificationSql } from '../plan/classification.js';
import { type Decided, findDecided } from '../plan/decided.js';
import { type Findings, readEvidence } from '../plan/evidence.js';
import { nameSql } from '../plan/expressions.js';
import { legendOf } from '../plan/legend.js';
import { fieldSql, ownOf } from '../plan/values.js';

/** More than these, nobody decides one by one. */
export const MOST_CASES = 50_000;
/** So many candidates of a case stand side by side. */
export const SHOWN_CANDIDATES = 5;

/** An operator that a human has to decide about. */
export interface Case
  extends Pick<PlannedOperator, 'operator' | 'name' | 'reason' | 'person' | 'evidence' | 'candidateCount'> {
  /** Its values of the keys, in their order. */
  readonly values: readonly string[];
  /** The first of them. */
  readonly candidates: readonly Candidate[];
}

export interface Candidate {
  readonly person: string;
  readonly name: string;
  /** Its values of the keys, in their order. */
  readonly values: readonly string[];
}

export interface Cases {
  /** The first 50,000, in the order of the operators' keys. */
  readonly cases: readonly Case[];
  /** All of them. */
  readonly count: number;
}

interface CaseRow extends Findings {
  operator: string;
  name: string;
  reason: Reason;
  person: string | null;
  own: string;
}

type Found = Omit<Case, 'candidates'> & { readonly candidates: readonly string[] };

/** Everything under review, and matches that nothing is done about, with their candidates. */
export async function findCases(session: Session, database: Database, layout: Layout): Promise<Cases> {
  const decided = await findDecided(session, database);
  const found: Found[] = [];
  let count = 0;
  for await (const row of session.stream<CaseRow>(casesSql(layout, database.dialect, decided))) {
    count++;
    if (found.length < MOST_CASES) found.push(readCase(row, layout));
  }
  const persons = await findPersons(session, database, layout, found);
  return {
    cases: found.map((each) => ({
      ...each,
      candidates: each.candidates.flatMap((person) => persons.get(person) ?? []),
    })),
    count,
  };
}

function casesSql(layout: Layout, sql: Dialect, decided: Decided | undefined): string {
  const row = ownOf(sql, 'o');
  const own = layout.keys.map(({ operator }) => fieldSql(sql, operator, row));
  const columns = ['name', 'reason', 'person', 'evidence', 'detail', 'misfit', 'own'];
  return `SELECT ${sql.text('c.operator')} AS operator, ${columns.map((column) => `c.${column}`).join(', ')}
  FROM (${classificationSql(layout, sql, { own: sql.jsonArray(own) }, decided)}) AS c
 WHERE c.decision IN ('review', 'match') AND c.action = 'none'
 ORDER BY ${sql.keyOrder('c.operator', layout.operatorKey)}`;
}

function readCase(row: CaseRow, layout: Layout): Found {
  const { operator, name, reason, person } = row;
  const { evidence, candidates, candidateCount } = readEvidence(row, legendOf(layout));
  return {
    operator,
    name,
    reason,
    person,
    evidence,
    candidateCount,
    values: readValues(
      row.own,
      layout.keys.map((key) => key.operator),
    ),
    candidates: candidates.slice(0, SHOWN_CANDIDATES),
  };
}

/** Several values of one key stand side by side. */
function readValues(json: string, of: readonly CheckedValue[]): string[] {
  return (JSON.parse(json) as (string | null)[]).map((value, index) => {
    if (value === null) return '';
    return of[index]?.rows === undefined ? value : (JSON.parse(value) as string[]).join(', ');
  });
}

/** So many persons are asked for in one statement. */
const ASKED = 1000;

/** The candidates of all cases, by their keys. */
async function findPersons(
  session: Session,
  { dialect: sql }: Database,
  layout: Layout,
  cases: readonly Found[],
): Promise<Map<string, Candidate>> {
  const keys = [...new Set(cases.flatMap(({ candidates }) => candidates))];
  const found = new Map<string, Candidate>();
  const key = `p.${sql.identifier(layout.configuration.persons.key)}`;
  const row = ownOf(sql, 'p');
  const values = layout.keys.map(({ person }) => fieldSql(sql, person, row));
  for (let from = 0; from < keys.length; from += ASKED) {
    const asked = keys
      .slice(from, from + ASKED)
      .map((person) => sql.asKey(sql.literal(person), layout.personKey));
    const rows = await session.rows<{ person: string; name: string; own: string }>(
      `SELECT ${sql.text(key)} AS person, ${nameSql(sql, row, layout.person.name)} AS name, ${sql.jsonArray(values)} AS own
  FROM ${sql.table(layout.persons.name)} AS p
 WHERE ${key} IN (${asked.join(', ')})`,
    );
    for (const { person, name, own } of rows)
      found.set(person, {
        person,
        name,
        values: readValues(
          own,
          layout.keys.map((each) => each.person),
        ),
      });
  }
  return found;
}
