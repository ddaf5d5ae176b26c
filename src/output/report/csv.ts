import { csvLines } from '../csv.js';
import { type Report, type ReportText, recordsOf } from './report.js';

/** With keys that a spreadsheet leaves as they are: see `csvLines`. */
export function csvReport<Row>({ columns, rows }: Report<Row>): ReportText {
  return csvLines(
    columns.map(({ name }) => name),
    recordsOf({ columns, rows }),
    columns.filter(({ holds }) => holds === 'key').map(({ name }) => name),
  );
}
