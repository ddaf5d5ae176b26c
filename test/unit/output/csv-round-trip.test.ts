import { describe, expect, it } from 'vitest';
import { OnecardError } from '../../../src/errors.js';
import { csvLines } from '../../../src/output/csv.js';
import { readCsv } from '../../../src/output/csv-table.js';

const HOSTILE = [
  '=1',
  '-x',
  '-5',
  '-0.25',
  '+31 15 270',
  '@SUM(A1)',
  "'=1",
  "''=1",
  "'",
  "''",
  "'quoted'",
  "O'Brien",
  '=HYPERLINK("http://evil.example","x")',
  '\t=1',
  "\t'=1",
  '\n=1',
  'x;=1',
  "x;'=1",
  'x;\n=1',
  'a, b; "c"',
  '  blanks  ',
  '\u00a0=1',
  '＝1',
  '日本, "語"',
  '0012',
  "'0012",
  '1e5',
  '3-4',
  '1/2',
  '12.50',
  '.5',
  '007 ',
  '9007199254740993',
  '123456789012345',
  '0',
  'TRUE',
  'mar-12',
  '5 May',
  '10:30',
  '00000000-0000-0000-0000-000000000001',
  '0b1e0000-0000-4000-8000-000000000042',
  '',
];

const bytesOf = (text: string) => new TextEncoder().encode(text);

async function written(values: readonly string[], keys: readonly 'v'[]): Promise<string> {
  let text = '';
  for await (const chunk of csvLines(
    ['v', 'end'],
    values.map((v) => ({ v, end: 'x' })),
    keys,
  ))
    text += chunk;
  return text;
}

describe('a value that is written for a spreadsheet and read back', () => {
  it.each(HOSTILE)('is the same: %j', async (value) => {
    for (const keys of [[], ['v']] as const) {
      const [row] = readCsv(bytesOf(await written([value], keys)), 'f.csv', ['v', 'end'], keys);
      expect(row?.cells.v).toBe(value);
    }
  });

  it.each(['0012', '1e5', '3-4', '12.50', '9007199254740993', 'TRUE', 'mar-12', '12345e6789012345'])(
    'as a key is no number and no date to a spreadsheet: %j',
    async (value) => {
      expect(await written([value], ['v'])).toBe(`\ufeffv,end\r\n'${value},x\r\n`);
    },
  );

  it.each(['12', '0', '-5', 'agent-7', 'maria', '0a000000-0000-4000-8000-000000000041'])(
    'as a key stays as it is where it is safe: %j',
    async (value) => {
      expect(await written([value], ['v'])).toBe(`\ufeffv,end\r\n${value},x\r\n`);
    },
  );
});

describe('what spreadsheets make of a file', () => {
  const cells = (text: string) => readCsv(bytesOf(text), 'f.csv', ['operator', 'who'], ['operator']);
  const expected = [
    { row: 2, cells: { operator: '1', who: 'Zoë' } },
    { row: 4, cells: { operator: '2', who: 'a, b; c' } },
  ];

  it.each([
    ['commas, CRLF and a byte order mark', '\ufeffoperator,who\r\n1,Zoë\r\n\r\n2,"a, b; c"\r\n'],
    ['semicolons', 'operator;who\r\n1;Zoë\r\n;\r\n2;"a, b; c"\r\n'],
    ['tabs and LF, no line break at the end', 'operator\twho\n1\tZoë\n\n2\ta, b; c'],
    ['lone CR', 'operator;who\r1;Zoë\r;\r2;"a, b; c"\r'],
    ['quotes everywhere', '"operator";"who"\n"1";"Zoë"\n"";""\n"2";"a, b; c"\n'],
    ['other columns, in another order', 'x;who;"y,,,,";Operator \n;Zoë;;1\n;;;\n;"a, b; c";z;2\n'],
    ['short lines', 'operator;who;x\n1;Zoë\n\n2;"a, b; c";x\n'],
  ])('is read: %s', (_, text) => {
    expect(cells(text)).toEqual(expected);
  });

  it.each([
    ['a column is missing', bytesOf('operator,x\n1,2\n'), 'The file f.csv has no column who.'],
    ['a column is there twice', bytesOf('operator,who,WHO\n1,2,3\n'), 'The file f.csv has two columns who.'],
    ['it is empty', bytesOf(''), 'The file f.csv has no column operator, who.'],
    ['it is no UTF-8', Buffer.from('operator,who\n1,Zo\xeb\n', 'latin1'), 'The file f.csv is not in UTF-8.'],
    ['it is a workbook', bytesOf('PK\u0003\u0004\0\0'), 'The file f.csv holds a NUL character'],
    ['a quote is left open', bytesOf('operator,who\n1,"x\n'), 'The file f.csv is no CSV file'],
  ])('is refused where %s', (_, bytes, message) => {
    expect(() => readCsv(bytes, 'f.csv', ['operator', 'who'], [])).toThrow(OnecardError);
    expect(() => readCsv(bytes, 'f.csv', ['operator', 'who'], [])).toThrow(message);
  });
});
