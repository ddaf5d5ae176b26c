import type { Layout } from '../config/layout.js';
import type { Database } from '../database/database.js';
import { DDL_WHILE_BUSY, retrying } from '../database/retry.js';
import type { Session } from '../database/session.js';
import { OnecardError } from '../errors.js';
import type { ColumnFlag, Scalar, TableName } from '../model/configuration.js';
import { addedColumnName } from '../model/place.js';
import { RunTable } from './journal.js';
import { takeLock } from './lock.js';
import { DDL_PATIENCE } from './migrate.js';
import { isUnfinished, type Run } from './run.js';

/** A column that a run has added to a table of the application. */
export interface AddedColumn {
  readonly table: Required<TableName>;
  readonly column: string;
  /** Rows in which it says something: a link, or a flag that was set since. */
  readonly inUse: number;
}

/** Everything that onecard has added, and what would be given up with it. */
export interface Installation {
  readonly runs: readonly Run[];
  readonly columns: readonly AddedColumn[];
  /** Plain names. */
  readonly tables: readonly string[];
}

/**
 * Finds what onecard has added to this database, as its journal says.
 * @throws OnecardError while a run is unfinished or half taken back.
 */
export async function findInstallation(database: Database, layout: Layout): Promise<Installation> {
  const tables = await database.journalTables();
  const { prefix } = database.journal;
  return database.snapshot(async (session) => {
    const runs = tables.includes(`${prefix}run`) ? await new RunTable(database).all(session) : [];
    refuseUnfinished(runs);
    const columns = tables.includes(`${prefix}migration`)
      ? await findAddedColumns(session, database, layout)
      : [];
    return { runs, columns, tables };
  });
}

function refuseUnfinished(runs: readonly Run[]): void {
  const run = runs.find((each) => isUnfinished(each) || each.state === 'rolling-back');
  if (run === undefined) return;
  const isRollback = run.state === 'rolling-back';
  throw new OnecardError(
    isRollback
      ? `The rollback of run ${run.id} was cut short: without the journal nobody could finish it.`
      : `The run ${run.id} is unfinished (${run.state}): without the journal nobody could finish it.`,
    {
      remedy: isRollback
        ? `Finish it first: onecard rollback ${run.id}`
        : `Finish it with \`onecard migrate\`, or take it back: onecard rollback ${run.id}`,
    },
  );
}

async function findAddedColumns(
  session: Session,
  database: Database,
  layout: Layout,
): Promise<AddedColumn[]> {
  const { journal, dialect: sql } = database;
  const table = sql.table({ schema: journal.schema, name: `${journal.prefix}migration` });
  const made = await session.rows<{ name: string }>(
    `SELECT name FROM ${table} WHERE name LIKE 'card-column:%' ORDER BY id`,
  );
  const { operators, persons } = layout.configuration;
  const candidates = [
    {
      table: layout.operators,
      named: operators.table,
      column: operators.link,
      isUsed: (value: string) => `${value} IS NOT NULL`,
    },
    ...[persons.ssp, persons.caller].flatMap((flag) =>
      'row' in flag
        ? []
        : [
            {
              table: layout.persons,
              named: persons.table,
              column: flag.column,
              isUsed: (value: string) => isSetSql(sql.literal, value, flag),
            },
          ],
    ),
  ];
  const columns: AddedColumn[] = [];
  for (const { table: owner, named, column, isUsed } of candidates) {
    const isAdded = made.some(({ name }) => name === addedColumnName(named, column));
    if (!isAdded || !owner.columns.has(column)) continue;
    const [row] = await session.rows<{ used: string }>(
      `SELECT ${sql.text('COUNT(*)')} AS used FROM ${sql.table(owner.name)} AS t WHERE ${isUsed(`t.${sql.identifier(column)}`)}`,
    );
    columns.push({ table: owner.name, column, inUse: Number(row?.used ?? 0) });
  }
  return columns;
}

/** It was added with what grants, so that nobody lost anything by it. */
const isSetSql = (literal: (value: Scalar) => string, value: string, { granted }: ColumnFlag) =>
  `${value} <> ${literal(granted)}`;

/** The statements that remove all of it, in order; repeating those that were done does no harm. */
export function removalSql(
  { dialect: sql, journal }: Database,
  { columns, tables }: Pick<Installation, 'columns' | 'tables'>,
): string[] {
  return [
    ...columns.map(
      ({ table, column }) =>
        `ALTER TABLE ${sql.table(table)} DROP COLUMN IF EXISTS ${sql.identifier(column)}`,
    ),
    // What knex knows of the columns goes last.
    ...journal.tables
      .filter((name) => tables.includes(name))
      .map((name) => `DROP TABLE IF EXISTS ${sql.table({ schema: journal.schema, name })}`),
    ...(journal.schema === undefined ? [] : [`DROP SCHEMA IF EXISTS ${sql.identifier(journal.schema)}`]),
  ];
}

/**
 * Removes it under the lock, unless something has changed since somebody was asked.
 * @throws OnecardError with exit code 6 where another process holds the lock.
 */
export async function uninstall(
  database: Database,
  layout: Layout,
  seen: readonly string[],
  choose: (installation: Installation) => Pick<Installation, 'columns' | 'tables'>,
): Promise<void> {
  await takeLock(database);
  const statements = removalSql(database, choose(await findInstallation(database, layout)));
  if (statements.join() !== seen.join())
    throw new OnecardError('What onecard has added has changed in the meantime; nothing was removed.', {
      remedy: 'Run the same command again, and look at it once more.',
    });
  const remove = () =>
    database.transaction(
      async (session) => {
        for (const statement of statements) await session.run(statement);
      },
      { patience: DDL_PATIENCE },
    );
  await retrying(remove, DDL_WHILE_BUSY);
}
