import type { Database } from '../database/database.js';
import { requireFor } from '../database/privileges.js';
import type { Column, ForeignKeyRule, Table, TableRules } from '../database/schema.js';
import { OnecardError } from '../errors.js';
import type { Configuration } from '../model/configuration.js';
import { findBranch } from './branch.js';
import { refuseUnfilled } from './card-fields.js';
import type {
  CardField,
  CheckedCondition,
  CheckedFlag,
  CheckedKey,
  CheckedLogin,
  CheckedReference,
  CheckedValue,
} from './checked.js';
import { doesNotFit } from './does-not-fit.js';
import { problemOfLink } from './link-column.js';
import { findNamed, findReferences } from './named.js';
import { openForeignKeys } from './open-foreign-keys.js';
import { isSameTable } from './references.js';
import { Resolver } from './resolver.js';
import { findGaps, type SchemaGap } from './schema-gaps.js';

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

/** A column that was checked to be there. */
export function columnOf(table: Table, name: string): Column {
  const column = table.columns.get(name);
  if (column === undefined) throw new Error(`the table ${table.name.name} has no column ${name}`);
  return column;
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
