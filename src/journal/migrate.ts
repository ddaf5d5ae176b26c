import type { Knex } from 'knex';
import { cardColumnMigration } from '../../migrations/card-columns.js';
import { journalMigrations, type Migration } from '../../migrations/journal.js';
import type { Layout } from '../config/layout.js';
import type { Database } from '../database/database.js';
import { described } from '../database/failures.js';
import { DDL_WHILE_BUSY, retrying } from '../database/retry.js';

/** A schema change, as a reader sees it and as knex runs it. */
export interface SchemaStep {
  readonly name: string;
  /** True where a table of the application itself changes. */
  readonly isApplication: boolean;
  readonly sql: string;
  /** A column that is there, and may have been meant. */
  readonly meant?: string | undefined;
}

/** Everything a run would change in the schema, in order; what is there already is left out. */
export async function pendingSchemaSteps(database: Database, layout: Layout): Promise<SchemaStep[]> {
  const home = await database.missingHome();
  const { prefix } = database.journal;
  const tables = await database.journalTables();
  const journal = [
    ...(home === undefined ? [] : [{ name: 'home', sql: home }]),
    ...journalMigrations(database.journal).filter(({ table }) => !tables.includes(`${prefix}${table}`)),
  ];
  return [
    ...journal.map(({ name, sql }) => ({ name, sql, isApplication: false })),
    ...layout.gaps.map((gap) => ({
      ...cardColumnMigration(gap, layout, database.dialect),
      isApplication: true,
      meant: gap.meant,
    })),
  ];
}

/**
 * Brings the schema up to date. Only under the session lock: knex's own lock would stay behind when a run is
 * killed, so it is released first and means nothing.
 */
export function migrateSchema(database: Database, layout: Layout): Promise<void> {
  return migrate(
    database,
    layout.gaps.map((gap) => cardColumnMigration(gap, layout, database.dialect)),
  );
}

/** Adds what a journal lacks that an earlier onecard made. */
export async function completeJournal(database: Database): Promise<void> {
  const { prefix } = database.journal;
  const tables = await database.journalTables();
  const isComplete = journalMigrations(database.journal).every(({ table }) =>
    tables.includes(`${prefix}${table}`),
  );
  if (!isComplete) await migrate(database, []);
}

async function migrate(database: Database, columns: readonly Migration[]): Promise<void> {
  const { knex, journal } = database;
  const migrations = [...journalMigrations(journal), ...columns];
  const config: Knex.MigratorConfig = {
    tableName: `${journal.prefix}migration`,
    ...(journal.schema !== undefined && { schemaName: journal.schema }),
    // Those that added card columns for another configuration are not in this list.
    disableMigrationsListValidation: true,
    // DDL commits by itself on MariaDB, and each step is idempotent.
    disableTransactions: true,
    migrationSource: {
      getMigrations: async () => migrations.map((migration) => migration.name),
      getMigrationName: (name: string) => name,
      getMigration: async (name: string) => ({
        up: async () => {
          const migration = migrations.find((candidate) => candidate.name === name);
          if (migration) await define(database, migration.sql);
        },
        down: async () => undefined,
      }),
    },
  };
  const made = await database.journalTables();
  const home = await database.missingHome();
  if (home !== undefined) await define(database, home);
  // knex has a connection of its own, beside the sessions that describe their failures.
  await described(async () => {
    await knex.migrate.forceFreeMigrationsLock(config);
    if (made.includes(`${journal.prefix}migration`))
      // A column that is missing by now was dropped by somebody since a run had added it.
      await knex(`${journal.schema === undefined ? '' : `${journal.schema}.`}${config.tableName}`)
        .whereIn(
          'name',
          columns.map(({ name }) => name),
        )
        .delete();
    await knex.migrate.latest(config);
  });
}

/** A statement that waits for a table holds up everybody who comes after it: it gives up soon, and tries again. */
function define(database: Database, statement: string): Promise<number> {
  return retrying(
    () => database.transaction((session) => session.run(statement), { patience: DDL_PATIENCE }),
    DDL_WHILE_BUSY,
  );
}

/** A second at a time, since whoever comes after a waiting DDL statement waits, too; the work itself as long as it takes. */
export const DDL_PATIENCE = { lockWait: 1000, work: 3_600_000 };
