import { CsvError, parse } from 'csv-parse/sync';
import { OnecardError } from '../errors.js';
import { unguarded, unguardedKey } from './csv-guard.js';

/** A line of a CSV file: its number as a spreadsheet counts it, from 1, and its cells by the names of their columns. */
export interface CsvRow<Column extends string> {
  readonly row: number;
  readonly cells: Readonly<Record<Column, string>>;
}

/** What spreadsheets put between cells, by the list separator of their locale. */
const DELIMITERS = [',', ';', '\t'] as const;

/**
 * Reads what a spreadsheet made of a file that `csvLines` wrote: with a byte order mark or none, any of the usual
 * separators and line breaks, columns in any order, others among them. Guards are taken away; lines without any
 * text are left out.
 * @param keys columns that were guarded with `harmlessKey`.
 * @throws OnecardError where it is no UTF-8 or no CSV, or lacks one of the columns.
 */
export function readCsv<Column extends string>(
  bytes: Uint8Array,
  name: string,
  columns: readonly Column[],
  keys: readonly Column[],
): CsvRow<Column>[] {
  const [names = [], ...lines] = records(textOf(bytes, name), name);
  const places = placesOf(columns, names, name);
  return lines.flatMap((line, index) => {
    if (line.every((cell) => cell.trim() === '')) return [];
    const cells = columns.map((column) => {
      const cell = line[places[column]] ?? '';
      return [column, keys.includes(column) ? unguardedKey(cell) : unguarded(cell)];
    });
    return [{ row: index + 2, cells: Object.fromEntries(cells) as Record<Column, string> }];
  });
}

function textOf(bytes: Uint8Array, name: string): string {
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch (cause) {
    throw new OnecardError(`The file ${name} is not in UTF-8.`, {
      remedy: 'Save it in the spreadsheet as "CSV UTF-8".',
      cause,
    });
  }
  if (!text.includes('\0')) return text;
  throw new OnecardError(`The file ${name} holds a NUL character: it is no CSV file.`, {
    remedy: 'Save it in the spreadsheet as "CSV UTF-8", not as a workbook.',
  });
}

function records(text: string, name: string): string[][] {
  try {
    return parse(text, {
      bom: true,
      delimiter: delimiterOf(text),
      record_delimiter: ['\r\n', '\n', '\r'],
      relax_column_count: true,
      // Every line counts, so that rows have the numbers that a spreadsheet shows.
      skip_empty_lines: false,
    });
  } catch (cause) {
    if (!(cause instanceof CsvError)) throw cause;
    throw new OnecardError(`The file ${name} is no CSV file: ${cause.message.replace(/\.$/, '')}.`, {
      remedy: 'Save it anew in the spreadsheet as "CSV UTF-8".',
      cause,
    });
  }
}

/** The one that the line of names holds most of; quoted parts aside. */
function delimiterOf(text: string): string {
  const names = /^[^\r\n]*/.exec(text.replace(/"[^"]*"/g, ''))?.[0] ?? '';
  const count = (delimiter: string) => names.split(delimiter).length;
  return DELIMITERS.reduce((best, delimiter) => (count(delimiter) > count(best) ? delimiter : best));
}

function placesOf<Column extends string>(
  columns: readonly Column[],
  names: readonly string[],
  file: string,
): Record<Column, number> {
  const found = names.map((name) => name.trim().toLowerCase());
  const missing = columns.filter((column) => !found.includes(column));
  const twice = columns.find((column) => found.indexOf(column) !== found.lastIndexOf(column));
  if (missing.length > 0 || twice !== undefined) {
    throw new OnecardError(
      missing.length > 0
        ? `The file ${file} has no column ${missing.join(', ')}.`
        : `The file ${file} has two columns ${twice}.`,
      { remedy: 'Its first line has to hold the names of the columns, as `onecard review` writes them.' },
    );
  }
  return Object.fromEntries(columns.map((column) => [column, found.indexOf(column)])) as Record<
    Column,
    number
  >;
}
