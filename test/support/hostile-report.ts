import type { ReportColumn } from '../../src/model/report.js';
import type { Report, ReportText } from '../../src/output/report/report.js';

export interface TwoCells {
  readonly key: string;
  readonly text: string;
}

export const TWO_COLUMNS: readonly ReportColumn<TwoCells>[] = [
  { name: 'operator', title: 'operator key', holds: 'key', valueOf: ({ key }) => key },
  { name: 'operatorName', title: 'operator', holds: 'text', valueOf: ({ text }) => text },
];

/** Each value as a key, and beside it as a text. */
export function reportOf(values: readonly string[], more: Partial<Report<TwoCells>> = {}): Report<TwoCells> {
  return {
    title: 'Links of operators',
    isRedacted: false,
    columns: TWO_COLUMNS,
    rows: (async function* () {
      for (const value of values) yield { key: value, text: value };
    })(),
    ...more,
  };
}

export async function textOfReport(pieces: ReportText): Promise<string> {
  let text = '';
  for await (const piece of pieces) text += typeof piece === 'string' ? piece : Buffer.from(piece).toString();
  return text;
}

export async function bytesOfReport(pieces: ReportText): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  for await (const piece of pieces) chunks.push(Buffer.from(piece));
  return Buffer.concat(chunks);
}

/** What no file or terminal may be given: controls other than tabs and line breaks, and what turns writing round. */
export const ACTING = /(?![\t\n\r])[\p{Cc}\u202a-\u202e\u2066-\u2069\ufffd]/u;
