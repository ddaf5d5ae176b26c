import type { Layout } from '../config/layout.js';
import type { Database } from '../database/database.js';
import { describeLacking, type Privilege, requireFor } from '../database/privileges.js';
import type { GrantedCommand } from '../model/granted-command.js';
import { needsOf, sightNeeds } from './needs.js';

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
  return {
    lacking: describeLacking(lacking),
    grants: privileges.grants(lacking, await privileges.user()),
  };
}

/** @throws OnecardError that names each privilege the command lacks, and what grants it. */
export async function requirePrivileges(
  command: GrantedCommand,
  database: Database,
  layout: Layout,
): Promise<void> {
  await requireFor(database.privileges, await needsOf(command, database, layout));
}

/**
 * For whoever only looks at what a rollback would do: without sight of all references that would look harmless.
 * @throws OnecardError with what grants the sight.
 */
export async function requireSightOfReferences(database: Database, layout: Layout): Promise<void> {
  await requireFor(database.privileges, sightNeeds(layout));
}
