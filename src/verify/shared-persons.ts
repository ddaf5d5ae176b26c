import { linkSql } from '../plan/expressions.js';
import type { Subject } from './subject.js';
import { type Check, checkOf, keptSql, type Violation } from './verification.js';

/** So many operators of one person are named. */
const NAMED = 20;

interface SharedPerson {
  person: string;
  operators: string;
  total: string;
}

/** No person has two operator rows linked to it, whatever rows they are and whoever linked them. */
export async function checkPersonsNotShared({ session, database, layout }: Subject): Promise<Check> {
  const { dialect: sql } = database;
  const operators = `${sql.table(layout.operators.name)} AS o`;
  const link = linkSql(sql, layout, 'o');
  const [linked] = await session.rows<{ persons: string }>(
    `SELECT ${sql.text('COUNT(*)')} AS persons
  FROM (SELECT ${link} AS person FROM ${operators} WHERE ${link} IS NOT NULL GROUP BY ${link}) AS linked`,
  );
  const shared = await session.rows<SharedPerson>(
    `SELECT ${sql.text('s.person')} AS person, ${sql.text('s.operators')} AS operators, ${sql.text('COUNT(*) OVER ()')} AS total
  FROM (SELECT ${link} AS person, COUNT(*) AS operators
          FROM ${operators}
         WHERE ${link} IS NOT NULL
         GROUP BY ${link}
        HAVING COUNT(*) > 1) AS s
 ${keptSql('person')}`,
  );
  const names = await nameOperators({ session, database, layout }, shared);
  const violations = shared.map((row) => describeShared(row, names));
  return checkOf('one-operator-per-person', 'No person is linked to two operators', Number(linked?.persons), [
    { violations, count: Number(shared[0]?.total ?? 0) },
  ]);
}

interface NamedOperator {
  operator: string;
  person: string;
}

/** The first operators of each of these persons. */
async function nameOperators(
  { session, database, layout }: Pick<Subject, 'session' | 'database' | 'layout'>,
  shared: readonly SharedPerson[],
): Promise<NamedOperator[]> {
  if (shared.length === 0) return [];
  const { dialect: sql } = database;
  const key = `o.${sql.identifier(layout.configuration.operators.key)}`;
  const link = linkSql(sql, layout, 'o');
  const persons = shared.map(({ person }) => sql.asKey(sql.literal(person), layout.personKey));
  return session.rows<NamedOperator>(
    `SELECT n.operator, n.person
  FROM (SELECT ${sql.text(key)} AS operator, ${sql.text(link)} AS person,
               ROW_NUMBER() OVER (PARTITION BY ${link} ORDER BY ${key}) AS place
          FROM ${sql.table(layout.operators.name)} AS o
         WHERE ${link} IN (${persons.join(', ')})) AS n
 WHERE n.place <= ${NAMED}
 ORDER BY n.person, n.place`,
  );
}

function describeShared({ person, operators }: SharedPerson, named: readonly NamedOperator[]): Violation {
  const names = named.filter((row) => row.person === person).map(({ operator }) => operator);
  const others = Number(operators) - names.length;
  const more = others > 0 ? ` and ${others} more` : '';
  return {
    operator: null,
    person,
    text: `Person ${person} is linked to ${operators} operators instead of one: ${names.join(', ')}${more}.`,
  };
}
