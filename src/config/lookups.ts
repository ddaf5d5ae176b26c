import type { Database } from '../database/database.js';
import type { Column, Table } from '../database/schema.js';
import type { CheckedCondition, CheckedFlag, CheckedRows, CheckedValue } from './checked.js';
import type { Layout } from './layout.js';

/** Rows of another table that are looked up, for each operator or person, by columns that no index begins with. */
export interface SlowLookup {
  readonly table: Table;
  readonly column: Column;
  /** What would mend it. */
  readonly sql: string;
}

/** Below this, reading the whole table for each row takes no time that anybody would notice. */
const FEW_ROWS = 1000;

/** Who looks up: reports also read the branch and the licence of operators, and the last logins of persons. */
export type Lookup = 'decisions' | 'reports';

/** Each table and column once. */
export async function findSlowLookups(
  database: Database,
  layout: Layout,
  who: Lookup,
): Promise<SlowLookup[]> {
  const { dialect: sql } = database;
  const found = new Map<string, SlowLookup>();
  for (const { table, on } of lookups(layout, who)) {
    const [first] = on;
    if (first === undefined || table.estimatedRows < FEW_ROWS) continue;
    const leads = await Promise.all(on.map(({ theirs }) => database.leadsIndex(table.name, theirs.name)));
    if (leads.includes(true)) continue;
    const column = first.theirs;
    const create = `CREATE INDEX ${sql.identifier(`${table.name.name}_${column.name}`)} ON ${sql.table(table.name)} (${sql.identifier(column.name)});`;
    found.set(create, { table, column, sql: create });
  }
  return [...found.values()];
}

/** All that the configuration has looked up elsewhere. */
function lookups({ operator, person, keys, card }: Layout, who: Lookup): CheckedRows[] {
  const conditions = [
    operator.rows,
    operator.apiAccount,
    operator.excluded,
    operator.archived,
    operator.anonymized,
    person.archived,
    person.anonymized,
  ];
  const values = [
    ...operator.name,
    ...person.name,
    ...operator.lastLogin.map(({ value }) => value),
    ...(who === 'reports'
      ? [operator.licence, operator.branch, ...person.lastLogin.map(({ value }) => value)]
      : []),
    ...keys.flatMap((key) => [key.operator, key.person]),
    ...card.flatMap(({ source }) => ('from' in source ? [source.from] : [])),
  ];
  return [
    ...values.flatMap((value) => (value === undefined ? [] : ofValue(value))),
    ...conditions.flatMap((condition) => (condition === undefined ? [] : ofCondition(condition))),
    ...[person.ssp, person.caller].flatMap(ofFlag),
  ];
}

const ofValue = ({ rows }: CheckedValue) => (rows === undefined ? [] : ofRows(rows));
const ofFlag = (flag: CheckedFlag) => ('row' in flag ? ofRows(flag.row) : []);

function ofRows(rows: CheckedRows): CheckedRows[] {
  return [rows, ...(rows.where === undefined ? [] : ofCondition(rows.where))];
}

function ofCondition(condition: CheckedCondition): CheckedRows[] {
  if ('row' in condition) return ofRows(condition.row);
  if ('not' in condition) return ofCondition(condition.not);
  if ('all' in condition) return condition.all.flatMap(ofCondition);
  return 'any' in condition ? condition.any.flatMap(ofCondition) : [];
}
