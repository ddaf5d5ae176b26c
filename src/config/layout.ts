import type { Database } from '../database/database.js';
import { requireFor } from '../database/privileges.js';
import type { Column, Table } from '../database/schema.js';
import { OnecardError } from '../errors.js';
import type { CardField, Condition, Configuration, Scalar, TableName } from '../model/configuration.js';
import { nearest } from './nearest.js';

/** A column the configuration names and the database lacks, which a run adds. */
export interface SchemaGap {
  readonly table: Required<TableName>;
  readonly column: string;
  readonly holds: 'link' | 'ssp' | 'caller';
}

/** A configuration that was checked against the database: every table and column it names is there. */
export interface Layout {
  readonly configuration: Configuration;
  readonly operators: Table;
  readonly persons: Table;
  readonly operatorKey: Column;
  readonly personKey: Column;
  readonly gaps: readonly SchemaGap[];
  /** The configured ones, in addition to foreign keys. */
  readonly references: readonly CheckedReference[];
}

/** A column that holds keys of persons. */
export interface CheckedReference {
  readonly table: Table;
  readonly column: Column;
}

/**
 * Holds a configuration against the database.
 * @throws OnecardError that lists every table or column that is missing, and every required column of the
 *   person table that nothing fills.
 */
export async function checkLayout(database: Database, configuration: Configuration): Promise<Layout> {
  const { operators: operatorTable, persons: personTable } = configuration;
  const operators = await database.inspect(operatorTable.table);
  const persons = await database.inspect(personTable.table);
  // Of a table that may be written and not read, a server can hide the columns.
  const found = [operators, persons].filter((table) => table !== undefined);
  await requireFor(
    database.privileges,
    found.map(({ name }) => ({ to: 'read', table: name })),
  );
  const { references, problems: unknownReferences } = await checkReferences(database, configuration);
  const problems = [
    ...unknownReferences,
    ...(operators
      ? missingColumns(operators, operatorColumns(configuration))
      : [noTable('operators', operatorTable.table)]),
    ...(persons
      ? missingColumns(persons, personColumns(configuration))
      : [noTable('persons', personTable.table)]),
  ];
  if (!operators || !persons || problems.length > 0)
    throw doesNotFit(database, configuration, problems, !operators || !persons);
  refuseWithoutTransactions([operators, persons]);
  const layout: Layout = {
    configuration,
    operators,
    persons,
    operatorKey: columnOf(operators, configuration.operators.key),
    personKey: columnOf(persons, configuration.persons.key),
    gaps: findGaps(configuration, operators, persons),
    references,
  };
  refuseUnfilled(layout);
  return layout;
}

async function checkReferences(database: Database, { references: named }: Configuration) {
  const references: CheckedReference[] = [];
  const problems: string[] = [];
  for (const { table: name, column } of named) {
    const table = await database.inspect(name);
    const found = table?.columns.get(column);
    if (table === undefined) problems.push(noTable('references', name));
    else if (found === undefined) problems.push(`references: ${noSuch(table, column)}`);
    else references.push({ table, column: found });
  }
  return { references, problems };
}

/** A column that was checked to be there. */
export function columnOf(table: Table, name: string): Column {
  const column = table.columns.get(name);
  if (column === undefined) throw new Error(noSuch(table, name));
  return column;
}

const noTable = (side: 'operators' | 'persons' | 'references', { schema, name }: TableName) =>
  `${side}${side === 'references' ? '' : '.table'}: there is no table ${schema === undefined ? name : `${schema}.${name}`}, or this user may not see it`;

function doesNotFit(
  { identity }: Database,
  { preset }: Configuration,
  problems: readonly string[],
  lacksTable: boolean,
): OnecardError {
  const source = preset === undefined ? 'The configuration' : `The configuration (preset "${preset}")`;
  const place =
    identity.kind === 'embedded sample'
      ? 'the embedded sample'
      : `the ${identity.kind} database ${identity.database}`;
  const different = [...new Set(problems)];
  const [first = ''] = different;
  return new OnecardError(
    different.length === 1
      ? `${source} does not fit ${place}: ${first}${first.endsWith('?') ? '' : '.'}`
      : `${source} does not fit ${place}:\n${different.map((problem) => `  ${problem}`).join('\n')}`,
    {
      remedy: lacksTable
        ? 'Name the right tables in onecard.yaml (operators.table, persons.table), or check the database and what its user may see.'
        : 'Correct this in onecard.yaml, or in the file given with --config.',
    },
  );
}

function refuseWithoutTransactions(tables: readonly Table[]): void {
  const names = tables.filter(({ isTransactional }) => !isTransactional).map(({ name }) => name.name);
  if (names.length === 0) return;
  throw new OnecardError(
    names.length === 1
      ? `The table ${names[0]} has a storage engine without transactions: half of a batch could stay.`
      : `The tables ${names.join(' and ')} have a storage engine without transactions: half of a batch could stay.`,
    {
      remedy: `Convert first: ${names.map((name) => `ALTER TABLE ${name} ENGINE=InnoDB;`).join(' ')}`,
    },
  );
}

