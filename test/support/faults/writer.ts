import { setTimeout as sleep } from 'node:timers/promises';
import type { Connection } from '../servers/server.js';
import { randomFrom } from './random.js';

export interface WriterOptions {
  /** The same seed does the same things, as far as it finds the same rows. */
  readonly seed: number;
  readonly perSecond: number;
  /** It ends by itself after so many. */
  readonly most: number;
}

/** One short transaction of the other application. */
export interface Deed {
  readonly what: DeedName;
  readonly table: 'operator' | 'person' | 'incident';
  readonly key: string;
  /** What it set, of an edit, an archived card or a link: the person's key. */
  readonly set?: Readonly<Record<string, string>>;
  /** Milliseconds of 1970. */
  readonly at: number;
  readonly milliseconds: number;
  /** The server's words, where it was refused and rolled back: a deadlock, a lock that took too long. */
  readonly failed?: string;
}

export interface WriterLog {
  readonly seed: number;
  readonly deeds: readonly Deed[];
  /** Milliseconds of its slowest transaction, failed ones included. */
  readonly slowest: number;
}

export interface Writer {
  /** Ends it after the transaction at hand. */
  stop(): Promise<WriterLog>;
}

/** What a deed has found to do: the statements of its transaction follow those that chose and locked the row. */
interface Intent {
  readonly table: Deed['table'];
  readonly key: string;
  readonly set?: Record<string, string>;
  readonly statements: readonly string[];
}

type Query = Connection['query'];

/** The rows it knows; its own keys are told apart by their beginning. */
interface Keys {
  readonly operators: string[];
  readonly persons: string[];
  next(): string;
}

export type DeedName = keyof typeof deeds;

/** Each looks for a row by chance, locks it as an application does, and says what to write; or finds nothing. */
const deeds = {
  'edit operator': async (query: Query, keys: Keys, random: () => number) =>
    edit(query, 'operator', pick(keys.operators, random), keys, random),
  'edit person': async (query: Query, keys: Keys, random: () => number) =>
    edit(query, 'person', pick(keys.persons, random), keys, random),
  'insert operator': async (query: Query, keys: Keys, random: () => number) => {
    const like = pick(keys.operators, random);
    if ((await query(`SELECT id FROM operator WHERE id = '${like}'`)).length === 0) return undefined;
    const key = keys.next();
    keys.operators.push(key);
    return insert('operator', key, [
      `INSERT INTO operator (id, kind, last_name, email, branch_id, api_account, demo_account, archived, anonymized)
       SELECT '${key}', kind, last_name, 'late.${key}@example.org', branch_id, api_account, demo_account, FALSE, FALSE
         FROM operator WHERE id = '${like}'`,
    ]);
  },
  'insert matching person': async (query: Query, keys: Keys, random: () => number) => {
    const operator = pick(keys.operators, random);
    const found = await query(
      `SELECT id FROM operator WHERE id = '${operator}' AND person_id IS NULL AND email IS NOT NULL`,
    );
    if (found.length === 0) return undefined;
    const key = keys.next();
    keys.persons.push(key);
    return insert('person', key, [
      `INSERT INTO person (id, last_name, email, branch_id, ssp_access, selectable_as_caller, archived, anonymized)
       SELECT '${key}', last_name, email, branch_id, TRUE, TRUE, FALSE, FALSE FROM operator WHERE id = '${operator}'`,
    ]);
  },
  'link operator': async (query: Query, keys: Keys, random: () => number): Promise<Intent | undefined> => {
    const [key, person] = [pick(keys.operators, random), pick(keys.persons, random)];
    const free = await query(`SELECT id FROM operator WHERE id = '${key}' AND person_id IS NULL FOR UPDATE`);
    const there = await query(`SELECT id FROM person WHERE id = '${person}' FOR UPDATE`);
    const taken = await query(`SELECT id FROM operator WHERE person_id = '${person}'`);
    if (free.length === 0 || there.length === 0 || taken.length > 0) return undefined;
    return update('operator', key, { person_id: person });
  },
  'archive operator': async (query: Query, keys: Keys, random: () => number) =>
    archive(query, 'operator', pick(keys.operators, random)),
  'archive person': async (query: Query, keys: Keys, random: () => number) =>
    archive(query, 'person', pick(keys.persons, random)),
  'delete operator': async (query: Query, keys: Keys, random: () => number): Promise<Intent | undefined> => {
    const key = pick(keys.operators, random);
    const found = await query(
      `SELECT id FROM operator WHERE id = '${key}'
          AND NOT EXISTS (SELECT 1 FROM incident WHERE operator_id = '${key}') FOR UPDATE`,
    );
    if (found.length === 0) return undefined;
    return { table: 'operator', key, statements: [`DELETE FROM operator WHERE id = '${key}'`] };
  },
  /** Of whoever an operator is linked to by now: fresh cards, too. */
  'insert incident': async (query: Query, keys: Keys, random: () => number) => {
    const operator = pick(keys.operators, random);
    const [row] = await query(
      `SELECT p.id AS id FROM operator o JOIN person p ON p.id = o.person_id WHERE o.id = '${operator}'`,
    );
    const caller = row?.['id'] ?? pick(keys.persons, random);
    const key = keys.next();
    // Refused, and logged as such, where the person is gone by now.
    return insert('incident', key, [
      `INSERT INTO incident (id, number, subject, caller_id, created_at)
       VALUES ('${key}', 'W ${keys.operators.length}', 'While a run works', '${caller}', CURRENT_TIMESTAMP)`,
    ]);
  },
} satisfies Record<string, (query: Query, keys: Keys, random: () => number) => Promise<Intent | undefined>>;

