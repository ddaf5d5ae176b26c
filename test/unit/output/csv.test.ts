import { describe, expect, it } from 'vitest';
import { csvLines } from '../../../src/output/csv.js';

async function written<Column extends string>(...args: Parameters<typeof csvLines<Column>>): Promise<string> {
  let text = '';
  for await (const chunk of csvLines(...args)) text += chunk;
  return text;
}

/** The one cell of a file of one column and row. */
async function cell(value: string | number | bigint | boolean | Date | null): Promise<string> {
  const text = await written(['v'], [{ v: value }]);
  return text.slice('\ufeffv\r\n'.length, -'\r\n'.length);
}

describe('a CSV file', () => {
  it('begins with a byte order mark and ends every line with CRLF', async () => {
    const rows = [
      { operator: '1', name: 'Zoë' },
      { operator: '2', name: '日本, "語"' },
    ];
    expect(await written(['operator', 'name'], rows)).toBe(
      '\ufeffoperator,name\r\n1,Zoë\r\n2,"日本, ""語"""\r\n',
    );
  });

  it('has its column names without rows', async () => {
    expect(await written(['operator', 'name'], [])).toBe('\ufeffoperator,name\r\n');
  });

  it('takes rows as they come', async () => {
    async function* rows() {
      yield { v: 'a' };
      yield { v: 'b' };
    }
    expect(await written(['v'], rows())).toBe('\ufeffv\r\na\r\nb\r\n');
  });

  it('takes a column name with a dot for a name', async () => {
    expect(await written(['a.b'], [{ 'a.b': 'x' }])).toBe('\ufeffa.b\r\nx\r\n');
  });

  it('spells booleans, dates and absent values', async () => {
    expect(await cell(false)).toBe('false');
    expect(await cell(new Date(0))).toBe('1970-01-01T00:00:00.000Z');
    expect(await cell(null)).toBe('');
    expect(await cell(9007199254740993n)).toBe('9007199254740993');
  });

  it('quotes a lone line feed and a lone carriage return', async () => {
    expect(await cell('a\nb')).toBe('"a\nb"');
    expect(await cell('a\rb')).toBe('"a\rb"');
  });

  it('passes the error of its rows on', async () => {
    async function* rows() {
      yield { v: 'a' };
      throw new Error('connection lost');
    }
    await expect(written(['v'], rows())).rejects.toThrow('connection lost');
  });

  it('lets go of its rows when the reader stops', async () => {
    let released = false;
    async function* rows() {
      try {
        for (let v = 0; ; v++) yield { v };
      } finally {
        released = true;
      }
    }
    for await (const _ of csvLines(['v'], rows())) break;
    await expect.poll(() => released).toBe(true);
  });
});

describe('no cell becomes a formula', () => {
  it.each([
    ['=1+1', "'=1+1"],
    ['+31 15 270', "'+31 15 270"],
    ['-2+3', "'-2+3"],
    ['@SUM(A1)', "'@SUM(A1)"],
    ['\t=1', "'\t'=1"],
    ['\rx', '"\'\rx"'],
    ['\nx', '"\'\nx"'],
    [' =1', "' =1"],
    ['\u00a0=1', "'\u00a0=1"],
    ['\ufeff=1', "'\ufeff=1"],
    ['\uff1d1', "'\uff1d1"],
    ['\uff0d1', "'\uff0d1"],
    ['--5', "'--5"],
    ['-5-cmd', "'-5-cmd"],
    ['x;=1', "x;'=1"],
    ['x\n=1', '"x\n\'=1"'],
    ["'=1", "''=1"],
  ])('%j is written as %j', async (value, expected) => {
    expect(await cell(value)).toBe(expected);
  });

  it.each(['-5', '-0.25', '5', 'a=b', 'a-b', "O'Brien", "'s", 'anna@example.com', 'x; y'])(
    '%j stays as it is',
    async (value) => {
      expect(await cell(value)).toBe(value);
    },
  );

  it('a negative number stays one', async () => {
    expect(await cell(-5)).toBe('-5');
  });

  it('column names are guarded too', async () => {
    expect(await written(['=x'], [])).toBe("\ufeff'=x\r\n");
  });
});

it('shows controls that act on readers and terminals', async () => {
  expect(await cell('a\0b\x1b[2J\x9b')).toBe('a\\x00b\\x1b[2J\\x9b');
});
