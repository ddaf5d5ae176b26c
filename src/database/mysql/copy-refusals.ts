import { OnecardError } from '../../errors.js';
import { isDenied } from '../failure-kinds.js';
import type { Session } from '../session.js';
import { foreignName } from './foreign-name.js';
import { mayMakeTriggers } from './inspect.js';
import { masked, type Reading } from './masked.js';
import { identifier } from './quoting.js';

/** Databases of every server, that can only be read, and tell of all others alike. */
const HARMLESS = ['information_schema', 'performance_schema'];
/** Their rows live elsewhere, and a copy would share them. */
const REMOTE_ENGINES = ['FEDERATED', 'CONNECT', 'SPIDER', 'MRG_MYISAM', 'S3'];

/** Those that a copy must not reach; in lower case. */
export async function readDatabases(session: Session): Promise<ReadonlySet<string>> {
  const rows = await session.rows<{ name: string }>(
    'SELECT SCHEMA_NAME AS name FROM information_schema.SCHEMATA',
  );
  return new Set(rows.map(({ name }) => name.toLowerCase()).filter((name) => !HARMLESS.includes(name)));
}

/**
 * What says `database.table` means that very database, in the copy as well, which would read or write the original
 * or its neighbours.
 * @param what as messages call it: `trigger person_log`.
 */
export function refuseForeignName(
  what: string,
  statement: string,
  reading: Reading,
  databases: ReadonlySet<string>,
): void {
  const code = masked(statement, reading);
  const found = foreignName(statement, code, databases);
  if (found === undefined) return;
  throw new OnecardError(
    `The ${what} names the database ${found.name}: in a copy, it would still work on that one.`,
    {
      remedy: `Leave out "${found.name}." in it, since names without a database mean its own one; or rehearse a dump file on a server of its own.`,
    },
  );
}

export function refuseRemote(table: string, engine: string | null): void {
  if (!REMOTE_ENGINES.includes(engine?.toUpperCase() ?? '')) return;
  throw new OnecardError(
    `The rows of the table ${table} live elsewhere (${engine}), and a copy would share them.`,
    {
      remedy: 'Rehearse a dump file without that table.',
    },
  );
}

/** Without the privilege, the server shows none and says nothing. */
export async function seeTriggers(
  session: Session,
  source: string,
  tables: readonly string[],
): Promise<void> {
  for (const name of tables) {
    if (await mayMakeTriggers(session, { schema: source, name })) continue;
    throw new OnecardError(`This user is not shown whether the table ${name} has triggers.`, {
      remedy: `Grant the user TRIGGER on it: GRANT TRIGGER ON ${identifier(source)}.* TO …`,
    });
  }
}

/** `user@host`; undefined where this user may not see them. */
export async function readAccounts(session: Session): Promise<ReadonlySet<string> | undefined> {
  try {
    const rows = await session.rows<{ account: string }>(
      `SELECT CONCAT(User, '@', Host) AS account FROM mysql.user`,
    );
    return new Set(rows.map(({ account }) => account));
  } catch (error) {
    if (isDenied(error)) return undefined;
    throw error;
  }
}

/**
 * In the copy, the trigger is ours, and would work: a rehearsal would pass, and the run fail.
 * @param accounts undefined where they are not known.
 */
export function refuseOrphan(
  { name, table, definer }: { name: string; table: string; definer: string },
  accounts: ReadonlySet<string> | undefined,
): void {
  if (accounts === undefined || accounts.has(definer)) return;
  throw new OnecardError(
    `The trigger ${name} belongs to ${definer}, which is no account of this server: it refuses every row of ${table} that it fires for.`,
    { remedy: 'Make the trigger anew, with a DEFINER that exists; or drop it.' },
  );
}
