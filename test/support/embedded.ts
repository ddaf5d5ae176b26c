import { cp, mkdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { PGlite } from '@electric-sql/pglite';
import { parsers } from './servers/postgres-client.js';
import type { Rows } from './servers/server.js';
import { shared } from './shared.js';

/** Where onecard keeps its embedded sample, seen from its working folder. */
function sampleIn(folder: string): string {
  return join(folder, '.onecard', 'sample');
}

/** Making a first data folder takes PGlite seconds, copying one a tenth of a second. */
export async function copySample(to: string, fill?: (folder: string) => Promise<void>, name = 'empty') {
  const source = await shared(`embedded-${name}`, async (folder) => {
    if (fill === undefined) await withSample(folder, async () => {});
    else {
      await copySample(folder);
      await fill(folder);
    }
  });
  await mkdir(dirname(sampleIn(to)), { recursive: true });
  await cp(sampleIn(source), sampleIn(to), { recursive: true });
}

/** Opens the sample in this folder, which only one process may have open, and closes it again. */
export async function withSample<T>(
  folder: string,
  use: (query: (sql: string) => Promise<Rows>) => Promise<T>,
): Promise<T> {
  await mkdir(dirname(sampleIn(folder)), { recursive: true });
  const database = await PGlite.create(sampleIn(folder), { parsers });
  try {
    return await use(async (sql) => {
      const results = await database.exec(sql);
      return results.at(-1)?.rows ?? [];
    });
  } finally {
    await database.close();
  }
}
