import { readFileSync } from 'node:fs';
import { OnecardError } from '../errors.js';

/** Where the database is. A URL may hold a password: it is never printed; `redactedUrl` is. */
export type Target =
  | { readonly kind: 'embedded' }
  | { readonly kind: 'postgres' | 'mysql'; readonly url: string }
  /** By the client's own conventions: PGHOST, PGSERVICE, .pgpass … */
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
  if (env['DATABASE_URL_FILE'])
    return fromUrl(readUrl(env['DATABASE_URL_FILE']), 'The file in DATABASE_URL_FILE');
  if (env['PGHOST'] || env['PGDATABASE'] || env['PGSERVICE']) return { kind: 'postgres', url: undefined };
  return { kind: 'embedded' };
}

function fromFlag(flag: string): Target {
  const target = fromUrl(flag, '--database-url');
  if (new URL(flag).password !== '') {
    throw new OnecardError('--database-url holds a password, which the process list shows to everybody.', {
      remedy:
        'Set DATABASE_URL or DATABASE_URL_FILE instead, or leave the password to PGPASSWORD, .pgpass or MYSQL_PWD.',
    });
  }
  return target;
}

function fromUrl(text: string, source: string): Target {
  const url = parseUrl(text.trim(), source);
  const kind = KINDS[url.protocol];
  if (kind === undefined) {
    throw new OnecardError(
      `${source} names a database of the kind "${url.protocol.slice(0, -1)}", which onecard does not know.`,
      {
        remedy: 'Use postgres://, mysql:// or mariadb://.',
      },
    );
  }
  return { kind, url: text.trim() };
}

function parseUrl(text: string, source: string): URL {
  try {
    return new URL(text);
  } catch {
    // The cause would repeat the text, and with it the password.
    throw new OnecardError(`${source} is no database URL.`, {
      remedy:
        'Write it as postgres://user@host:5432/database; percent-encode special characters of the password.',
    });
  }
}

function readUrl(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (cause) {
    throw new OnecardError(`The file ${file} in DATABASE_URL_FILE cannot be read.`, {
      remedy: 'Check its path and rights.',
      cause,
    });
  }
}
