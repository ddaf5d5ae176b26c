import { columnOf, type Layout } from '../config/layout.js';
import type { Dialect } from '../database/dialect.js';
import type { Column } from '../database/schema.js';
import { placeOf } from '../model/place.js';
import type { ReadBack, Run } from './run.js';

/** The link of an operator as it is, and its stamps, as a JSON array. */
export function operatorStateSql(layout: Layout, sql: Dialect, run: Run, alias: string): string {
  const { link } = layout.configuration.operators;
  // A dry run shows the statement before the column is there: it will have the type of the key.
  const linkColumn = layout.operators.columns.get(link) ?? layout.personKey;
  return sql.jsonArray([
    sql.exactText(`${alias}.${sql.identifier(link)}`, linkColumn),
    ...run.readBack.stamps.map((name) =>
      sql.exactText(`${alias}.${sql.identifier(name)}`, columnOf(layout.operators, name)),
    ),
  ]);
}

/** A keyed digest of a whole card: it tells whether somebody changed it, without keeping what it held. */
export function cardDigestSql(layout: Layout, sql: Dialect, run: Run, alias: string): string {
  const texts = run.readBack.card.map((name) =>
    sql.exactText(`${alias}.${sql.identifier(name)}`, columnOf(layout.persons, name)),
  );
  return sql.hmac(sql.jsonArray(texts), run.digestKey);
}

/** What a run reads back of what it has written. */
export function readBackOf({ configuration, operators, persons }: Layout): ReadBack {
  const { volatileColumns } = configuration;
  const moved = ({ name, movedByServer }: Column, named: readonly string[]) =>
    movedByServer || named.includes(name);
  return {
    stamps: [...operators.columns.values()]
      .filter((column) => moved(column, volatileColumns.operators))
      .map(({ name }) => name),
    card: [...persons.columns.values()]
      .filter((column) => !moved(column, volatileColumns.persons))
      .map(({ name }) => name),
    place: [
      placeOf(configuration.operators.table),
      configuration.operators.key,
      configuration.operators.link,
      placeOf(configuration.persons.table),
      configuration.persons.key,
    ],
  };
}
