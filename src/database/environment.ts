import type { Target } from './target.js';

/** What decides which database a process finds by itself. */
const FINDING = ['DATABASE_URL', 'DATABASE_URL_FILE', 'PGSERVICE', 'PGHOST', 'PGDATABASE'];

/**
 * The environment in which a process without a flag finds this database: the embedded one below the folder it
 * runs in. What belongs to the login, such as PGPASSWORD and MYSQL_PWD, stays.
 */
export function environmentFor(target: Target, env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const { DATABASE_URL: _url, DATABASE_URL_FILE: _file, ...rest } = env;
  if (target.kind === 'embedded') {
    return Object.fromEntries(Object.entries(rest).filter(([name]) => !FINDING.includes(name)));
  }
  return target.url === undefined ? rest : { ...rest, DATABASE_URL: target.url };
}
