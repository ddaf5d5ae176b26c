import { OnecardError } from '../../errors.js';
import { ExitCode } from '../../model/exit-code.js';
import { hasCode, serverWords } from '../failure-kinds.js';
import type { Session } from '../session.js';
import type { Definition, Definitions, TableDefinition } from './definitions.js';
import { identifier, quoted } from './quoting.js';

/**
 * Said once, before anything is made. Whatever stands in the original loads: zero and impossible dates, 0 in a
 * column that counts up, references to nothing, tables from laxer times. READ COMMITTED reads the original without
 * locking its rows. Dates with a time zone are said and read in the same one.
 */
const LOADING = [
  `SET SESSION sql_mode = 'NO_AUTO_VALUE_ON_ZERO,ALLOW_INVALID_DATES,NO_ENGINE_SUBSTITUTION'`,
  `SET SESSION foreign_key_checks = 0, unique_checks = 0`,
  `SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED`,
  `SET SESSION time_zone = '+00:00'`,
];
/** Only some servers have them, or let anybody set them. */
const LOADING_WHERE_POSSIBLE = [
  `SET SESSION check_constraint_checks = 0`,
  `SET SESSION innodb_strict_mode = 0`,
];

/** What a view says that reads what is not there. */
const BROKEN_VIEW = [
  'ER_NO_SUCH_TABLE',
  'ER_BAD_FIELD_ERROR',
  'ER_VIEW_INVALID',
  'ER_SP_DOES_NOT_EXIST',
  'ER_FUNC_INEXISTENT_NAME_COLLISION',
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
 * @returns the views that are left out, since they are broken in the original, too.
 */
export async function fillCopy(
  session: Session,
  source: string,
  definitions: Definitions,
  proceed: () => void,
): Promise<string[]> {
  const make = async ({ statement, mode }: Definition) => {
    proceed();
    if (mode === undefined) await session.run(statement);
    else await inMode(session, mode, statement);
  };
  for (const sequence of definitions.sequences) {
    await make(sequence);
    await session.rows(
      `SELECT SETVAL(${identifier(sequence.name)}, next_not_cached_value, 0) FROM ${identifier(source)}.${identifier(sequence.name)}`,
    );
  }
  for (const table of definitions.tables) await make(table);
  for (const table of definitions.tables) {
    proceed();
    await copyRows(session, source, table);
  }
  for (const routine of definitions.routines) await make(routine);
  const broken = await makeViews(session, source, definitions.views, make);
  // The last: those of an insert would run for every row.
  for (const trigger of definitions.triggers) await make(trigger);
  return broken;
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

/** One may read another: round after round, until none can be made any more. */
async function makeViews(
  session: Session,
  source: string,
  views: readonly Definition[],
  make: (view: Definition) => Promise<void>,
): Promise<string[]> {
  let left = views;
  for (;;) {
    const failed: { readonly view: Definition; readonly error: unknown }[] = [];
    for (const view of left) {
      try {
        await make(view);
      } catch (error) {
        if (!hasCode(error, BROKEN_VIEW)) throw error;
        failed.push({ view, error });
      }
    }
    if (failed.length < left.length) {
      left = failed.map(({ view }) => view);
      continue;
    }
    for (const { view, error } of failed) await beBrokenInOriginal(session, source, view, error);
    return failed.map(({ view }) => view.name);
  }
}

async function beBrokenInOriginal(
  session: Session,
  source: string,
  { name }: Definition,
  error: unknown,
): Promise<void> {
  try {
    await session.rows(`SELECT 1 FROM ${identifier(source)}.${identifier(name)} LIMIT 0`);
  } catch (broken) {
    if (hasCode(broken, BROKEN_VIEW)) return;
    throw broken;
  }
  throw new OnecardError(`The view ${name} cannot be made in the copy: ${serverWords(error)}`, {
    remedy: 'Rehearse a dump file instead: onecard rehearse DUMP.',
    exitCode: ExitCode.Failed,
    cause: error,
  });
}
