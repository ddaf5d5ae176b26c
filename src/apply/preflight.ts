import { cardColumns } from '../config/card-fields.js';
import type { Layout } from '../config/layout.js';
import type { Database, Obstacle } from '../database/database.js';
import { OnecardError } from '../errors.js';
import type { GrantedCommand } from '../model/granted-command.js';
import { cardValueSql } from '../plan/card-values.js';
import { requirePrivileges } from '../privileges/require.js';

/** What forbids a run on this database, whoever asks: what forbids any writing, and keys that nobody makes. */
export async function findObstacles(database: Database, layout: Layout): Promise<readonly Obstacle[]> {
  const newKey = database.dialect.newKey(layout.personKey, layout.persons.name);
  return [...(await findRefusals(database, layout)), ...(newKey.made === 'nowhere' ? [newKey.obstacle] : [])];
}

/** What forbids a run or a rollback: the server's own state, and tables that are none. */
async function findRefusals(database: Database, { operators, persons }: Layout): Promise<Obstacle[]> {
  const unreal = [operators, persons].filter(({ kind }) => kind !== 'table');
  return [
    ...(await database.obstacles()),
    ...unreal.map(({ name, kind }) => ({
      message: `${name.name} is a ${kind}: a run locks rows and counts on what it writes, which takes a table.`,
      remedy: 'Name the table behind it in onecard.yaml (operators.table, persons.table).',
    })),
  ];
}

/**
 * Asked in a read-only session, before anybody is asked to confirm.
 * @throws OnecardError for what forbids a run or a rollback, and for privileges that are missing as far as can be told there.
 */
export async function foresee(command: GrantedCommand, database: Database, layout: Layout): Promise<void> {
  const find = command === 'migrate' ? findObstacles : findRefusals;
  const [obstacle] = await find(database, layout);
  if (obstacle !== undefined) {
    throw new OnecardError(obstacle.message, { remedy: `${obstacle.remedy} Nothing was changed.` });
  }
  await requirePrivileges(command, database, layout);
}

/**
 * Once more where the session may write, which tells all of it. Then the run's own writes for no row at all: the
 * server checks columns and types of a statement before it looks for rows.
 * @throws OnecardError for what the server refuses, before anything was written.
 */
export async function preflight(database: Database, layout: Layout): Promise<void> {
  await foresee('migrate', database, layout);
  const { dialect: sql } = database;
  const { configuration, operators, persons } = layout;
  const fields = cardColumns(layout).filter(({ target }) => target !== undefined);
  const newKey = sql.newKey(layout.personKey, persons.name);
  const key = newKey.made === 'ahead' ? [sql.asKey(newKey.sql, layout.personKey)] : [];
  const columns = [...key.map(() => configuration.persons.key), ...fields.map((field) => field.column)]
    .map(sql.identifier)
    .join(', ');
  const values = [...key, ...fields.map((field) => cardValueSql(sql, 'o', field))].join(', ');
  const link = operators.columns.has(configuration.operators.link)
    ? configuration.operators.link
    : configuration.operators.key;
  const insert = `INSERT INTO ${sql.table(persons.name)} (${columns}) ${sql.overriding(layout.personKey)}SELECT ${values} FROM ${sql.table(operators.name)} AS o WHERE 1 = 0`;
  const returned =
    newKey.made === 'by the insert' ? sql.returning?.(sql.identifier(configuration.persons.key)) : undefined;
  await database.transaction(async (session) => {
    await session.run(returned === undefined ? insert : `${insert} ${returned}`);
    await session.run(
      `UPDATE ${sql.table(operators.name)} SET ${sql.identifier(link)} = ${sql.identifier(link)} WHERE 1 = 0`,
    );
  });
}
