import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { type SampleSize, sampleRows, sampleSchema } from '../../fixtures/sample/index.js';
import type { Field } from '../support/faults/series.js';
import { dumpDatabase, loadDump } from '../support/servers/mariadb-dump.js';
import type { Server } from '../support/servers/server.js';

export interface Fields {
  /** A new copy of the filled database, with a working folder of its own. */
  fresh(): Promise<Field>;
  drop(field: Field): Promise<void>;
}

/** Fills a database once; the copies are equal, stamps included. */
export async function fieldsOn(server: Server, folder: string, size: SampleSize): Promise<Fields> {
  const template = 'soak_template';
  await server.createDatabase(template);
  for (const statement of [...sampleSchema(server.kind), ...sampleRows(server.kind, size)])
    await server.query(statement, template);
  const copy = await copier(server, template, folder);
  const names = new WeakMap<Field, string>();
  let count = 0;
  return {
    async fresh() {
      const name = `soak_${++count}`;
      const url = await copy(name);
      const own = join(folder, name);
      await mkdir(own);
      const field = { kind: server.kind, url, folder: own, query: (sql: string) => server.query(sql, name) };
      names.set(field, name);
      return field;
    },
    async drop(field) {
      await server.dropDatabase(names.get(field) ?? '');
      await rm(field.folder, { recursive: true });
    },
  };
}

async function copier(server: Server, template: string, folder: string) {
  if (server.kind === 'postgres')
    return (name: string) => server.createDatabase(name, `TEMPLATE "${template}"`);
  const dump = join(folder, 'dump.sql');
  await dumpDatabase(server, template, dump);
  return async (name: string) => {
    const url = await server.createDatabase(name);
    await loadDump(server, dump, name);
    return url;
  };
}