const NAMES = Object.keys(deeds) as DeedName[];

/** Another application at work on the sample's tables, at a bounded rate, each change a transaction of its own. */
export async function startWriter(
  database: { connect(): Promise<Connection> },
  options: WriterOptions,
): Promise<Writer> {
  const connection = await database.connect();
  const keys = await readKeys(connection.query);
  let isStopped = false;
  const work = writeOn(connection, keys, options, () => isStopped).finally(() => connection.close());
  // Whoever stops it gets its failure; until then it must not end the process.
  work.catch(() => {});
  return {
    stop() {
      isStopped = true;
      return work;
    },
  };
}

async function writeOn(
  { query }: Connection,
  keys: Keys,
  { seed, perSecond, most }: WriterOptions,
  isStopped: () => boolean,
): Promise<WriterLog> {
  const random = randomFrom(seed);
  const done: Deed[] = [];
  while (!isStopped() && done.length < most) {
    const due = performance.now() + 1000 / perSecond;
    const deed = await doOne(query, keys, pick(NAMES, random), random);
    if (deed !== undefined) done.push(deed);
    await sleep(Math.max(0, due - performance.now()));
  }
  return { seed, deeds: done, slowest: Math.max(0, ...done.map(({ milliseconds }) => milliseconds)) };
}

async function doOne(
  query: Query,
  keys: Keys,
  what: DeedName,
  random: () => number,
): Promise<Deed | undefined> {
  const at = Date.now();
  const started = performance.now();
  let intent: Intent | undefined;
  let failed: string | undefined;
  await query('BEGIN');
  try {
    intent = await deeds[what](query, keys, random);
    for (const statement of intent?.statements ?? []) await query(statement);
    await query('COMMIT');
  } catch (error) {
    failed = error instanceof Error ? error.message : String(error);
    await query('ROLLBACK');
  }
  const milliseconds = performance.now() - started;
  const outcome = { what, at, milliseconds, ...(failed !== undefined && { failed }) };
  if (intent === undefined)
    return failed === undefined ? undefined : { ...outcome, table: 'operator', key: '' };
  const { table, key, set } = intent;
  return { ...outcome, table, key, ...(set !== undefined && { set }) };
}

async function readKeys(query: Query): Promise<Keys> {
  const of = async (table: string) =>
    (await query(`SELECT id FROM ${table} ORDER BY id`)).map(({ id }) => String(id));
  let count = 0;
  return {
    operators: await of('operator'),
    persons: await of('person'),
    next: () => `ee000000-0000-4000-8000-${String(++count).padStart(12, '0')}`,
  };
}

async function edit(
  query: Query,
  table: 'operator' | 'person',
  key: string,
  keys: Keys,
  random: () => number,
): Promise<Intent | undefined> {
  const column = pick(['job_title', 'last_name', 'email'], random);
  if ((await query(`SELECT id FROM ${table} WHERE id = '${key}' FOR UPDATE`)).length === 0) return undefined;
  const value = `edited ${keys.next().slice(-6)}`;
  return update(table, key, {
    [column]: column === 'email' ? `${value.replace(' ', '.')}@example.org` : value,
  });
}

async function archive(query: Query, table: 'operator' | 'person', key: string): Promise<Intent | undefined> {
  const found = await query(`SELECT id FROM ${table} WHERE id = '${key}' AND NOT archived FOR UPDATE`);
  if (found.length === 0) return undefined;
  return {
    ...update(table, key, { archived_reason: 'left' }),
    statements: [`UPDATE ${table} SET archived = TRUE, archived_reason = 'left' WHERE id = '${key}'`],
  };
}

function update(table: 'operator' | 'person', key: string, set: Record<string, string>): Intent {
  const [[column, value] = []] = Object.entries(set);
  return {
    table,
    key,
    set,
    statements: [`UPDATE ${table} SET ${column} = '${value}' WHERE id = '${key}'`],
  };
}

function insert(table: Intent['table'], key: string, statements: string[]): Intent {
  return { table, key, statements };
}

function pick<T>(from: readonly T[], random: () => number): T {
  const chosen = from[Math.floor(random() * from.length)];
  if (chosen === undefined) throw new Error('there is nothing to pick from');
  return chosen;
}
