import type { Dialect } from '../database/dialect.js';
import type { Column, TypeFamily } from '../database/schema.js';
import { PURGED } from '../journal/journal.js';
import { linkSql } from '../plan/expressions.js';
import type { Subject } from './subject.js';

/**
 * A CTE `latest`: of each operator the latest change that stands, with the columns run_id, position, operator,
 * action and person. A change that was rolled back stands no longer; one that a rollback kept does, as long as
 * what was kept is there.
 * @param isIntact whether the journal holds what was written into it.
 */
export function latestChangesSql(subject: Subject, isIntact: boolean): string {
  const { database, runs, only } = subject;
  const { dialect: sql } = database;
  const stands = standsSql(subject, isIntact);
  const columns = ['run_id', 'position', 'operator', 'action', 'person'].map((column) => `c.${column}`);
  const [run] = runs;
  if (runs.length === 1 && run !== undefined) {
    return `-- the changes that stand
latest AS (
  SELECT ${columns.join(', ')}
    FROM ${sql.journal('change')} AS c
   WHERE c.run_id = ${sql.literal(run.id)} AND ${stands})`;
  }
  const ofRun = only === undefined ? '' : ` AND c.run_id = ${sql.literal(only.id)}`;
  return `-- of each operator the latest change that stands
latest AS (
  SELECT ${columns.join(', ')}
    FROM (SELECT ${columns.join(', ')},
                 ROW_NUMBER() OVER (PARTITION BY ${sql.text('c.operator')} ORDER BY r.started_at DESC, r.id DESC, c.position DESC) AS newness
            FROM ${sql.journal('change')} AS c
            JOIN ${sql.journal('run')} AS r ON r.id = c.run_id
           WHERE ${stands} AND r.state <> 'planning') AS c
   WHERE c.newness = 1${ofRun})`;
}

/** Whoever cleans up by hand what was kept has to hear of it no more. */
function standsSql({ layout, database }: Subject, isIntact: boolean): string {
  const { dialect: sql } = database;
  const { operators, persons } = layout.configuration;
  const operator = journaledKeySql(sql, 'c.operator', layout.operatorKey, isIntact);
  const person = journaledKeySql(sql, 'c.person', layout.personKey, isIntact);
  // What was purged names nobody any more.
  return `(c.seal <> ${sql.literal(PURGED)} AND (c.state = 'applied'
        OR c.state = 'kept' AND CASE c.action
           WHEN 'create'
           THEN EXISTS (SELECT 1 FROM ${sql.table(layout.persons.name)} AS k WHERE k.${sql.identifier(persons.key)} = ${person})
           ELSE EXISTS (SELECT 1 FROM ${sql.table(layout.operators.name)} AS k
                         WHERE k.${sql.identifier(operators.key)} = ${operator}
                           AND ${sql.same(sql.text(linkSql(sql, layout, 'k')), 'c.person')}) END))`;
}

/** Keys as they are written; with anything else in place of a key, some servers end the whole statement. */
const SPELLINGS: ReadonlyMap<TypeFamily, string> = new Map([
  ['uuid', '^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$'],
  ['integer', '^-?[0-9]+$'],
  ['decimal', '^-?[0-9]+([.][0-9]+)?$'],
]);

/**
 * A key from the journal, to be compared with the column by its index or a hash. Where the journal is not intact,
 * what is no such key becomes NULL: an altered row has to be found, and must not stop the verification. Checking
 * takes ten times as long as all the rest, hence only then.
 */
export function journaledKeySql(sql: Dialect, expression: string, column: Column, isIntact: boolean): string {
  const spelling = SPELLINGS.get(column.family);
  if (isIntact || spelling === undefined) return sql.asKey(expression, column);
  const isKey = `REGEXP_REPLACE(${expression}, ${sql.literal(spelling)}, '') = ''`;
  // Any number of digits fits into `numeric`, which is compared with numbers as they are.
  const target = column.family === 'uuid' ? column : { ...column, type: 'numeric' };
  return sql.asKey(`CASE WHEN ${isKey} THEN ${expression} END`, target);
}
