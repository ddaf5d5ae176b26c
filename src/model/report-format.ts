/** What a report can be written as. */
export const REPORT_FORMATS = ['table', 'csv', 'xlsx', 'json', 'ndjson', 'markdown', 'html'] as const;
export type ReportFormat = (typeof REPORT_FORMATS)[number];

/** By the extension of a file's name; undefined where that says nothing. */
export function formatOfFile(name: string): ReportFormat | undefined {
  const extension = /\.([^./\\]+)$/.exec(name)?.[1]?.toLowerCase() ?? '';
  return FORMAT_OF.get(extension);
}

const FORMAT_OF: ReadonlyMap<string, ReportFormat> = new Map([
  ['txt', 'table'],
  ['csv', 'csv'],
  ['xlsx', 'xlsx'],
  ['json', 'json'],
  ['ndjson', 'ndjson'],
  ['jsonl', 'ndjson'],
  ['md', 'markdown'],
  ['markdown', 'markdown'],
  ['html', 'html'],
  ['htm', 'html'],
]);
