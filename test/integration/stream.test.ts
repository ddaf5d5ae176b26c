import { describe, expect, it, onTestFinished } from 'vitest';
import { openDatabase } from '../../src/database/open.js';
import { serverDatabases } from '../support/databases.js';

describe.each(serverDatabases)('a stream of rows on $name', ({ fresh, kind }) => {
  it('fails when its connection is cut: whoever reads it must not wait for ever', async () => {
    const { url, folder, query } = await fresh();
    if (url === undefined) throw new Error('a server was expected');
    const database = await openDatabase({ kind, url }, 'read', {}, folder);
    onTestFinished(() => database.close());
    const id = kind === 'postgres' ? 'pg_backend_pid()' : 'CONNECTION_ID()';
    const reading = database.snapshot(async (session) => {
      const [row] = await session.rows<{ id: string | number }>(`SELECT ${id} AS id`);
      // On their way before there is a row.
      const slow = kind === 'postgres' ? 'SELECT pg_sleep(20)' : 'SELECT SLEEP(20) FROM DUAL';
      setTimeout(() => {
        void query(kind === 'postgres' ? `SELECT pg_terminate_backend(${row?.id})` : `KILL ${row?.id}`);
      }, 300);
      for await (const _ of session.stream(slow)) expect.fail('a row came');
    });
    await expect(reading).rejects.toThrow(/connection|terminat/i);
  }, 10_000);
});
