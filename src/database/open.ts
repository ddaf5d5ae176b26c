import type { Database } from './database.js';
import type { Mode } from './session.js';
import type { Target } from './target.js';

/** Opens the database of a target; each driver is loaded only where it is needed. */
export async function openDatabase(
  target: Target,
  mode: Mode,
  env: NodeJS.ProcessEnv,
  folder: string,
): Promise<Database> {
  switch (target.kind) {
    case 'embedded':
      return (await import('./embedded.js')).connectEmbedded(folder, mode);
    case 'mysql':
      return (await import('./mysql/database.js')).connectMysql(target.url, mode, env);
    case 'postgres':
      return (await import('./postgres/database.js')).connectPostgres(target.url, mode);
  }
}
