import { OnecardError } from '../../errors.js';
import type { Target } from '../target.js';
import type { Loader } from './loader.js';

/** Whose statements a dump holds. */
export type DumpFamily = 'postgres' | 'mysql';

/**
 * Opens the way into an empty database for a dump of this family.
 *
 * @param folder where the embedded database is kept; it is made where there is none.
 * @throws OnecardError where the database does not take such a dump.
 */
export async function openLoader(
  family: DumpFamily,
  target: Target,
  env: NodeJS.ProcessEnv,
  folder: string,
): Promise<Loader> {
  if (family === 'mysql') {
    if (target.kind === 'mysql') return (await import('../mysql/loader.js')).openMysqlLoader(target.url, env);
    throw new OnecardError(
      target.kind === 'postgres'
        ? 'The dump is one of MySQL or MariaDB, and the given server is PostgreSQL.'
        : 'The dump is one of MySQL or MariaDB, and no server is given: the embedded database is PostgreSQL.',
      { remedy: 'Set DATABASE_URL=mysql://… of a scratch server.' },
    );
  }
  switch (target.kind) {
    case 'embedded':
      return (await import('../embedded-loader.js')).openEmbeddedLoader(folder);
    case 'postgres':
      return (await import('../postgres/loader.js')).openPostgresLoader(target.url);
    case 'mysql':
      throw new OnecardError('The dump is one of PostgreSQL, and the given server is MySQL or MariaDB.', {
        remedy:
          'Set DATABASE_URL=postgres://… of a scratch server, or unset it to load the dump into the embedded database.',
      });
  }
}
