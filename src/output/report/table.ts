import type { ReportColumn } from '../../model/report.js';
import { widthOf } from '../terminal/layout.js';
import { brushFor } from '../terminal/look.js';
import { printableWithin } from '../terminal/printable.js';
import { type Cell, renderFacts, renderTable } from '../terminal/tables.js';
import { type Report, type ReportSetting, type ReportText, textOf } from './report.js';

/** More rows than this are for a file, not for a terminal. */
const ROWS_ON_TERMINAL = 1000;
/** Of a column that is wrapped, and what stands between two columns. */
const NARROWEST = 8;
const GAP = 2;
/** Display columns of a cell: what is longer is cut in its middle. */
const LONGEST = 500;

/** For a terminal: a table as wide as that, or a row below the other where so many columns do not fit. */
export async function* tableReport<Row>(
  { isRedacted, columns, rows }: Report<Row>,
  { look }: ReportSetting,
): ReportText {
  const shown: Cell[][] = [];
  let total = 0;
  for await (const row of rows) {
    total++;
    if (shown.length < ROWS_ON_TERMINAL) shown.push(columns.map((column) => cellOf(column, row)));
  }
  const whole = columns.flatMap(({ holds }, index) => (holds === 'text' ? [] : [index]));
  if (fits(columns, shown, whole, look.width)) {
    const align = columns.map(({ holds }): 'left' | 'right' => (holds === 'number' ? 'right' : 'left'));
    yield `${renderTable({ head: columns.map(({ title }) => title), rows: shown, whole, align, look })}\n`;
  } else {
    const brush = brushFor(look);
    for (const [index, cells] of shown.entries()) {
      yield `${brush.quiet(`${'─'.repeat(3)} ${index + 1}`)}\n`;
      const facts = columns.map(({ title }, column) => [title, plainCell(cells[column] ?? '')] as const);
      yield `${renderFacts(facts, look)}\n`;
    }
  }
  if (total > shown.length)
    yield `… and ${(total - shown.length).toLocaleString('en')} more: --format csv or --format json gives all.\n`;
  if (isRedacted) yield 'Redacted: pseudonyms stand in place of personal data.\n';
}

/** Numbers get thousands separators; nothing else is a number here. */
function cellOf<Row>(column: ReportColumn<Row>, row: Row): string | number {
  const value = column.valueOf(row);
  return typeof value === 'number' ? value : printableWithin(textOf(value), LONGEST);
}

const plainCell = (cell: Cell) => (typeof cell === 'object' ? cell.text : cell);

/** Whether each column finds room, those that are never wrapped as wide as they are. */
function fits<Row>(
  columns: readonly ReportColumn<Row>[],
  rows: readonly (readonly Cell[])[],
  whole: readonly number[],
  width: number,
): boolean {
  const needed = columns.map(({ title }, index) => {
    const cells = [title, ...rows.map((row) => String(plainCell(row[index] ?? '')))];
    const natural = cells.reduce((widest, text) => Math.max(widest, widthOf(text)), 0);
    return whole.includes(index) ? natural : Math.min(natural, NARROWEST);
  });
  return needed.reduce((sum, each) => sum + each, 0) + GAP * (columns.length - 1) <= width;
}
