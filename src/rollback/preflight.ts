import { readBackOf } from '../apply/read-back.js';
import type { Layout } from '../config/layout.js';
import type { Database } from '../database/database.js';
import { isLackOfPrivilege } from '../database/failures.js';
import { OnecardError } from '../errors.js';
import type { Run } from '../journal/run.js';
import { labelOf, type Reference } from './references.js';

/**
 * Whether the tables still have what the run has read back of them.
 * @throws OnecardError where the tables are others, or a column is gone: nobody could tell what was changed since.
 */
export function checkReadBack(layout: Layout, { id, readBack }: Run): void {
  const { configuration, operators, persons } = layout;
  const { place } = readBackOf(layout);
  if (readBack.place.join() !== place.join())
    throw new OnecardError(
      `The run ${id} worked on ${readBack.place.join(', ')}; the configuration names ${place.join(', ')}.`,
      { remedy: 'Use the configuration that the run was made with; nothing was changed.' },
    );
  const { link } = configuration.operators;
  const missing = [
    ...[link, ...readBack.stamps]
      .filter((column) => !operators.columns.has(column))
      .map((column) => `${operators.name.name}.${column}`),
    ...readBack.card
      .filter((column) => !persons.columns.has(column))
      .map((column) => `${persons.name.name}.${column}`),
  ];
  if (missing.length === 0) return;
  throw new OnecardError(
    `The run ${id} cannot be taken back: ${missing.join(', ')} ${missing.length === 1 ? 'is' : 'are'} gone since, so that nobody could tell which cards were edited.`,
    { remedy: 'Use the configuration that the run was made with, or take its cards back by hand.' },
  );
}

/**
 * Sends the rollback's own statements for no row at all: the server checks privileges before it looks for rows.
 * @throws OnecardError that names everything this user lacks, before anything was written.
 */
export async function checkPrivileges(
  database: Database,
  layout: Layout,
  references: readonly Reference[],
): Promise<void> {
  const { dialect: sql } = database;
  const { operators, persons } = layout.configuration;
  const operatorTable = sql.table(layout.operators.name);
  const personTable = sql.table(layout.persons.name);
  const link = sql.identifier(operators.link);
  const change = sql.journal('change');
  const run = sql.journal('run');
  const probes: (readonly [privilege: string, statement: string])[] = [
    [
      `DELETE on ${layout.persons.name.name}`,
      sql.deleteFrom({
        target: personTable,
        source: change,
        on: `o.${sql.identifier(persons.key)} = ${sql.asKey('c.person', layout.personKey)}`,
        where: '1 = 0',
      }),
    ],
    [
      `UPDATE on ${layout.persons.name.name}, to lock cards`,
      `SELECT p.${sql.identifier(persons.key)} FROM ${personTable} AS p WHERE 1 = 0 ${sql.lockRows('p', 'toDelete')}`,
    ],
    [`UPDATE on ${layout.operators.name.name}`, `UPDATE ${operatorTable} SET ${link} = ${link} WHERE 1 = 0`],
    [`UPDATE on the journal's table change`, `UPDATE ${change} SET state = state WHERE 1 = 0`],
    [`UPDATE on the journal's table run`, `UPDATE ${run} SET state = state WHERE 1 = 0`],
    ...references.map((reference) => {
      const columns = reference.columns.map(({ own }) => sql.identifier(own));
      return [
        `SELECT on ${labelOf(reference, layout)}`,
        `SELECT ${columns.join(', ')} FROM ${sql.table(reference.table)} WHERE 1 = 0`,
      ] as const;
    }),
  ];
  const lacking: string[] = [];
  for (const [privilege, statement] of probes) {
    if (await isDenied(database, statement)) lacking.push(privilege);
  }
  if (lacking.length === 0) return;
  throw new OnecardError(`The database user lacks privileges for a rollback: ${lacking.join('; ')}.`, {
    remedy: 'Grant them, or use another database user; nothing was changed.',
  });
}

async function isDenied(database: Database, statement: string): Promise<boolean> {
  try {
    await database.transaction((session) => session.run(statement));
    return false;
  } catch (error) {
    if (isLackOfPrivilege(error)) return true;
    throw error;
  }
}
