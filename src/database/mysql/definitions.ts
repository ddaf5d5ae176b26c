import { OnecardError } from '../../errors.js';
import { hasCode } from '../failure-kinds.js';
import type { Session } from '../session.js';
import {
  readAccounts,
  readDatabases,
  refuseForeignName,
  refuseOrphan,
  refuseRemote,
  seeTriggers,
} from './copy-refusals.js';
import { masked, NAME, PLAIN, type Reading, readingOf } from './masked.js';
import { identifier, quoted } from './quoting.js';

/** Everything there is to make in a copy, in an order in which it can be made. */
export interface Definitions {
  readonly sequences: readonly Definition[];
  readonly tables: readonly TableDefinition[];
  readonly routines: readonly Definition[];
  readonly views: readonly Definition[];
  readonly triggers: readonly Definition[];
  /** Views that the server cannot read; they are left out. */
  readonly brokenViews: readonly string[];
  /** Some table keeps what its rows have been; a copy of it begins anew. */
  readonly hasHistory: boolean;
  /** Those that are left out: they would run. */
  readonly events: number;
}

export interface Definition {
  readonly name: string;
  /** Makes it in the database at hand. */
  readonly statement: string;
  /** How the server is to read the statement, and the texts in it; undefined for what servers write by themselves. */
  readonly mode?: { readonly sqlMode: string; readonly collation: string };
}

export interface TableDefinition extends Definition {
  /** Those that hold values of their own. */
  readonly columns: readonly string[];
}

/** What a server says of a view that reads what is not there. */
export const BROKEN_VIEW = [
  'ER_NO_SUCH_TABLE',
  'ER_BAD_FIELD_ERROR',
  'ER_VIEW_INVALID',
  'ER_SP_DOES_NOT_EXIST',
  'ER_FUNC_INEXISTENT_NAME_COLLISION',
];
/**
 * Reads the database at hand.
 * @param copy the name of the copy, for what the server always says with its database.
 * @throws OnecardError where something cannot be seen, or would reach out of a copy.
 */
export async function readDefinitions(session: Session, source: string, copy: string): Promise<Definitions> {
  const databases = await readDatabases(session);
  const checked = <T extends Definition>(kind: string, definition: T): T => {
    const { name, statement, mode } = definition;
    const reading = mode ? readingOf(mode.sqlMode) : PLAIN;
    refuseForeignName(`${kind} ${name}`, statement, reading, databases);
    return definition;
  };
  const relations = await session.rows<{ name: string; type: string; engine: string | null }>(
    `SELECT TABLE_NAME AS name, TABLE_TYPE AS type, ENGINE AS engine
       FROM information_schema.TABLES WHERE TABLE_SCHEMA = DATABASE() ORDER BY TABLE_NAME`,
  );
  const tables = relations.filter(({ type }) => type === 'BASE TABLE' || type === 'SYSTEM VERSIONED');
  const ofType = (wanted: string) => relations.filter(({ type }) => type === wanted);
  for (const { name, engine } of tables) refuseRemote(name, engine);
  await seeTriggers(
    session,
    source,
    tables.map(({ name }) => name),
  );

  const views = ofType('VIEW').map(({ name }) => name);
  const brokenViews = await readBroken(session, views);

  return {
    sequences: await each(ofType('SEQUENCE'), async ({ name }) =>
      checked('sequence', { name, statement: await showCreate(session, 'SEQUENCE', name) }),
    ),
    tables: await each(tables, async ({ name }) =>
      checked('table', {
        name,
        statement: withOwnSequences(await showCreate(session, 'TABLE', name), source, copy),
        columns: await storedColumns(session, name),
      }),
    ),
    routines: (await readRoutines(session)).map(({ kind, ...routine }) => checked(kind, routine)),
    views: await each(
      views.filter((name) => !brokenViews.includes(name)),
      // Without its database where all that it reads stands in it, since that is the one at hand.
      async (name) =>
        checked('view', { name, statement: withoutDefiner(await showCreate(session, 'VIEW', name)) }),
    ),
    brokenViews,
    hasHistory: ofType('SYSTEM VERSIONED').length > 0,
    triggers: (await readTriggers(session)).map((trigger) => checked('trigger', trigger)),
    events: await countEvents(session),
  };
}

/** One after the other: it is one connection. */
async function each<T, U>(items: readonly T[], work: (item: T) => Promise<U>): Promise<U[]> {
  const results: U[] = [];
  for (const item of items) results.push(await work(item));
  return results;
}

/** @throws OnecardError where the user is not shown the definition. */
async function showCreate(session: Session, kind: string, name: string): Promise<string> {
  return (await showCreateRow(session, kind, name)).statement;
}

interface Shown {
  readonly statement: string;
  readonly sqlMode: string;
  readonly collation: string;
}

async function showCreateRow(session: Session, kind: string, name: string): Promise<Shown> {
  const [row = {}] = await session.rows(`SHOW CREATE ${kind} ${identifier(name)}`);
  const [, statement] =
    Object.entries(row).find(([column]) => /^(Create |SQL Original Statement)/i.test(column)) ?? [];
  if (statement == null) {
    throw new OnecardError(`The definition of the ${kind.toLowerCase()} ${name} is not shown to this user.`, {
      remedy:
        'Grant the user SHOW CREATE ROUTINE (or SHOW_ROUTINE on MySQL, or SELECT on mysql.proc), or use a user that sees it.',
    });
  }
  return { statement, sqlMode: row['sql_mode'] ?? '', collation: row['collation_connection'] ?? '' };
}

