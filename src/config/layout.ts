import type { Database } from '../database/database.js';
import { rangeOf } from '../database/numbers.js';
import { requireFor } from '../database/privileges.js';
import type { Column, ForeignKeyRule, Table, TableRules } from '../database/schema.js';
import { OnecardError } from '../errors.js';
import type { Configuration, LastLogin, TableName } from '../model/configuration.js';
import { findBranch } from './branch.js';
import { cardFields, refuseUnfilled } from './card-fields.js';
import type {
  CardField,
  CheckedCondition,
  CheckedFlag,
  CheckedKey,
  CheckedLogin,
  CheckedReference,
  CheckedValue,
} from './checked.js';
import { nearest } from './nearest.js';
import { openForeignKeys } from './open-foreign-keys.js';
import { isSameTable } from './references.js';
import { type NotFound, Resolver } from './resolver.js';

/** A column the configuration names and the database lacks, which a run adds. */
export interface SchemaGap {
  readonly table: Required<TableName>;
  readonly column: string;
  readonly holds: 'link' | 'ssp' | 'caller';
  /** A column that may have been meant: a misspelt link would take every linked operator for one without. */
  readonly meant: string | undefined;
}

/** A configuration that was checked against the database: every table and column it names is there. */
export interface Layout {
  readonly configuration: Configuration;
  readonly operators: Table;
  readonly persons: Table;
  readonly operatorKey: Column;
  readonly personKey: Column;
  /** What is read of an operator row. */
  readonly operator: {
    readonly name: readonly CheckedValue[];
    readonly rows: CheckedCondition | undefined;
    readonly apiAccount: CheckedCondition | undefined;
    readonly excluded: CheckedCondition | undefined;
    readonly archived: CheckedCondition | undefined;
    readonly anonymized: CheckedCondition | undefined;
    readonly lastLogin: readonly CheckedLogin[];
    readonly licence: CheckedValue | undefined;
    readonly branch: CheckedValue | undefined;
  };
  /** And of a person row. */
  readonly person: {
    readonly name: readonly CheckedValue[];
    readonly ssp: CheckedFlag;
    readonly caller: CheckedFlag;
    readonly archived: CheckedCondition | undefined;
    readonly anonymized: CheckedCondition | undefined;
    readonly lastLogin: readonly CheckedLogin[];
  };
  readonly keys: readonly CheckedKey[];
  /** What fills a new card, flags aside. */
  readonly card: readonly CardField[];
  readonly gaps: readonly SchemaGap[];
  /** The configured ones, in addition to foreign keys. */
  readonly references: readonly CheckedReference[];
  /** What the person table demands of a new card. */
  readonly rules: TableRules;
  /** Those of its foreign keys that a card can break. */
  readonly openForeignKeys: readonly ForeignKeyRule[];
  /**
   * Whatever else values and conditions are read from, what foreign keys are held against, and what refers to
   * persons: on some servers, who may not read a table does not even see it.
   */
  readonly otherTables: readonly Table['name'][];
  /** What else the branch of operators is read from: by reports alone. */
  readonly branchTables: readonly Table['name'][];
  /** Why it cannot be read, to be thrown by a report. */
  readonly noBranch: OnecardError | undefined;
}

/**
 * Holds a configuration against the database.
 * @throws OnecardError that lists every table or column that is missing, and every required column of the
 *   person table that nothing fills.
 */
