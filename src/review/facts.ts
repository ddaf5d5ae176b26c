import type { Layout } from '../config/layout.js';
import type { Database } from '../database/database.js';
import type { Session } from '../database/session.js';
import { HumanDecisionTable, type RememberedDecision } from '../journal/human-decisions.js';
import type { Decision, Reason } from '../model/decision.js';
import { classificationSql } from '../plan/classification.js';
import { linkSql } from '../plan/expressions.js';
import { type DecisionLine, spellingsOf } from './lines.js';

export interface OperatorFacts {
  readonly operator: string;
  readonly decision: Decision;
  readonly reason: Reason;
  /** The linked person. */
  readonly person: string | null;
  /** A value that cannot be stored on a new card, as a JSON array [column, value, problem]. */
  readonly misfit: string | null;
}

interface PersonFacts {
  readonly person: string;
  /** Those who are linked to it. */
  readonly operators: string | null;
}

/** What the database says about the operators and persons of a file, by their keys. */
export interface Facts {
  readonly operators: ReadonlyMap<string, OperatorFacts>;
  readonly persons: ReadonlyMap<string, PersonFacts>;
  readonly remembered: ReadonlyMap<string, RememberedDecision>;
  readonly claimed: ReadonlyMap<string, RememberedDecision>;
}

export async function findFacts(
  session: Session,
  database: Database,
  layout: Layout,
  decided: readonly DecisionLine[],
): Promise<Facts> {
  const operators = [...new Set(decided.flatMap(({ operator }) => spellingsOf(operator)))];
  const persons = [...new Set(decided.flatMap(({ person }) => (person === null ? [] : spellingsOf(person))))];
  const table = new HumanDecisionTable(database);
  const isFilled = operators.length > 0 && (await table.isFilled(session));
  return {
    operators: operators.length === 0 ? new Map() : await findOperators(session, database, layout, operators),
    persons: persons.length === 0 ? new Map() : await findPersons(session, database, layout, persons),
    remembered: isFilled ? await table.about(session, operators) : new Map(),
    claimed: isFilled && persons.length > 0 ? await table.claimed(session, layout, persons) : new Map(),
  };
}

/** For `Dialect.constants`. */
export const asRows = (texts: readonly string[]) => texts.map((text) => [text]);

/** As they would be classified had nobody decided anything. */
async function findOperators(
  session: Session,
  { dialect: sql }: Database,
  layout: Layout,
  keys: readonly string[],
): Promise<Map<string, OperatorFacts>> {
  const rows = await session.rows<OperatorFacts>(
    `SELECT f.operator, c.decision, c.reason, c.person, c.misfit
  FROM (${classificationSql(layout, sql)}) AS c
  JOIN (${sql.constants(['operator'], asRows(keys))}) AS f ON ${sql.isKey('c.operator', 'f.operator', layout.operatorKey)}`,
  );
  return new Map(rows.map((row) => [row.operator, row]));
}

async function findPersons(
  session: Session,
  { dialect: sql }: Database,
  layout: Layout,
  keys: readonly string[],
): Promise<Map<string, PersonFacts>> {
  const { operators, persons } = layout.configuration;
  const key = `p.${sql.identifier(persons.key)}`;
  const rows = await session.rows<{ person: string; operator: string | null }>(
    `SELECT ${sql.text(key)} AS person, ${sql.text(`o.${sql.identifier(operators.key)}`)} AS operator
  FROM (${sql.constants(['person'], asRows(keys))}) AS f
  JOIN ${sql.table(layout.persons.name)} AS p ON ${sql.isKey(key, 'f.person', layout.personKey)}
  LEFT JOIN ${sql.table(layout.operators.name)} AS o ON ${linkSql(sql, layout, 'o')} = ${key}
 ORDER BY person, operator`,
  );
  const facts = new Map<string, PersonFacts>();
  for (const { person, operator } of rows) {
    const known = facts.get(person)?.operators;
    facts.set(person, { person, operators: known ? `${known}, ${operator}` : operator });
  }
  return facts;
}
