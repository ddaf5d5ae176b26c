import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { Rehearsal } from '../../src/model/rehearsal.js';
import { onecard } from '../support/cli.js';
import { type DatabaseUnderTest, serverDatabases, type TestDatabase } from '../support/databases.js';
import { mariadbDump, pgDump } from '../support/dumps.js';
import { copiesOf, stepsWith, wordsOf } from '../support/rehearsals.js';
import { sample } from '../support/sample.js';
import { connectTo, type Server } from '../support/servers/server.js';

/** How a dump is made of the database into this file, and whether it needs a server to be rehearsed on. */
interface Format {
  readonly name: string;
  readonly on: DatabaseUnderTest['name'];
  readonly isOnServer: boolean;
  write(server: Server, database: string, file: string): Promise<unknown>;
}

const archive = (format: string) => (server: Server, database: string, file: string) =>
  pgDump(server, database, [`--format=${format}`, `--file=${file}`]);

const formats: readonly Format[] = [
  {
    name: 'plain and gzipped, without a server',
    on: 'PostgreSQL',
    isOnServer: false,
    write: async (server, database, file) =>
      writeFile(file, gzipSync(Buffer.from(await pgDump(server, database), 'latin1'))),
  },
  { name: 'custom', on: 'PostgreSQL', isOnServer: true, write: archive('custom') },
  { name: 'directory', on: 'PostgreSQL', isOnServer: true, write: archive('directory') },
  {
    name: 'mariadb-dump',
    on: 'MariaDB',
    isOnServer: true,
    write: async (server, database, file) => writeFile(file, await mariadbDump(server, [database]), 'latin1'),
  },
];

/** Rehearses on the file alone: the database that it was made from is gone by then. */
async function rehearsed(database: TestDatabase, { isOnServer, write }: Format) {
  const { kind, name, url = '' } = database;
  const folder = await mkdtemp(join(tmpdir(), 'onecard-dumps-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  const server = connectTo({ kind, url });
  const file = join(folder, 'snapshot');
  await write(server, name, file);
  await database.query(
    kind === 'postgres'
      ? 'DROP TABLE operator, incident, person CASCADE'
      : 'DROP TABLE incident, operator, person',
  );
  const temporary = join(folder, 'temporary');
  await mkdir(temporary);
  const env = { TMPDIR: temporary, ...(isOnServer && { DATABASE_URL: url }) };
  const result = await onecard(['rehearse', file, '--json'], { folder, env, timeoutMs: 120_000 });
  return { ...result, left: await readdir(temporary) };
}

describe.each(formats)('a dump in the format $name', (format) => {
  const under = serverDatabases.find(({ name }) => name === format.on);

  it.runIf(under)(
    'is rehearsed from the file alone, and nothing is left behind',
    { timeout: 200_000 },
    async () => {
      const database = await under?.fresh(sample);
      if (database === undefined) throw new Error(`${format.on} is not there`);
      const result = await rehearsed(database, format);
      expect(result.stderr).not.toMatch(/internal error|onecard:/);
      const rehearsal: Rehearsal = JSON.parse(result.stdout);
      expect(stepsWith(rehearsal, 'failed').map((step) => wordsOf(rehearsal, step))).toEqual([]);
      expect(result).toMatchObject({ code: 0, left: [] });
      expect(wordsOf(rehearsal, 'dry-run')).toMatch(/^330 operators, 98 to be written/);
      // Others may be rehearsing on this server.
      const [, dropped] = wordsOf(rehearsal, 'clean-up').split(/dropped |\n/);
      expect(await copiesOf({ ...database, name: 'onecard' })).not.toContain(dropped);
      expect(dropped).toMatch(format.isOnServer ? /^onecard_rehearsal_[0-9a-f]{6}$/ : /^sample$/);
    },
  );
});

it('says nowhere which value of a dump the database has refused, unless it may', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'onecard-dumps-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  const file = join(folder, 'snapshot.sql');
  await writeFile(
    file,
    'CREATE TABLE public.person (id int);\nCOPY public.person FROM stdin;\nAnn Example\n\\.\n',
  );
  const refused = await onecard(['rehearse', file, '--json'], { folder });
  expect(refused.code).toBe(2);
  expect(refused.stdout).toContain('line 3: invalid input syntax for type integer: \\"…\\".');
  expect(refused.stdout + refused.stderr).not.toContain('Ann Example');
  const open = await onecard(['rehearse', file, '--json', '--no-redact'], { folder });
  expect(open.stdout).toContain('type integer: \\"Ann Example\\"');
});