export async function checkLayout(database: Database, configuration: Configuration): Promise<Layout> {
  const find = new Resolver(database);
  const operators = await find.table(['operators', 'table'], configuration.operators.table);
  const persons = await find.table(['persons', 'table'], configuration.persons.table);
  // Of a table that may be written and not read, a server can hide the columns.
  const found = [operators, persons].filter((table) => table !== undefined);
  await requireFor(
    database.privileges,
    found.map(({ name }) => ({ to: 'read', table: name })),
  );
  if (operators === undefined || persons === undefined)
    throw doesNotFit(database, configuration, find.problems, true);
  const named = await findNamed(find, configuration, operators, persons);
  const references = await findReferences(find, configuration, persons);
  const branch = await findBranch(database, configuration, operators);
  const problems = [...find.problems, ...branch.problems];
  if (named === undefined || problems.length > 0) throw doesNotFit(database, configuration, problems, false);
  refuseWithoutTransactions([operators, persons]);
  const rules = await database.rules(persons.name);
  const ofOperators = await database.rules(operators.name);
  const wrongLink = problemOfLink(
    configuration,
    operators,
    persons,
    named.personKey,
    ofOperators.foreignKeys,
  );
  if (wrongLink !== undefined)
    throw doesNotFit(database, configuration, [{ path: ['operators', 'link'], text: wrongLink }], false);
  const open = openForeignKeys(rules.foreignKeys, ofOperators.foreignKeys, named.card, rules.defaults);
  const otherTables = [...find.tables().map(({ name }) => name), ...open.map(({ table }) => table)].filter(
    (name, index, all) =>
      ![operators.name, persons.name, ...all.slice(0, index)].some((other) => isSameTable(name, other)),
  );
  await requireFor(
    database.privileges,
    otherTables.map((table) => ({ to: 'read', table })),
  );
  const read = [operators.name, persons.name, ...otherTables];
  const layout: Layout = {
    configuration,
    operators,
    persons,
    ...named,
    operator: { ...named.operator, branch: branch.value },
    branchTables: branch.tables.filter((name) => !read.some((other) => isSameTable(name, other))),
    noBranch:
      branch.elsewhere.length === 0
        ? undefined
        : doesNotFit(database, configuration, branch.elsewhere, false),
    references,
    gaps: findGaps(configuration, operators, persons, ofOperators.foreignKeys),
    rules,
    openForeignKeys: open,
    otherTables,
  };
  refuseUnfilled(layout);
  return layout;
}

type Named = Pick<Layout, 'operatorKey' | 'personKey' | 'person' | 'keys' | 'card'> & {
  readonly operator: Omit<Layout['operator'], 'branch'>;
};

/** Undefined where something without which nothing works is missing; the resolver has noted it. */
async function findNamed(
  find: Resolver,
  configuration: Configuration,
  operators: Table,
  persons: Table,
): Promise<Named | undefined> {
  const { operators: o, persons: p, volatileColumns } = configuration;
  const operatorKey = find.column(['operators', 'key'], operators, o.key);
  const personKey = find.column(['persons', 'key'], persons, p.key);
  const ofOperator = (option: 'rows' | 'apiAccount' | 'excluded' | 'archived' | 'anonymized') => {
    const condition = o[option];
    return condition && find.condition(['operators', option], operators, condition);
  };
  const ofPerson = (option: 'archived' | 'anonymized') => {
    const condition = p[option];
    return condition && find.condition(['persons', option], persons, condition);
  };
  const operator = {
    name: await find.values(['operators', 'name'], operators, o.name),
    rows: await ofOperator('rows'),
    apiAccount: await ofOperator('apiAccount'),
    excluded: await ofOperator('excluded'),
    archived: await ofOperator('archived'),
    anonymized: await ofOperator('anonymized'),
    lastLogin: await findLogins(find, operators, o.lastLogin),
    licence: o.licence && (await find.value(['operators', 'licence'], operators, o.licence)),
  };
  const ssp = await find.flag(['persons', 'ssp'], persons, p.ssp);
  const caller = await find.flag(['persons', 'caller'], persons, p.caller);
  const name = await find.values(['persons', 'name'], persons, p.name);
  const archived = await ofPerson('archived');
  const anonymized = await ofPerson('anonymized');
  const lastLogin = await findLogins(find, persons, p.lastLogin);
  for (const [side, table] of [['operators', operators] as const, ['persons', persons] as const])
    volatileColumns[side].forEach((column, index) => {
      find.column(['volatileColumns', side, index], table, column);
    });
  const keys = await findKeys(find, configuration, operators, persons);
  const card = await cardFields(find, configuration, operators, persons);
  if (!operatorKey || !personKey || !ssp || !caller) return undefined;
  const person = { name, ssp, caller, archived, anonymized, lastLogin };
  return { operatorKey, personKey, operator, person, keys, card };
}

async function findLogins(find: Resolver, table: Table, logins: readonly LastLogin[]) {
  const found: CheckedLogin[] = [];
  for (const login of logins) {
    const value = await find.value(login.option, table, login.value);
    if (value !== undefined) found.push({ ...login, value });
  }
  return found;
}