/** Where each name comes from, so that a message can say which option to mend. */
type Named = readonly [option: string, column: string];

function operatorColumns({ operators, card, volatileColumns, match }: Configuration): Named[] {
  return [
    ['operators.key', operators.key],
    ...operators.name.map((column): Named => ['operators.name', column]),
    ...conditionColumns('operators.rows', operators.rows),
    ...conditionColumns('operators.apiAccount', operators.apiAccount),
    ...conditionColumns('operators.excluded', operators.excluded),
    ...conditionColumns('operators.archived', operators.archived),
    ...conditionColumns('operators.anonymized', operators.anonymized),
    ...(operators.lastLogin === undefined ? [] : [['operators.lastLogin', operators.lastLogin] as const]),
    ...volatileColumns.operators.map((column): Named => ['volatileColumns.operators', column]),
    ...match.keys.map((key): Named => [`match.keys.${key.name}.operator`, key.operator]),
    ...card.flatMap(({ column, source }): Named[] =>
      'from' in source ? [[`card.${column}.from`, source.from]] : [],
    ),
  ];
}

function personColumns({ persons, card, volatileColumns, match }: Configuration): Named[] {
  return [
    ['persons.key', persons.key],
    ...persons.name.map((column): Named => ['persons.name', column]),
    ...conditionColumns('persons.archived', persons.archived),
    ...conditionColumns('persons.anonymized', persons.anonymized),
    ...volatileColumns.persons.map((column): Named => ['volatileColumns.persons', column]),
    ...match.keys.map((key): Named => [`match.keys.${key.name}.person`, key.person]),
    ...card.map((field): Named => ['card', field.column]),
  ];
}

function conditionColumns(option: string, condition: Condition | undefined): Named[] {
  if (condition === undefined) return [];
  if ('all' in condition) return condition.all.flatMap((part) => conditionColumns(option, part));
  if ('any' in condition) return condition.any.flatMap((part) => conditionColumns(option, part));
  return [[option, condition.column]];
}

function missingColumns(table: Table, named: readonly Named[]): string[] {
  return named
    .filter(([, column]) => !table.columns.has(column))
    .map(([option, column]) => `${option}: ${noSuch(table, column)}`);
}

function noSuch(table: Table, column: string): string {
  const close = nearest(column, table.columns.keys());
  return `the table ${table.name.name} has no column ${column}${close ? `; did you mean ${close}?` : ''}`;
}

function findGaps(
  { operators: o, persons: p }: Configuration,
  operators: Table,
  persons: Table,
): SchemaGap[] {
  const gaps: SchemaGap[] = [
    { table: operators.name, column: o.link, holds: 'link' },
    { table: persons.name, column: p.ssp.column, holds: 'ssp' },
    { table: persons.name, column: p.caller.column, holds: 'caller' },
  ];
  return gaps.filter((gap) => !(gap.holds === 'link' ? operators : persons).columns.has(gap.column));
}

/** A card's columns in the order of the person table: what the operator gives, and what is denied. */
export function cardColumns({ configuration }: Layout): readonly CardField[] {
  const denied = ({ column, denied: value }: { column: string; denied: Scalar }) => ({
    column,
    source: { value },
  });
  return [...configuration.card, denied(configuration.persons.ssp), denied(configuration.persons.caller)];
}

/** A required column that nothing fills would fail every insert: said before the first write, all at once. */
function refuseUnfilled(layout: Layout): void {
  const filled = new Set([
    layout.configuration.persons.key,
    ...cardColumns(layout).map((field) => field.column),
  ]);
  const unfilled = [...layout.persons.columns.values()].filter(
    (column) => !column.nullable && !column.filledByServer && !filled.has(column.name),
  );
  if (unfilled.length === 0) return;
  const names = unfilled.map((column) => column.name);
  // A misspelt column counts as one to be added, while the one that is meant stays empty.
  const misspelt = layout.gaps
    .filter(({ holds }) => holds !== 'link')
    .map(({ column, holds }) => ({
      option: `persons.${holds}.column`,
      column,
      close: nearest(column, names),
    }))
    .find(({ close }) => close !== undefined);
  throw new OnecardError(
    `A new card would leave ${unfilled.length} required column${unfilled.length === 1 ? '' : 's'} of ${layout.persons.name.name} empty: ${names.join(', ')}.`,
    {
      remedy: misspelt
        ? `${misspelt.option} names ${misspelt.column}, which does not exist: did you mean ${misspelt.close}?`
        : 'Say under "card" where each value comes from: {from: column} or {value: constant}.',
    },
  );
}
