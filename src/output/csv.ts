import { pipeline } from 'node:stream';
import { stringify } from 'csv-stringify';
import { harmless, harmlessKey } from './csv-guard.js';

export type CsvValue = string | number | bigint | boolean | Date | null | undefined;

type Rows<Row> = AsyncIterable<Row> | Iterable<Row>;

/**
 * CSV as spreadsheets read it: UTF-8 with a byte order mark, CRLF, a line of column names even without rows; in
 * chunks of whole records.
 *
 * No value can become a formula: a cell that begins with `=`, `+`, `-` or `@` (blanks before it aside), or with a tab
 * or line break, gets an apostrophe in front. So does such a sign after a semicolon, tab or line break inside a cell,
 * where a spreadsheet with another list separator begins a cell of its own. Plain numbers such as `-5` and `-0.25`
 * keep. Apostrophes that stand before such a sign already get one more, so that taking one away restores the value.
 *
 * Controls other than tabs and line breaks become visible escapes: NUL ends the file for some readers, ESC acts on a
 * terminal. So do bidirectional overrides, which show a cell as another, and lone surrogates.
 * @param keys columns that are read back, hence guarded with `harmlessKey`, too.
 */
export async function* csvLines<Column extends string>(
  columns: readonly Column[],
  rows: Rows<Readonly<Record<Column, CsvValue>>>,
  keys: readonly Column[] = [],
): AsyncIterable<string> {
  const stringifier = stringify({
    bom: true,
    header: true,
    columns: columns.map((column) => ({ key: column, header: harmless(column) })),
    record_delimiter: 'windows',
    // Off by default once a record delimiter is given; a lone LF in a value would then begin a record.
    quote_record_delimiter: true,
    cast: {
      boolean: String,
      date: (value) => value.toISOString(),
    },
  });
  stringifier.setEncoding('utf8');
  const chunks = pipeline(inOrder(columns, rows, new Set(keys)), stringifier, () => {
    // An error of the rows reaches the reader through the stringifier.
  });
  for await (const chunk of chunks) yield String(chunk);
}

/** As arrays, since the stringifier would take a dot in a column name for a path. */
async function* inOrder<Column extends string>(
  columns: readonly Column[],
  rows: Rows<Readonly<Record<Column, CsvValue>>>,
  keys: ReadonlySet<Column>,
): AsyncIterable<CsvValue[]> {
  for await (const row of rows) {
    yield columns.map((column) => {
      const value = row[column];
      if (typeof value !== 'string') return value;
      return keys.has(column) ? harmlessKey(value) : harmless(value);
    });
  }
}
