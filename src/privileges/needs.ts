import { cardColumns } from '../config/card-fields.js';
import type { Layout } from '../config/layout.js';
import { findReferences } from '../config/references.js';
import type { Database } from '../database/database.js';
import type { Need } from '../database/privileges.js';
import { readBackOf } from '../journal/read-back.js';
import type { GrantedCommand } from '../model/granted-command.js';
import { addedColumnTables } from './added-columns.js';

/** What a command does to the database at hand, and nothing that it does not. */
export async function needsOf(command: GrantedCommand, database: Database, layout: Layout): Promise<Need[]> {
  const cards: Need[] = [
    { to: 'read', table: layout.operators.name },
    { to: 'read', table: layout.persons.name },
    ...layout.otherTables.map((table): Need => ({ to: 'read', table })),
  ];
  switch (command) {
    case 'scan':
    case 'dry-run':
    case 'review':
    case 'verify':
      return [...cards, { to: 'read-journal' }];
    case 'report':
      return [
        ...cards,
        ...layout.branchTables.map((table): Need => ({ to: 'read', table })),
        { to: 'read-journal' },
      ];
    case 'audit':
      return [{ to: 'read-journal' }];
    case 'purge':
      return [{ to: 'read-journal' }, { to: 'purge-journal' }];
    case 'migrate':
      return [...cards, ...runNeeds(database, layout), { to: 'keep-journal' }];
    case 'rollback':
      return [...cards, ...(await rollbackNeeds(database, layout)), { to: 'mark-journal' }];
    case 'uninstall': {
      const altered = await addedColumnTables(database, layout);
      return [...cards, ...altered.map((table): Need => ({ to: 'alter', table })), { to: 'remove-journal' }];
    }
  }
}

function runNeeds({ dialect }: Database, layout: Layout): Need[] {
  const { configuration, operators, persons, gaps } = layout;
  const fields = cardColumns(layout).map(({ column }) => column);
  const newKey = dialect.newKey(layout.personKey, persons.name);
  // To be told the key of a row that it inserts, a user has to be allowed to give one.
  const isNamed = newKey.made !== 'by the insert' || dialect.returning !== undefined;
  const key = isNamed ? [configuration.persons.key] : [];
  const lacks = (table: Layout['persons']) => gaps.some((gap) => gap.table === table.name);
  const altered = [operators, persons].filter(lacks);
  return [
    ...altered.map((table): Need => ({ to: 'alter', table: table.name, withIndex: table === operators })),
    {
      to: 'insert',
      table: persons.name,
      // A column that is not there yet cannot be named in a grant.
      columns: lacks(persons) ? [] : [...key, ...fields],
    },
    {
      to: 'update',
      table: operators.name,
      columns: lacks(operators) ? [] : [configuration.operators.link],
    },
    { to: 'lock', table: persons.name, column: configuration.persons.key },
    ...(newKey.made === 'ahead' ? newKey.sequences : []).map(
      (sequence): Need => ({ to: 'make-keys', sequence }),
    ),
  ];
}

/** What refers to a card keeps it, as far as it is seen. */
export const sightNeeds = ({ persons }: Layout): Need[] => [{ to: 'see-all-references', of: persons.name }];

async function rollbackNeeds(database: Database, layout: Layout): Promise<Need[]> {
  const { configuration, operators, persons } = layout;
  const { stamps } = readBackOf(layout);
  const referencing = await findReferences(database, layout);
  return [
    ...sightNeeds(layout),
    ...referencing.map(({ table }): Need => ({ to: 'read', table })),
    { to: 'delete', table: persons.name },
    { to: 'lock', table: persons.name, column: configuration.persons.key },
    // Stamps that move by themselves are set back with the link.
    {
      to: 'update',
      table: operators.name,
      columns: operators.columns.has(configuration.operators.link)
        ? [configuration.operators.link, ...stamps]
        : [],
    },
  ];
}
