import type { Layout } from '../config/layout.js';
import type { Database } from '../database/database.js';
import type { Column } from '../database/schema.js';
import type { Session } from '../database/session.js';
import type { Reading, StoredTable } from '../database/stored-tables.js';
import { OnecardError } from '../errors.js';
import { RunTable } from '../journal/journal.js';
import type { Run } from '../journal/run.js';
import { compareContents, type Difference, difference } from './compare-contents.js';
import { type Contents, isSameName, readSums, readWithin, type TableContents } from './contents.js';
import type { Scope } from './scope.js';

interface Sought {
  /** All of it, from before the run. */
  readonly before: Contents;
  /** As it was read in. */
  readonly scope?: Scope;
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
  { before, scope, run: runId }: Sought,
): Promise<readonly Difference[]> {
  const { differences, missing } = await database.snapshot(async (session) => {
    for (const statement of database.dialect.exactReading) await session.run(statement);
    const run = await new RunTable(database).find(session, runId);
    if (run === undefined) throw new OnecardError(`The journal knows no run "${runId}".`);
    const now = await readWithin(session, database, { like: before, ...(scope && { scope }) });
    const stored = await database.storedTables(session);
    const tables: TableContents[] = [];
    for (const table of now.tables) {
      const there = stored.find(({ name }) => isSameName(name, table.name));
      const written = there && writtenBy(database, layout, run, there, table, scope);
      tables.push(written ? await withoutWritten(session, database, table, written) : table);
    }
    return {
      differences: compareContents(before, { ...now, tables }),
      missing: await missingCards(session, database, layout, before, run),
    };
  });
  const all = [...differences, ...missing];
  if (all.length === 0) return all;
  const suspects = await triggersOfRun(database, layout);
  return all.map((each) => ({ ...each, ...suspects }));
}

/** Rows of a table that the run has written: as they are, and as they were before. */
interface Written {
  readonly from: string;
  readonly now: readonly Reading[];
  /** Undefined where they were not there. */
  readonly before: readonly Reading[] | undefined;
}

/** What the journal says the run has written to this table; undefined for nothing. */
function writtenBy(
  { dialect: sql }: Database,
  layout: Layout,
  run: Run,
  table: StoredTable,
  { columns }: TableContents,
  scope: Scope | undefined,
): Written | undefined {
  const { operators, persons } = layout.configuration;
  const now = table.columns
    .filter(({ name }) => columns.has(name))
    .map((column) => ({
      expression: `t.${sql.identifier(column.name)}`,
      column,
      isApart: scope?.isVolatile(table, column.name) ?? false,
    }));
  // From the journal to the table, whose key has an index: a table is never looked up in the journal, row by row.
  const from = (key: string, value: string, column: Column, more = '') =>
    `${sql.journal('change')} AS c
          JOIN ${table.rows} AS t ON t.${sql.identifier(key)} = ${sql.asKey(value, column)}
         WHERE c.run_id = ${sql.literal(run.id)} AND c.state = 'applied'${more}`;
  if (isSameName(table.name, layout.persons.name)) {
    const created = from(persons.key, 'c.person', layout.personKey, " AND c.action = 'create'");
    return { from: created, now, before: undefined };
  }
  if (!isSameName(table.name, layout.operators.name)) return undefined;
  const written = [operators.link, ...run.readBack.stamps];
  // A link that is not the run's is somebody else's, and counts as it is.
  const isLinked = `${sql.text(`t.${sql.identifier(operators.link)}`)} = c.person`;
  return {
    from: from(operators.key, 'c.operator', layout.operatorKey),
    now,
    before: now.map((reading) => {
      const index = written.indexOf(reading.column.name);
      if (index < 0) return reading;
      const was = sql.asKey(sql.jsonElement('c.operator_before', index), reading.column);
      return { ...reading, instead: { where: index === 0 ? isLinked : '1 = 1', expression: was } };
    }),
  };
}

/** A table as it was, if the journal is right. */
async function withoutWritten(
  session: Session,
  database: Database,
  table: TableContents,
  { from, now, before }: Written,
): Promise<TableContents> {
  const less = await readSums(session, database, table.label, from, now);
  const more = before && (await readSums(session, database, table.label, from, before));
  const of = (all: bigint, taken = 0n, given = 0n) => all - taken + given;
  return {
    ...table,
    rows: table.rows - less.rows + (more?.rows ?? 0),
    digest: table.digest.map((sum, index) => of(sum, less.digest[index], more?.digest[index])),
    columns: new Map(
      [...table.columns].map(([name, sum]) => [
        name,
        of(sum, less.columns.get(name), more?.columns.get(name)),
      ]),
    ),
  };
}

/** Cards that the journal says the run has created, and that are not there. */
async function missingCards(
  session: Session,
  { dialect: sql }: Database,
  layout: Layout,
  before: Contents,
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
  const label = before.tables.find(({ name }) => isSameName(name, layout.persons.name))?.label;
  const moreRows = Number(cards.found) - Number(cards.created);
  const message = `the journal says that ${cards.created} cards were created, and ${cards.found} are there`;
  return [difference(label ?? layout.persons.name.name, 'cards', message, { moreRows })];
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
