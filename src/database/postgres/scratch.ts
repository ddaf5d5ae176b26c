import { setTimeout as sleep } from 'node:timers/promises';
import { OnecardError } from '../../errors.js';
import { ExitCode } from '../../model/exit-code.js';
import { type Begun, begun, cancellable, orDropped, takenName } from '../begun.js';
import { hasCode, isDenied } from '../failure-kinds.js';
import { described } from '../failures.js';
import { DISPOSABLE_MARK, type Mark, type Scratch, type ScratchServer } from '../scratch.js';
import { SCRATCH_NAME, scratchName } from '../scratch-name.js';
import type { Session } from '../session.js';
import { settle } from './copied.js';
import { readSource, type Source } from './copy-source.js';
import { postgresDialect as sql } from './dialect.js';
import { clientFor, type Login, logIn, urlOf } from './login.js';
import { type DumpPrograms, dumpAndRestore, dumpPrograms, libpqEnvironment } from './programs.js';

/** PostgreSQL cuts longer names. */
const LONGEST_NAME = 63;

const LOOKS = 6;
const LOOK_AGAIN_MS = 100;

const NO_SUCH_DATABASE = '3D000';
const REFUSED = ['28000', '42501'];
const OBJECT_IN_USE = '55006';
const DUPLICATE_DATABASE = '42P04';
const READ_ONLY = '25006';

export function postgresScratches(url: string | undefined, env: NodeJS.ProcessEnv): ScratchServer {
  const server = new PostgresScratches(url, env);
  return {
    copy: (signal) => described(() => server.copy(signal)),
    empty: () => described(() => server.empty()),
    mark: () => described(() => server.mark()),
    leftovers: () => described(() => server.leftovers()),
  };
}

class PostgresScratches {
  readonly #url: string | undefined;
  readonly #env: NodeJS.ProcessEnv;

  constructor(url: string | undefined, env: NodeJS.ProcessEnv) {
    this.#url = url;
    this.#env = env;
  }

  async copy(signal: AbortSignal | undefined): Promise<Scratch> {
    signal?.throwIfAborted();
    return this.#maintaining(async (login) => {
      const source = await this.#source(login.session);
      if (!source.mayCreate) throw mayNotCreate(source.user);
      return (
        (await this.#copyOnServer(login, source, signal)) ??
        (await this.#copyThroughDump(login, source, signal))
      );
    });
  }

