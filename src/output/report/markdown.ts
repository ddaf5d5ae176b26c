import type { ReportColumn } from '../../model/report.js';
import { inMarkdown } from '../markdown-text.js';
import { type Report, type ReportText, textOf } from './report.js';

/** A table as GitHub and its kin show it, below a heading. */
export async function* markdownReport<Row>({ title, isRedacted, columns, rows }: Report<Row>): ReportText {
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |\n`;
  yield `# ${inMarkdown(title)}\n\n`;
  if (isRedacted) yield 'Redacted: pseudonyms stand in place of personal data.\n\n';
  yield line(columns.map((column) => inMarkdown(column.title)));
  yield line(columns.map((column) => (isNumber(column) ? '---:' : '---')));
  for await (const row of rows) yield line(columns.map((column) => inMarkdown(textOf(column.valueOf(row)))));
}

const isNumber = <Row>({ holds }: ReportColumn<Row>) => holds === 'number';
