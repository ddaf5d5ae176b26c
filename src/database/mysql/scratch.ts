import { setTimeout as sleep } from 'node:timers/promises';
import { OnecardError } from '../../errors.js';
import { type Begun, begun, cancellable, orDropped, takenName } from '../begun.js';
import { hasCode, isDenied, kindOfFailure } from '../failure-kinds.js';
import { described } from '../failures.js';
import { DISPOSABLE_MARK, type Mark, type Scratch, type ScratchServer } from '../scratch.js';
import { SCRATCH_NAME, scratchName } from '../scratch-name.js';
import type { Session } from '../session.js';
import { fillCopy, prepareToLoad } from './copy.js';
import { type Definitions, readDefinitions } from './definitions.js';
import { type Login, logIn, urlOf } from './login.js';
import { identifier, quoted } from './quoting.js';

/** In characters. In the name of a folder, one can take five bytes; that, too, has room for no more. */
const LONGEST_NAME = 64;

/** Whoever is thrown out takes a moment to go; others may look at the database for as long. */
const DROP_ATTEMPTS = 6;
const DROP_AGAIN_MS = 200;

export function mysqlScratches(url: string, env: NodeJS.ProcessEnv): ScratchServer {
  const server = new MysqlScratches(url, env);
  return {
    copy: (signal) => described(() => server.copy(signal)),
    empty: () => described(() => server.empty()),
    mark: () => described(() => server.mark()),
    leftovers: () => described(() => server.leftovers()),
  };
}

class MysqlScratches {
  readonly #url: string;
  readonly #env: NodeJS.ProcessEnv;

  constructor(url: string, env: NodeJS.ProcessEnv) {
    this.#url = url;
    this.#env = env;
  }

  /** In the server, table by table, so that no row of the original is locked. */
  copy(signal: AbortSignal | undefined): Promise<Scratch> {
    signal?.throwIfAborted();
    return this.#loggedIn(this.#url, async (login) => {
      const { session } = login;
      const source = await databaseOf(session);
      const name = scratchName(source, LONGEST_NAME, (text) => [...text].length);
      await prepareToLoad(session);
      const definitions = await cancellable(signal, login.cancel, () =>
        readDefinitions(session, source, name),
      );
      const scratch = this.#scratch(name, originOf(source, definitions));
      await create(session, scratch, await charsetOf(session, source));
      await orDropped(scratch.drop, signal, () => fill(login, source, name, definitions, signal));
      return scratch;
    });
  }

  empty(): Promise<Scratch> {
    const name = scratchName('onecard', LONGEST_NAME, (text) => text.length);
    return this.#loggedIn(urlOf(undefined, this.#url), async ({ session }) => {
      const scratch = this.#scratch(name, 'an empty database');
      await create(session, scratch, '');
      return scratch;
    });
  }

  mark(): Promise<Mark> {
    return this.#loggedIn(this.#url, async ({ session }) => {
      const database = await databaseOf(session);
      const found = await session.rows(
        `SELECT 1 FROM information_schema.TABLES
          WHERE TABLE_SCHEMA = DATABASE() AND TABLE_NAME = '${DISPOSABLE_MARK}' AND TABLE_TYPE = 'BASE TABLE'`,
      );
      return { database, isDisposable: found.length > 0 };
    });
  }

  leftovers(): Promise<string[]> {
    return this.#loggedIn(urlOf(undefined, this.#url), async ({ session }) => {
      const rows = await session.rows<{ name: string }>(
        `SELECT s.SCHEMA_NAME AS name
           FROM information_schema.SCHEMATA s
          WHERE s.SCHEMA_NAME REGEXP '${SCRATCH_NAME}'
            AND NOT EXISTS (SELECT 1 FROM information_schema.PROCESSLIST p WHERE p.DB = s.SCHEMA_NAME)
          ORDER BY s.SCHEMA_NAME`,
      );
      return rows.map(({ name }) => dropStatement(name));
    });
  }

  /** What drops it knows this one name. */
  #scratch(name: string, origin: string): Begun {
    const statement = dropStatement(name);
    const url = urlOf(name, this.#url);
    return begun(
      { target: { kind: 'mysql', url }, name, origin },
      {
        statement,
        logIn: () => logIn(url, this.#env),
        drop: () =>
          this.#loggedIn(urlOf(undefined, this.#url), ({ session }) =>
            dropWithSessions(session, name, statement),
          ),
      },
    );
  }

  async #loggedIn<T>(url: string, work: (login: Login) => Promise<T>): Promise<T> {
    const login = await logIn(url, this.#env);
    try {
      return await work(login);
    } finally {
      await login.close();
    }
  }
}

