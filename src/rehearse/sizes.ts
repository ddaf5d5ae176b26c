import type { Database } from '../database/database.js';
import type { Sizes } from '../database/stored-tables.js';

export const readSizes = (database: Database): Promise<Sizes> => database.sizes();

/** What the server has logged in between; null where it does not tell, or has started anew and counts from there. */
export function logBytesBetween(before: Sizes, after: Sizes): number | null {
  if (before.logPosition === null || after.logPosition === null) return null;
  const bytes = Number(BigInt(after.logPosition) - BigInt(before.logPosition));
  return bytes < 0 ? null : bytes;
}
