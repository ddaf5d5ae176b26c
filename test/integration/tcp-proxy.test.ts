import { describe, expect, it, onTestFinished } from 'vitest';
import { type DatabaseUnderTest, serverDatabases } from '../support/databases.js';
import { type Cut, startTcpProxy } from '../support/faults/tcp-proxy.js';
import { connectTo } from '../support/servers/server.js';

/** A table of one number a row, and a server that is reached through the proxy. */
async function prepare({ fresh, kind }: DatabaseUnderTest) {
  const database = await fresh();
  await database.query('CREATE TABLE number (n INTEGER)');
  const url = database.url ?? expect.fail();
  const { hostname: host, port } = new URL(url);
  const proxy = await startTcpProxy({ host, port: Number(port) });
  onTestFinished(() => proxy.close());
  const through = connectTo({ kind, url: proxy.url(url) });
  const numbers = async () => (await database.query('SELECT n FROM number ORDER BY n')).map(({ n }) => n);
  return { proxy, through, numbers };
}

describe.each(serverDatabases)('a proxy in front of $name', (underTest) => {
  it('changes nothing as long as it is asked for nothing', async () => {
    const { through, numbers } = await prepare(underTest);
    const long = 'x'.repeat(5_000_000);
    expect(await through.query(`SELECT '${long}' AS answer`)).toEqual([{ answer: long }]);
    await through.query('INSERT INTO number VALUES (1)');
    expect(await numbers()).toEqual([1]);
  });

  it.each<{ cut: Cut; committed: number[] }>([
    { cut: { text: 'COMMIT', when: 'before' }, committed: [] },
    { cut: { text: 'COMMIT', when: 'during' }, committed: [] },
    { cut: { text: 'COMMIT', when: 'unanswered' }, committed: [1, 2] },
    { cut: { text: 'INSERT INTO', nth: 2, when: 'unanswered' }, committed: [] },
    { cut: { nth: 3, when: 'before' }, committed: [] },
  ])('cuts $cut.when $cut.text $cut.nth, and leaves $committed', async ({ cut, committed }) => {
    const { proxy, through, numbers } = await prepare(underTest);
    const connection = await through.connect();
    const isCut = proxy.cutWhen(cut);
    await expect(
      (async () => {
        await connection.query('BEGIN');
        await connection.query('INSERT INTO number VALUES (1)');
        await connection.query('INSERT INTO number VALUES (2)');
        await connection.query('COMMIT');
      })(),
    ).rejects.toThrow(/terminated|ECONNRESET|closed/);
    await isCut;
    await expect.poll(numbers).toEqual(committed);
    // Once: the next connection works.
    expect(await through.query('SELECT 1 AS one')).toEqual([{ one: 1 }]);
  });

  it('cuts those alone that have sent a text', async () => {
    const { proxy, through } = await prepare(underTest);
    const [one, other] = [await through.connect(), await through.connect()];
    await one.query("SELECT 'this one' AS which");
    await other.query("SELECT 'the other' AS which");
    expect(proxy.cutNow('this one')).toBe(1);
    await expect(one.query('SELECT 1')).rejects.toThrow();
    expect(await other.query('SELECT 1 AS one')).toEqual([{ one: 1 }]);
    await other.close();
  });

  it('refuses newcomers for a while', async () => {
    const { proxy, through } = await prepare(underTest);
    const connection = await through.connect();
    const over = proxy.refuse(300);
    await expect(through.query('SELECT 1')).rejects.toThrow('ECONNREFUSED');
    expect(await connection.query('SELECT 1 AS one')).toEqual([{ one: 1 }]);
    await over;
    expect(await through.query('SELECT 1 AS one')).toEqual([{ one: 1 }]);
    await connection.close();
  });
});