async function databaseOf(session: Session): Promise<string> {
  const [row] = await session.rows<{ name: string | null }>('SELECT DATABASE() AS name');
  if (row?.name != null) return row.name;
  throw new OnecardError('The database URL names no database.', {
    remedy: 'Add it: mysql://user@host:3306/database.',
  });
}

async function charsetOf(session: Session, source: string): Promise<string> {
  const [row] = await session.rows<{ charset: string; collation: string }>(
    `SELECT DEFAULT_CHARACTER_SET_NAME AS charset, DEFAULT_COLLATION_NAME AS collation
       FROM information_schema.SCHEMATA WHERE SCHEMA_NAME = ${quoted(source)}`,
  );
  return row === undefined ? '' : ` CHARACTER SET ${row.charset} COLLATE ${row.collation}`;
}

function originOf(source: string, { events, brokenViews, hasHistory }: Definitions): string {
  const without = [
    ...(events > 0 ? [`${events === 1 ? 'its event' : `its ${events} events`}, which would run`] : []),
    ...(hasHistory ? ['the history of versioned tables'] : []),
    ...(brokenViews.length > 0 ? [`what is broken in it: the view ${brokenViews.join(', ')}`] : []),
  ];
  return [`a copy of ${source}, table by table`, ...without.map((what) => `without ${what}`)].join(', ');
}

/** @throws OnecardError where the user may not. */
async function create(session: Session, { name, drop, occupy }: Begun, charset: string): Promise<void> {
  const there = await session.rows(
    `SELECT 1 FROM information_schema.SCHEMATA WHERE SCHEMA_NAME = ${quoted(name)}`,
  );
  if (there.length > 0) throw takenName(name);
  try {
    await session.run(`CREATE DATABASE ${identifier(name)}${charset}`);
  } catch (cause) {
    if (hasCode(cause, ['ER_DB_CREATE_EXISTS'])) throw takenName(name);
    // Whether it is there is not known then.
    if (kindOfFailure(cause) === 'lost') await drop();
    if (!isDenied(cause)) throw cause;
    const [row] = await session.rows<{ user: string }>('SELECT CURRENT_USER() AS user');
    const [user = '', host = ''] = (row?.user ?? '').split(/@(?=[^@]*$)/);
    const pattern = `${name.slice(0, -'_rehearsal_123456'.length).replaceAll(/[_%]/g, '\\$&')}\\_rehearsal\\_%`;
    throw new OnecardError(`The user ${row?.user} may not create databases.`, {
      remedy: `GRANT ALL PRIVILEGES ON ${identifier(pattern)}.* TO ${quoted(user)}@${quoted(host)}; or rehearse on a disposable database with --in-place.`,
      cause,
    });
  }
  await orDropped(drop, undefined, occupy);
}

async function fill(
  { session, cancel }: Login,
  source: string,
  copy: string,
  definitions: Definitions,
  signal: AbortSignal | undefined,
): Promise<void> {
  return cancellable(signal, cancel, async () => {
    await session.run(`USE ${identifier(copy)}`);
    await fillCopy(session, source, definitions, () => signal?.throwIfAborted());
  });
}

const dropStatement = (name: string) => `DROP DATABASE IF EXISTS ${identifier(name)}`;

/** Without the privilege PROCESS, a user sees and ends its own sessions alone. */
async function dropWithSessions(session: Session, name: string, statement: string): Promise<void> {
  await session.run('SET SESSION lock_wait_timeout = 2');
  for (let attempt = 1; ; attempt++) {
    await killSessions(session, name);
    try {
      await session.run(statement);
      return;
    } catch (error) {
      if (!hasCode(error, ['ER_LOCK_WAIT_TIMEOUT']) || attempt === DROP_ATTEMPTS) throw error;
      await sleep(DROP_AGAIN_MS);
    }
  }
}

async function killSessions(session: Session, name: string): Promise<void> {
  const rows = await session.rows<{ id: string }>(
    `SELECT CAST(ID AS CHAR) AS id FROM information_schema.PROCESSLIST
      WHERE DB = ${quoted(name)} AND ID <> CONNECTION_ID()`,
  );
  for (const { id } of rows) {
    // It has ended by itself, or is another's.
    await session.run(`KILL ${id}`).catch(() => undefined);
  }
}
