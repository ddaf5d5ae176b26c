import type { Database } from '../database/database.js';
import type { Configuration } from '../model/configuration.js';

/** What things are called here: words of a server that are no values. */
export async function namesOf(
  database: Database,
  { operators, persons }: Configuration,
): Promise<Set<string>> {
  const names = new Set<string>([database.identity.database]);
  for (const { name, columns, triggers } of (await database.catalog()).tables) {
    const each = [name.schema, name.name, ...columns.keys(), ...triggers.map((trigger) => trigger.name)];
    for (const word of each) if (word !== undefined) names.add(word);
  }
  for (const name of [operators.table, persons.table]) {
    const table = await database.inspect(name);
    if (table === undefined) continue;
    const { uniques, checks, foreignKeys } = await database.rules(table.name);
    for (const rule of [...uniques, ...checks, ...foreignKeys])
      if (rule.name !== undefined) names.add(rule.name);
  }
  return names;
}
