import type { Database } from '../database/database.js';
import { VERSION } from '../version.js';

/** What every page says of itself. @param more what the report leaves out, and the like. */
export function factsOf(
  { identity }: Database,
  more: readonly (readonly [label: string, value: string | undefined])[],
): (readonly [string, string])[] {
  const facts: (readonly [string, string | undefined])[] = [
    ['database', `${identity.kind} ${identity.version}, ${identity.database}`],
    ['made at', `${new Date().toISOString().replace('T', ' ').slice(0, 19)} UTC, by onecard ${VERSION}`],
    ...more,
  ];
  return facts.flatMap(([label, value]) => (value === undefined ? [] : [[label, value] as const]));
}
