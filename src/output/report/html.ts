import { htmlPage } from '../html/page.js';
import type { Report, ReportText } from './report.js';

/** One page that needs nothing else. */
export function htmlReport<Row>({
  title,
  isRedacted,
  columns,
  rows,
  detailsOf,
  around,
}: Report<Row>): ReportText {
  const redacted = [['redacted', 'pseudonyms stand in place of personal data']] as const;
  return htmlPage({
    title,
    facts: [...(around?.facts ?? []), ...(isRedacted ? redacted : [])],
    totals: around?.totals ?? [],
    filters: around?.filters ?? [],
    columns,
    rows,
    detailsOf,
  });
}
