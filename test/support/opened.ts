import type { Database } from '../../src/database/database.js';
import { openDatabase } from '../../src/database/open.js';
import type { Mode } from '../../src/database/session.js';
import type { TestDatabase } from './databases.js';

/** The engines' own view of a test's database; of an embedded one, the only process that may have it open. */
export function openTest({ kind, url, folder }: TestDatabase, mode: Mode = 'write'): Promise<Database> {
  return openDatabase(url === undefined ? { kind: 'embedded' } : { kind, url }, mode, {}, folder);
}

/** As long as the work takes. */
export async function opened<T>(place: TestDatabase, work: (database: Database) => Promise<T>): Promise<T> {
  const database = await openTest(place);
  try {
    return await work(database);
  } finally {
    await database.close();
  }
}
