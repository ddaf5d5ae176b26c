import type { Layout } from '../config/layout.js';
import type { Database } from '../database/database.js';
import { describePrivilege, type Privilege } from '../database/privileges.js';
import { OnecardError } from '../errors.js';
import type { GrantedCommand } from '../model/granted-command.js';
import { needsOf } from './needs.js';

/** The least that a command needs on the database at hand. */
export async function privilegesOf(
  command: GrantedCommand,
  database: Database,
  layout: Layout,
): Promise<Privilege[]> {
  return database.privileges.toMeet(await needsOf(command, database, layout));
}

/** Those that the connected user has not, and the statements that give them. */
export async function findLacking(command: GrantedCommand, database: Database, layout: Layout) {
  const { privileges } = database;
  const lacking = await privileges.lacking(await privilegesOf(command, database, layout));
  const user = await privileges.user();
  return { user, lacking: lacking.map(describePrivilege), grants: privileges.grants(lacking, user) };
}

/** @throws OnecardError that names each privilege the command lacks, and what grants it. */
export async function requirePrivileges(
  command: GrantedCommand,
  database: Database,
  layout: Layout,
): Promise<void> {
  const { user, lacking, grants } = await findLacking(command, database, layout);
  if (lacking.length === 0) return;
  throw new OnecardError(
    lacking.length === 1
      ? `The database user ${user} lacks ${lacking[0]}.`
      : `The database user ${user} lacks ${lacking.length} privileges:\n${lacking.map((each) => `  ${each}`).join('\n')}`,
    {
      remedy: `Grant what is missing; nothing was written:\n${grants.map((grant) => `    ${grant}`).join('\n')}`,
    },
  );
}
