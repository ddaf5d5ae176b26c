import { type ColumnDef, writeXlsxStream, XLSX_MAX_ROWS_PER_SHEET } from 'hucre/xlsx';
import type { ReportColumn, ReportValue } from '../../model/report.js';
import { withoutActingInCell } from '../acting.js';
import type { Report, ReportSetting, ReportText } from './report.js';

/** In UTF-16 units: what a cell can hold. */
const LONGEST = 32_767;
const SHEET_NAME = 31;

/**
 * A workbook as it is written, row by row. Every text is a cell of the type and format text: nothing is a formula, and
 * keys and times stay as they are, also where somebody edits them. More rows than a sheet holds go on in another one.
 * @param rowsPerSheet the line of titles included.
 */
export async function* xlsxReport<Row>(
  { title, isRedacted, columns, rows }: Report<Row>,
  { note }: ReportSetting,
  rowsPerSheet = XLSX_MAX_ROWS_PER_SHEET,
): ReportText {
  let cut = 0;
  const cells = async function* () {
    for await (const row of rows)
      yield columns.map((column) => {
        const value = cellOf(column.valueOf(row));
        if (typeof value !== 'string' || value.length <= LONGEST) return value;
        cut++;
        return shortened(value);
      });
  };
  yield* writeXlsxStream(cells(), {
    name: `${title.toLowerCase()}${isRedacted ? ', redacted' : ''}`.slice(0, SHEET_NAME),
    columns: columns.map(definitionOf),
    freezePane: { rows: 1 },
    maxRowsPerSheet: rowsPerSheet,
  });
  if (cut > 0)
    note(
      `${cut === 1 ? '1 cell was' : `${cut} cells were`} cut to the ${LONGEST.toLocaleString('en')} characters that a cell can hold, and ${cut === 1 ? 'ends' : 'end'} in …; CSV and JSON hold all.`,
    );
}

const WIDTHS: Readonly<Record<ReportColumn<never>['holds'], number>> = {
  key: 38,
  text: 28,
  time: 26,
  number: 12,
  boolean: 10,
};

const definitionOf = <Row>({ title, holds }: ReportColumn<Row>): ColumnDef => ({
  header: title,
  width: WIDTHS[holds],
  // Otherwise a spreadsheet would take 0012 for a number once somebody has edited the cell.
  ...(holds !== 'number' && holds !== 'boolean' && { numFmt: '@' }),
});

/** Spreadsheets read `_x0041_` as the letter that it stands for: its underscore has to be written so, too. */
const ESCAPE_OF_THE_FORMAT = /_(?=x[0-9a-f]{4}_)/gi;
const NO_XML = /[\ufffe\uffff]/g;

function cellOf(value: ReportValue): ReportValue {
  if (typeof value !== 'string') return value;
  return withoutActingInCell(value)
    .replace(NO_XML, (character) => `\\u{${character.charCodeAt(0).toString(16)}}`)
    .replace(ESCAPE_OF_THE_FORMAT, '_x005F_');
}

/** At the end of a whole character. */
function shortened(text: string): string {
  return `${text.slice(0, LONGEST - 1).replace(/[\ud800-\udbff]$/, '')}…`;
}
