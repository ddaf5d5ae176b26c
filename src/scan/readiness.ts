import { findObstacles } from '../apply/preflight.js';
import type { Layout } from '../config/layout.js';
import { isSameTable } from '../config/references.js';
import type { Database, Obstacle } from '../database/database.js';
import type { Trigger } from '../database/schema.js';
import { findLacking } from '../privileges/require.js';

/** Whether a run could go ahead here with this user, and what of that cannot be told. */
export interface Readiness {
  readonly obstacles: readonly Obstacle[];
  /** Privileges that a run needs and this user has not, and what grants them. */
  readonly missing: readonly string[];
  readonly grants: readonly string[];
  readonly excessive: readonly string[];
  readonly triggers: readonly Trigger[];
  /** Names of those that fire when a card is inserted. */
  readonly cardTriggers: readonly string[];
  /** Tables whose triggers this user may not see. */
  readonly hiddenTriggers: readonly string[];
}

/** Asked beside the inventory, which may have the only connection while it lasts. */
export async function assessReadiness(database: Database, layout: Layout): Promise<Readiness> {
  const { lacking, grants } = await findLacking('migrate', database, layout);
  const { triggers, cardTriggers, hidden } = await findTriggers(database, layout);
  return {
    obstacles: await findObstacles(database, layout),
    missing: lacking,
    grants,
    excessive: await database.privileges.excessive(),
    triggers,
    cardTriggers,
    hiddenTriggers: hidden,
  };
}

/** What the application's database does by itself when a run writes. */
export async function findTriggers(database: Database, { operators, persons }: Layout) {
  const tables = [...new Set([operators.name, persons.name])];
  const each = await Promise.all(tables.map((table) => database.triggers(table)));
  const triggers = each.flatMap(({ found }) => found);
  return {
    triggers,
    cardTriggers: triggers
      .filter(({ table, when }) => isSameTable(table, persons.name) && when.includes('INSERT'))
      .map(({ name }) => name),
    hidden: tables.filter((_, index) => !each[index]?.isComplete).map(({ name }) => name),
  };
}
