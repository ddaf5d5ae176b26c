import type { ReportFormat } from '../../model/report-format.js';
import { csvReport } from './csv.js';
import { htmlReport } from './html.js';
import { jsonReport, ndjsonReport } from './json.js';
import { markdownReport } from './markdown.js';
import type { ReportWriter } from './report.js';
import { tableReport } from './table.js';

interface Format {
  readonly write: ReportWriter;
  /** Bytes, which do harm to a terminal. */
  readonly isBinary: boolean;
  /** Read by people rather than by programs: few columns, told in words. */
  readonly isReadable: boolean;
  /** Holds more of a row than the texts of cells. */
  readonly holdsDetails: boolean;
  /** Says more than its rows: totals, and what it is of. */
  readonly isPage: boolean;
}

const TEXT = { isBinary: false, isReadable: false, holdsDetails: false, isPage: false } as const;

/** How a report is written in each format; a million rows go through any of them in constant memory. */
export const FORMATS = {
  table: { ...TEXT, write: tableReport, isReadable: true },
  csv: { ...TEXT, write: csvReport },
  xlsx: {
    ...TEXT,
    // The library is loaded where it is needed.
    write: async function* (report, setting) {
      yield* (await import('./xlsx.js')).xlsxReport(report, setting);
    },
    isBinary: true,
  },
  json: { ...TEXT, write: jsonReport, holdsDetails: true },
  ndjson: { ...TEXT, write: ndjsonReport, holdsDetails: true },
  markdown: { ...TEXT, write: markdownReport, isReadable: true },
  html: { ...TEXT, write: htmlReport, holdsDetails: true, isPage: true },
} as const satisfies Record<ReportFormat, Format>;
