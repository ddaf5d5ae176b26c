import { jsonText } from '../acting.js';
import { type Report, type ReportText, recordsOf } from './report.js';

/** One array, a row per line. */
export async function* jsonReport<Row>(report: Report<Row>): ReportText {
  let isFirst = true;
  yield '[';
  for await (const record of jsonRecords(report)) {
    yield `${isFirst ? '' : ','}\n${jsonText(record)}`;
    isFirst = false;
  }
  yield '\n]\n';
}

/** One object per line. */
export async function* ndjsonReport<Row>(report: Report<Row>): ReportText {
  for await (const record of jsonRecords(report)) yield `${jsonText(record)}\n`;
}

async function* jsonRecords<Row>({ columns, rows, detailsOf }: Report<Row>): AsyncIterable<object> {
  if (detailsOf === undefined) {
    yield* recordsOf({ columns, rows });
    return;
  }
  for await (const row of rows)
    yield {
      ...Object.fromEntries(columns.map((column) => [column.name, column.valueOf(row)])),
      details: detailsOf(row),
    };
}
