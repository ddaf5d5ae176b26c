import { readFileSync } from 'node:fs';
import { OnecardError } from '../errors.js';

/** Where the database is. A URL may hold a password: it is never printed. */
export type Target =
  | { readonly kind: 'embedded' }
  | { readonly kind: 'postgres' | 'mysql'; readonly url: string }
  /** By the client's own conventions: PGHOST, .pgpass … */
  | { readonly kind: 'postgres'; readonly url: undefined };

const KINDS: Readonly<Record<string, 'postgres' | 'mysql'>> = {
  'postgres:': 'postgres',
  'postgresql:': 'postgres',
  'mysql:': 'mysql',
  'mariadb:': 'mysql',
};

/**
 * `--database-url`, then `DATABASE_URL`, then `DATABASE_URL_FILE`, then PostgreSQL's own variables, then the
 * embedded sample.
 */
export function findTarget(flag: string | undefined, env: NodeJS.ProcessEnv): Target {
  if (flag !== undefined) return fromFlag(flag);
  if (env['DATABASE_URL']) return fromUrl(env['DATABASE_URL'], 'DATABASE_URL');
  const file = env['DATABASE_URL_FILE'];
  if (file) return fromUrl(readUrl(file), `The file ${file} in DATABASE_URL_FILE`);
  // The driver would not read it, and would go to whatever server runs on this machine.
  if (env['PGSERVICE']) {
    throw new OnecardError('PGSERVICE is set, but onecard does not read service files.', {
      remedy: 'Unset it, and set DATABASE_URL, or PGHOST, PGPORT, PGDATABASE and PGUSER.',
    });
  }
  if (env['PGHOST'] || env['PGDATABASE']) return { kind: 'postgres', url: undefined };
  return { kind: 'embedded' };
}

function fromFlag(flag: string): Target {
  const target = fromUrl(flag, '--database-url');
  const url = new URL(flag);
  if (url.password !== '' || PASSWORD_OPTIONS.some((option) => url.searchParams.has(option))) {
    throw new OnecardError('--database-url holds a password, which the process list shows to everybody.', {
      remedy:
        'Set DATABASE_URL or DATABASE_URL_FILE instead, or leave the password to PGPASSWORD, .pgpass or MYSQL_PWD.',
    });
  }
  return target;
}

/** The drivers take the options of a URL for their own. */
const PASSWORD_OPTIONS = ['password', 'password1', 'passphrase'];

function fromUrl(text: string, source: string): Target {
  const url = parseUrl(text.trim(), source);
  const kind = KINDS[url.protocol];
  if (kind === undefined) {
    throw new OnecardError(
      `${source} names a database of the kind "${url.protocol.slice(0, -1)}", which onecard does not know.`,
      {
        remedy: 'Use postgres://… for PostgreSQL, mysql://… or mariadb://… for MySQL and MariaDB.',
      },
    );
  }
  // A password with / and @ as they are would be cut there, and its rest taken for the host, which is shown.
  if (`${url.pathname}${url.search}${url.hash}`.includes('@')) throw noUrl(source);
  return { kind, url: text.trim() };
}

function parseUrl(text: string, source: string): URL {
  try {
    return new URL(text);
  } catch {
    // The cause would repeat the text, and with it the password.
    throw noUrl(source);
  }
}

const noUrl = (source: string) =>
  new OnecardError(`${source} holds no valid database URL.`, {
    remedy:
      'Write it as postgres://user@host:5432/database; in a password, spell / as %2F, @ as %40, # as %23, ? as %3F, % as %25.',
  });

function readUrl(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (cause) {
    const code = cause instanceof Error && 'code' in cause ? ` (${cause.code})` : '';
    throw new OnecardError(`The file ${file} in DATABASE_URL_FILE cannot be read${code}.`, {
      remedy: 'Check its path, and that this user may read it.',
      cause,
    });
  }
}