async function readBroken(session: Session, views: readonly string[]): Promise<string[]> {
  const broken: string[] = [];
  for (const name of views) {
    await session.rows(`SELECT 1 FROM ${identifier(name)} LIMIT 0`).catch((error) => {
      if (!hasCode(error, BROKEN_VIEW)) throw error;
      broken.push(name);
    });
  }
  return broken;
}

/** The server writes the sequence of a default with its database. */
function withOwnSequences(statement: string, source: string, copy: string): string {
  const code = masked(statement, PLAIN);
  const start = new RegExp(String.raw`\b(?:nextval|lastval|setval)\(${escaped(identifier(source))}\.`, 'gi');
  let result = '';
  let at = 0;
  for (const found of code.matchAll(start)) {
    const [call] = found;
    result += `${statement.slice(at, found.index)}${call.slice(0, call.indexOf('(') + 1)}${identifier(copy)}.`;
    at = found.index + call.length;
  }
  return result + statement.slice(at);
}

const escaped = (text: string) => text.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&');

async function storedColumns(session: Session, table: string): Promise<string[]> {
  const rows = await session.rows<{ name: string }>(
    `SELECT COLUMN_NAME AS name
       FROM information_schema.COLUMNS
      WHERE TABLE_SCHEMA = DATABASE() AND TABLE_NAME = ${quoted(table)}
        AND COALESCE(GENERATION_EXPRESSION, '') = '' AND EXTRA NOT REGEXP '(VIRTUAL|STORED|PERSISTENT) GENERATED'
      ORDER BY ORDINAL_POSITION`,
  );
  return rows.map(({ name }) => name);
}

async function readRoutines(session: Session): Promise<(Definition & { readonly kind: string })[]> {
  const rows = await session.rows<{ name: string; kind: string }>(
    `SELECT ROUTINE_NAME AS name, ROUTINE_TYPE AS kind
       FROM information_schema.ROUTINES WHERE ROUTINE_SCHEMA = DATABASE()
      ORDER BY FIELD(ROUTINE_TYPE, 'FUNCTION', 'PROCEDURE', 'PACKAGE', 'PACKAGE BODY'), ROUTINE_NAME`,
  );
  return each(rows, async ({ name, kind }) => {
    const { statement, ...mode } = await showCreateRow(session, kind, name);
    return {
      kind: kind.toLowerCase(),
      name,
      statement: withoutDefiner(statement),
      mode,
    };
  });
}

/** In the order in which those of the same moment run. */
async function readTriggers(session: Session): Promise<Definition[]> {
  const rows = await session.rows<{ name: string; when: string; table: string; definer: string }>(
    `SELECT TRIGGER_NAME AS name, CONCAT(ACTION_TIMING, ' ', EVENT_MANIPULATION) AS \`when\`,
            EVENT_OBJECT_TABLE AS \`table\`, DEFINER AS definer
       FROM information_schema.TRIGGERS WHERE TRIGGER_SCHEMA = DATABASE()
      ORDER BY EVENT_OBJECT_TABLE, ACTION_TIMING, EVENT_MANIPULATION, ACTION_ORDER`,
  );
  const accounts = await readAccounts(session);
  return each(rows, async ({ name, when, table, definer }) => {
    refuseOrphan({ name, table, definer }, accounts);
    const { statement, ...mode } = await showCreateRow(session, 'TRIGGER', name);
    const body = bodyOf(statement, readingOf(mode.sqlMode));
    return {
      name,
      // Its own beginning is as it was typed, and may name the database.
      statement: `CREATE TRIGGER ${identifier(name)} ${when} ON ${identifier(table)} FOR EACH ROW ${body}`,
      mode,
    };
  });
}

/** What a trigger does; its place among others comes from the order in which they are made. */
function bodyOf(statement: string, reading: Reading): string {
  const code = masked(statement, reading).replaceAll(/`(?:[^`]|``)*`/g, (name) => 'x'.repeat(name.length));
  const start = /\bFOR\s+EACH\s+ROW\b/i.exec(code);
  if (start === null) throw new Error('a trigger without FOR EACH ROW');
  const from = start.index + start[0].length;
  const order = new RegExp(String.raw`^\s*(?:FOLLOWS|PRECEDES)\s+${NAME}`, 'iu').exec(code.slice(from));
  return statement.slice(from + (order?.[0].length ?? 0)).trim();
}

/** The copy is ours; what belongs to another could not be made without high privileges. */
function withoutDefiner(statement: string): string {
  const account = `(?:${NAME}|'[^']*')`;
  const definer = new RegExp(
    String.raw`^(\s*CREATE(?:\s+OR\s+REPLACE)?(?:\s+ALGORITHM\s*=\s*\w+)?)\s+DEFINER\s*=\s*${account}(?:@${account})?`,
    'iu',
  );
  return statement.replace(definer, '$1');
}

async function countEvents(session: Session): Promise<number> {
  const [row] = await session.rows<{ events: number | string }>(
    'SELECT COUNT(*) AS events FROM information_schema.EVENTS WHERE EVENT_SCHEMA = DATABASE()',
  );
  return Number(row?.events ?? 0);
}
