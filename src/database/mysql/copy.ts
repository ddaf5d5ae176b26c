import { hasCode } from '../failure-kinds.js';
import type { Session } from '../session.js';
import { BROKEN_VIEW, type Definition, type Definitions, type TableDefinition } from './definitions.js';
import { identifier, quoted } from './quoting.js';

/**
 * Said once, before anything is made. Whatever stands in the original loads: zero and impossible dates, 0 in a
 * column that counts up, references to nothing, tables from laxer times. READ COMMITTED reads the original without
 * locking its rows. Dates with a time zone are said and read in the same one.
 */
const LOADING = [
  `SET SESSION sql_mode = 'NO_AUTO_VALUE_ON_ZERO,ALLOW_INVALID_DATES,NO_ENGINE_SUBSTITUTION,NO_DIR_IN_CREATE'`,
  `SET SESSION foreign_key_checks = 0`,
  `SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED`,
  `SET SESSION time_zone = '+00:00'`,
];
/** Only some servers have them, or let anybody set them. */
const LOADING_WHERE_POSSIBLE = [
  `SET SESSION check_constraint_checks = 0`,
  `SET SESSION innodb_strict_mode = 0`,
  `SET SESSION max_statement_time = 0`,
];

/**
 * Says on this session what it takes to read definitions that load again as they are.
 * @see LOADING
 */
export async function prepareToLoad(session: Session): Promise<void> {
  for (const setting of LOADING) await session.run(setting);
  for (const setting of LOADING_WHERE_POSSIBLE) await session.run(setting).catch(() => undefined);
}

/**
 * Makes everything in the copy, which is the database at hand, and takes the rows over inside the server.
 * @param proceed called before each statement; throws to end it.
 */
export async function fillCopy(
  session: Session,
  source: string,
  definitions: Definitions,
  proceed: () => void,
): Promise<void> {
  const make = async ({ statement, mode }: Definition) => {
    proceed();
    if (mode === undefined) await session.run(statement);
    else await inMode(session, mode, statement);
  };
  for (const sequence of definitions.sequences) {
    await make(sequence);
    await countOn(session, source, sequence.name);
  }
  for (const table of definitions.tables) await make(table);
  for (const table of definitions.tables) {
    proceed();
    await copyRows(session, source, table);
  }
  for (const routine of definitions.routines) await make(routine);
  await makeViews(definitions.views, make);
  // The last: those of an insert would run for every row.
  for (const trigger of definitions.triggers) await make(trigger);
}

/** From where the original is, or further: it gives out numbers that it may never use. */
async function countOn(session: Session, source: string, name: string): Promise<void> {
  const sequence = identifier(name);
  const [row] = await session.rows<{ next: string }>(
    `SELECT CAST(next_not_cached_value AS CHAR) AS next FROM ${identifier(source)}.${sequence}`,
  );
  if (row !== undefined) await session.rows(`SELECT SETVAL(${sequence}, ${row.next}, 0)`);
}

async function copyRows(session: Session, source: string, { name, columns }: TableDefinition): Promise<void> {
  if (columns.length === 0) return;
  const table = identifier(name);
  const list = columns.map(identifier).join(', ');
  await session.run(`INSERT INTO ${table} (${list}) SELECT ${list} FROM ${identifier(source)}.${table}`);
  // The server gathers statistics some time after; until then, its plans would be others.
  await session.rows(`ANALYZE TABLE ${table}`);
}

/** Texts in it compare by the collation of its day, and are read by its sql_mode. */
async function inMode(
  session: Session,
  { sqlMode, collation }: NonNullable<Definition['mode']>,
  statement: string,
): Promise<void> {
  const before = `@onecard_sql_mode = @@SESSION.sql_mode, @onecard_collation = @@SESSION.collation_connection`;
  await session.run(`SET ${before}`);
  if (collation !== '') await session.run(`SET SESSION collation_connection = ${quoted(collation)}`);
  await session.run(`SET SESSION sql_mode = ${quoted(sqlMode)}`);
  await session.run(statement);
  await session.run(
    'SET SESSION sql_mode = @onecard_sql_mode, SESSION collation_connection = @onecard_collation',
  );
}

/** One may read another: round after round, until all are made. */
async function makeViews(
  views: readonly Definition[],
  make: (view: Definition) => Promise<void>,
): Promise<void> {
  let left = views;
  while (left.length > 0) {
    const failed: { readonly view: Definition; readonly error: unknown }[] = [];
    for (const view of left) {
      await make(view).catch((error) => {
        if (!hasCode(error, BROKEN_VIEW)) throw error;
        failed.push({ view, error });
      });
    }
    const [first] = failed;
    if (first !== undefined && failed.length === left.length) throw first.error;
    left = failed.map(({ view }) => view);
  }
}