  async empty(): Promise<Scratch> {
    return this.#maintaining(async (login) => {
      const [row] = await login.session.rows<{ user: string; may: boolean; encoding: string }>(
        `SELECT current_user AS user, r.rolcreatedb OR r.rolsuper AS may, pg_encoding_to_char(t.encoding) AS encoding
           FROM pg_roles r, pg_database t
          WHERE r.rolname = current_user AND t.datname = 'template0'`,
      );
      if (!row?.may) throw mayNotCreate(row?.user ?? '');
      // A locale stands for an encoding; C for any.
      const locale = row.encoding === 'UTF8' ? '' : ` LC_COLLATE 'C' LC_CTYPE 'C'`;
      const scratch = this.#scratch('onecard', 'an empty database');
      await create(login, scratch, `TEMPLATE template0 ENCODING 'UTF8'${locale}`, undefined);
      return scratch;
    });
  }

  async mark(): Promise<Mark> {
    const login = await logIn(this.#url);
    try {
      const [row] = await login.session.rows<{ database: string; marked: boolean }>(
        `SELECT current_database() AS database,
                EXISTS (SELECT FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
                         WHERE c.relname = '${DISPOSABLE_MARK}' AND c.relkind IN ('r', 'p')
                           AND c.relpersistence <> 't') AS marked`,
      );
      return { database: row?.database ?? '', isDisposable: row?.marked ?? false };
    } finally {
      await login.close();
    }
  }

  leftovers(): Promise<string[]> {
    return this.#maintaining(async ({ session }) => {
      const rows = await session.rows<{ name: string }>(
        `SELECT d.datname AS name
           FROM pg_database d
          WHERE d.datname ~ '${SCRATCH_NAME}'
            AND NOT EXISTS (SELECT FROM pg_stat_activity a WHERE a.datid = d.oid)
          ORDER BY d.datname`,
      );
      return rows.map(({ name }) => dropStatement(name));
    });
  }

  /** The sessions that this process has ended a moment ago may take another one to go. */
  async #source(session: Session): Promise<Source> {
    const name = clientFor(this.#url).database ?? '';
    for (let look = 1; ; look++) {
      const source = await readSource(session, name);
      if (source.sessions === 0 || look === LOOKS) return source;
      await sleep(LOOK_AGAIN_MS);
    }
  }

  /** The server itself copies the files, which it does only while nobody else is connected. */
  async #copyOnServer(
    login: Login,
    source: Source,
    signal: AbortSignal | undefined,
  ): Promise<Scratch | undefined> {
    // To try would keep others from connecting to the original while the server waits for sessions to end.
    if (source.sessions > 0 || !source.mayUseAsTemplate) return undefined;
    const scratch = this.#scratch(source.name, `a copy of ${source.name}, made by the server`);
    try {
      await create(login, scratch, `TEMPLATE ${sql.identifier(source.name)}${ownerOf(source)}`, signal);
    } catch (error) {
      // Somebody has come in the meantime; or the privilege is not what it seems.
      if (hasCode(error, [OBJECT_IN_USE]) || isDenied(error)) return undefined;
      throw error;
    }
    return this.#settled(login, source, scratch, signal);
  }

  async #copyThroughDump(login: Login, source: Source, signal: AbortSignal | undefined): Promise<Scratch> {
    signal?.throwIfAborted();
    const programs = await dumpPrograms(source.version, this.#env, signal);
    if (programs === undefined) throw noWayToCopy(source);
    const scratch = this.#scratch(source.name, `a copy of ${source.name}, by pg_dump and pg_restore`);
    await create(login, scratch, `TEMPLATE template0 ${source.locale}${ownerOf(source)}`, signal);
    await orDropped(scratch.drop, signal, () => this.#restore(programs, source, scratch, signal));
    return this.#settled(login, source, scratch, signal);
  }

  /** Other roles' objects can be given to them by a superuser alone; everybody else owns all of the copy. */
  #restore(
    programs: DumpPrograms,
    source: Source,
    scratch: Scratch,
    signal: AbortSignal | undefined,
  ): Promise<void> {
    return dumpAndRestore(
      programs,
      libpqEnvironment(this.#url, this.#env),
      libpqEnvironment(urlOf(scratch.name, this.#url), this.#env),
      source.isSuperuser ? [] : ['--no-owner', '--no-privileges'],
      signal,
    );
  }

  async #settled(
    login: Login,
    source: Source,
    scratch: Scratch,
    signal: AbortSignal | undefined,
  ): Promise<Scratch> {
    const without = await orDropped(scratch.drop, signal, () =>
      settle(login.session, urlOf(scratch.name, this.#url), source.name, scratch.name),
    );
    return without.length === 0
      ? scratch
      : { ...scratch, origin: `${scratch.origin}, without ${without.join(' and ')}` };
  }

  /** Nothing is made yet. What drops it knows this one name. */
  #scratch(original: string, origin: string): Begun {
    const name = scratchName(original, LONGEST_NAME, (text) => Buffer.byteLength(text));
    const statement = dropStatement(name);
    const url = urlOf(name, this.#url);
    return begun(
      { target: { kind: 'postgres', url }, name, origin },
      {
        statement,
        logIn: () => logIn(url),
        drop: () => this.#maintaining(({ session }) => dropWithSessions(session, name, statement)),
      },
    );
  }

  /** Not in the database itself, which could then be neither copied nor dropped; there only where no other lets us in. */
  async #maintaining<T>(work: (login: Login) => Promise<T>): Promise<T> {
    const login = await this.#maintenance();
    try {
      return await work(login);
    } finally {
      await login.close().catch(() => undefined);
    }
  }

  async #maintenance(): Promise<Login> {
    for (const database of ['postgres', 'template1']) {
      try {
        return await logIn(urlOf(database, this.#url));
      } catch (error) {
        if (!hasCode(error, [NO_SUCH_DATABASE, ...REFUSED])) throw error;
      }
    }
    return logIn(this.#url);
  }
}

/** Only a superuser gives away what it makes, and can drop it all the same. */
const ownerOf = ({ isSuperuser, otherOwner }: Source) =>
  isSuperuser && otherOwner !== null ? ` OWNER ${sql.identifier(otherOwner)}` : '';

/**
 * Makes it for us alone: what it holds is as confidential as the original, to which not everybody may connect.
 * Aborted or failed, it leaves nothing behind.
 */
async function create(
  { session, cancel }: Login,
  scratch: Begun,
  options: string,
  signal: AbortSignal | undefined,
): Promise<void> {
  const name = sql.identifier(scratch.name);
  // From here on, what has this name is ours, even where the server's answer gets lost.
  const there = await session.rows(`SELECT FROM pg_database WHERE datname = ${sql.literal(scratch.name)}`);
  if (there.length > 0) throw takenName(scratch.name);
  try {
    await cancellable(signal, cancel, () => session.run(`CREATE DATABASE ${name} ${options}`));
  } catch (error) {
    if (hasCode(error, [DUPLICATE_DATABASE])) throw takenName(scratch.name);
    // Nothing can be made there, nor dropped.
    if (hasCode(error, [READ_ONLY])) throw error;
    await orDropped(scratch.drop, signal, () => Promise.reject(error));
  }
  await orDropped(scratch.drop, signal, async () => {
    await session.run(`REVOKE CONNECT ON DATABASE ${name} FROM PUBLIC`);
    await scratch.occupy();
  });
}

const dropStatement = (name: string) => `DROP DATABASE IF EXISTS ${sql.identifier(name)}`;

/** Older servers than 13 do not throw anybody out by themselves. */
async function dropWithSessions(session: Session, name: string, statement: string): Promise<void> {
  const [row] = await session.rows<{ forces: boolean }>(
    `SELECT CAST(current_setting('server_version_num') AS int) >= 130000 AS forces`,
  );
  if (row?.forces) {
    await session.run(`${statement} WITH (FORCE)`);
    return;
  }
  await session.run(
    `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = ${sql.literal(name)}`,
  );
  await session.run(statement);
}

function mayNotCreate(user: string): OnecardError {
  return new OnecardError(`The role ${user} may not create databases.`, {
    remedy: `ALTER ROLE ${sql.identifier(user)} CREATEDB; or rehearse a dump file, or on a disposable database with --in-place.`,
  });
}

function noWayToCopy({ name, sessions, user, version }: Source): OnecardError {
  const why =
    sessions > 0
      ? `${sessions} ${sessions === 1 ? 'session is' : 'sessions are'} connected to ${name}`
      : `The role ${user} may not use ${name} as a template`;
  return new OnecardError(`${why}, and pg_dump of version ${version} or later is not installed.`, {
    remedy:
      sessions > 0
        ? 'Install the PostgreSQL client programs, have the sessions ended, or rehearse a dump file.'
        : `Install the PostgreSQL client programs, connect as the owner of the database, or rehearse a dump file.`,
    exitCode: ExitCode.Failed,
  });
}
