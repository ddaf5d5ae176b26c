import type { Layout } from '../src/config/layout.js';
import type { SchemaGap } from '../src/config/schema-gaps.js';
import type { Dialect } from '../src/database/dialect.js';
import { addedColumnName } from '../src/model/place.js';
import type { Migration } from './journal.js';

/**
 * Adds a column that the configuration names and the application's table lacks: the link, empty and unique so
 * that no person is ever linked twice; or a flag that grants, so that nobody loses anything by it.
 */
export function cardColumnMigration(gap: SchemaGap, layout: Layout, sql: Dialect): Migration {
  const { operators, persons } = layout.configuration;
  const holder = gap.holds === 'link' ? operators : persons;
  const table = sql.table(gap.table);
  const column = sql.identifier(gap.column);
  return {
    name: addedColumnName(holder.table, gap.column),
    sql: `ALTER TABLE ${table} ADD COLUMN IF NOT EXISTS ${column} ${definition(gap, layout, sql)}`,
  };
}

function definition(gap: SchemaGap, { configuration, personKey }: Layout, sql: Dialect): string {
  if (gap.holds === 'link') return `${sql.columnType(personKey)} NULL UNIQUE`;
  const flag = configuration.persons[gap.holds];
  if ('row' in flag) throw new Error('a row elsewhere is no column to be added');
  const type =
    typeof flag.granted === 'boolean'
      ? 'boolean'
      : typeof flag.granted === 'number'
        ? 'smallint'
        : 'varchar(40)';
  return `${type} NOT NULL DEFAULT ${sql.literal(flag.granted)}`;
}