async function findKeys(find: Resolver, { match }: Configuration, operators: Table, persons: Table) {
  const keys: CheckedKey[] = [];
  for (const [index, { name, ...sides }] of match.keys.entries()) {
    const path = ['match', 'keys', name];
    const operator = await find.value([...path, 'operator'], operators, sides.operator);
    const person = await find.value([...path, 'person'], persons, sides.person);
    if (operator && person) keys.push({ name, number: index + 1, operator, person });
  }
  return keys;
}

async function findReferences(find: Resolver, configuration: Configuration, persons: Table) {
  const references: CheckedReference[] = [];
  for (const [index, named] of configuration.references.entries()) {
    const path = ['references', index];
    const table = await find.table([...path, 'table'], named.table);
    const column = table && find.column([...path, 'column'], table, named.column);
    const holds = find.column([...path, 'holds'], persons, named.holds ?? configuration.persons.key);
    if (table && column && holds) references.push({ table, column, holds });
  }
  return references;
}

/** A column that was checked to be there. */
export function columnOf(table: Table, name: string): Column {
  const column = table.columns.get(name);
  if (column === undefined) throw new Error(`the table ${table.name.name} has no column ${name}`);
  return column;
}

function doesNotFit(
  { identity }: Database,
  { preset, placeOf }: Configuration,
  problems: readonly NotFound[],
  lacksTable: boolean,
): OnecardError {
  const source = preset === undefined ? 'The configuration' : `The configuration (preset "${preset}")`;
  const place =
    identity.kind === 'embedded sample'
      ? 'the embedded sample'
      : `the ${identity.kind} database ${identity.database}`;
  const texts = problems.map(({ path, text }) => `${placeOf(path)}${path.join('.')}: ${text}`);
  const different = [...new Set(texts)];
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

/** A link that leads elsewhere, or that cannot hold the key of every person. */
function problemOfLink(
  { operators: { link: name } }: Configuration,
  operators: Table,
  persons: Table,
  key: Column,
  foreignKeys: readonly ForeignKeyRule[],
): string | undefined {
  const link = operators.columns.get(name);
  if (link === undefined) return undefined;
  const elsewhere = foreignKeys.find(
    ({ table, columns }) =>
      columns.length === 1 && columns[0]?.own === name && !isSameTable(table, persons.name),
  );
  if (elsewhere !== undefined)
    return `the column ${name} refers to ${elsewhere.table.name}, and not to ${persons.name.name}`;
  return holdsAll(link, key)
    ? undefined
    : `the column ${name} is ${link.type}, which cannot hold every ${key.name} of ${persons.name.name}: that is ${key.type}`;
}

/** Whether each value of one column can be stored in another as it is. */
function holdsAll(target: Column, from: Column): boolean {
  if (target.family === 'text')
    return (
      target.length === null ||
      (from.family === 'text' ? from.length !== null && from.length <= target.length : true)
    );
  if (target.family !== from.family && !(isWhole(target) && isWhole(from))) return false;
  const [range, needed] = [rangeOf(target), rangeOf(from)];
  if (range === undefined || needed === undefined) return true;
  // Keys are positive, whatever their type could hold.
  return needed.greatest <= range.greatest;
}

const isWhole = ({ family }: Column) => family === 'integer' || family === 'decimal';

function findGaps(
  { operators: o, persons: p }: Configuration,
  operators: Table,
  persons: Table,
  foreignKeys: readonly ForeignKeyRule[],
): SchemaGap[] {
  const flags = (['ssp', 'caller'] as const).flatMap((holds): SchemaGap[] => {
    const flag = p[holds];
    if ('row' in flag || persons.columns.has(flag.column)) return [];
    const meant = nearest(flag.column, persons.columns.keys());
    return [{ table: persons.name, column: flag.column, holds, meant }];
  });
  if (operators.columns.has(o.link)) return flags;
  const toPersons = foreignKeys.find(
    ({ table, columns }) => isSameTable(table, persons.name) && columns.length === 1,
  );
  const meant = toPersons?.columns[0]?.own ?? nearest(o.link, operators.columns.keys());
  return [{ table: operators.name, column: o.link, holds: 'link', meant }, ...flags];
}
