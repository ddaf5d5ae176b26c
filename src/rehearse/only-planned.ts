import type { Layout } from '../config/layout.js';
import type { CatalogColumn } from '../database/catalog.js';
import type { Database } from '../database/database.js';
import type { Session } from '../database/session.js';
import type { StoredTable } from '../database/stored-tables.js';
import { OnecardError } from '../errors.js';
import { RunTable } from '../journal/journal.js';
import type { Run } from '../journal/run.js';
import { compareContents, type Difference, difference } from './compare-contents.js';
import { type Contents, isSameName, readWithin } from './contents.js';

interface Sought {
  /** All of it, from before the run. */
  readonly before: Contents;
  /** Left out there, too. */
  readonly ignoreTables: readonly string[];
  readonly run: string;
}

/**
 * Holds the database after a run against what it held before, with everything read as it was that the journal says the
 * run has written: the cards that it created left out, the links and stamps of its operators as they were. Whatever
 * differs then was written by somebody else, or by the application's triggers.
 * @throws OnecardError where the journal does not know the run.
 */
export async function proveOnlyPlanned(
  database: Database,
  layout: Layout,
  { before, ignoreTables, run: runId }: Sought,
): Promise<readonly Difference[]> {
  const { differences, missing } = await database.snapshot(async (session) => {
    for (const statement of database.dialect.exactReading) await session.run(statement);
    const run = await new RunTable(database).find(session, runId);
    if (run === undefined) throw new OnecardError(`The journal knows no run "${runId}".`);
    const now = await readWithin(session, database, { like: before, ignoreTables }, (table, columns) =>
      asBefore(database, layout, run, table, columns),
    );
    return {
      differences: compareContents(before, now),
      missing: await missingCards(session, database, layout, run),
    };
  });
  const all = [...differences, ...missing];
  if (all.length === 0) return all;
  const suspects = await triggersOfRun(database, layout);
  return all.map((each) => ({ ...each, ...suspects }));
}

/** The operators and persons as they were, if the journal is right; undefined for other tables. */
function asBefore(
  { dialect: sql }: Database,
  layout: Layout,
  run: Run,
  { name, rows }: StoredTable,
  columns: readonly CatalogColumn[],
) {
  const { operators, persons } = layout.configuration;
  const read = (column: CatalogColumn) => ({ expression: `t.${sql.identifier(column.name)}`, column });
  const applied = `c.run_id = ${sql.literal(run.id)} AND c.state = 'applied'`;
  // Grouped, since some servers would otherwise look for each row through the whole journal.
  if (isSameName(name, layout.persons.name))
    return {
      from: `${rows} AS t
          LEFT JOIN (SELECT ${sql.asKey('c.person', layout.personKey)} AS person
                       FROM ${sql.journal('change')} AS c
                      WHERE ${applied} AND c.action = 'create'
                      GROUP BY c.person) AS c ON t.${sql.identifier(persons.key)} = c.person
         WHERE c.person IS NULL`,
      readings: columns.map(read),
    };
  if (!isSameName(name, layout.operators.name)) return undefined;
  const written = [operators.link, ...run.readBack.stamps];
  const isPlanned = 'c.operator IS NOT NULL';
  // A link that is not the run's is somebody else's, and counts as it is.
  const isLinked = `${sql.text(`t.${sql.identifier(operators.link)}`)} = c.person`;
  return {
    from: `${rows} AS t
          LEFT JOIN (SELECT ${sql.asKey('c.operator', layout.operatorKey)} AS operator, MIN(c.person) AS person, MIN(c.operator_before) AS operator_before
                       FROM ${sql.journal('change')} AS c
                      WHERE ${applied}
                      GROUP BY c.operator) AS c ON t.${sql.identifier(operators.key)} = c.operator`,
    readings: columns.map((column) => {
      const index = written.indexOf(column.name);
      if (index < 0) return read(column);
      const was = sql.asKey(sql.jsonElement('c.operator_before', index), column);
      return { ...read(column), instead: { where: index === 0 ? isLinked : isPlanned, expression: was } };
    }),
  };
}

/** Cards that the journal says the run has created, and that are not there. */
async function missingCards(
  session: Session,
  { dialect: sql }: Database,
  layout: Layout,
  run: Run,
): Promise<Difference[]> {
  const key = `p.${sql.identifier(layout.configuration.persons.key)}`;
  const [cards] = await session.rows<{ created: string; found: string }>(
    `SELECT ${sql.text('COUNT(*)')} AS created, ${sql.text(`COUNT(DISTINCT ${key})`)} AS found
  FROM ${sql.journal('change')} AS c
  LEFT JOIN ${sql.table(layout.persons.name)} AS p ON ${key} = ${sql.asKey('c.person', layout.personKey)}
 WHERE c.run_id = ${sql.literal(run.id)} AND c.state = 'applied' AND c.action = 'create'`,
  );
  if (cards === undefined || cards.created === cards.found) return [];
  const { name } = layout.persons.name;
  const moreRows = Number(cards.found) - Number(cards.created);
  const message = `the journal says that ${cards.created} cards were created, and ${cards.found} are there`;
  return [difference(name, 'cards', message, { moreRows })];
}

/** What the application does by itself when links are set and cards are created. */
async function triggersOfRun(database: Database, { operators, persons }: Layout) {
  const onLink = await database.triggers(operators.name);
  const onCard = await database.triggers(persons.name);
  return {
    triggers: [
      ...onLink.found.filter(({ when }) => when.includes('UPDATE')),
      ...onCard.found.filter(({ when }) => when.includes('INSERT')),
    ],
    hiddenTriggers: [
      ...(onLink.isComplete ? [] : [operators.name.name]),
      ...(onCard.isComplete ? [] : [persons.name.name]),
    ],
  };
}
