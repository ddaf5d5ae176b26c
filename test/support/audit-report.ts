import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { TestDatabase } from './databases.js';

/** A line of an audit report, as JSON. */
export type AuditLine = Readonly<Record<string, unknown>>;

export const sha256 = (text: string | Buffer): string => createHash('sha256').update(text).digest('hex');

/** Where the report of a run is kept, or that of its rollback with this number. */
export const reportFolder = ({ folder }: TestDatabase, run: string, rollback?: number): string =>
  join(folder, 'onecard-runs', run, ...(rollback === undefined ? [] : [`rollback-${rollback}`]));

/** The text of an audit.ndjson, and its lines. */
export async function readReport(folder: string): Promise<{ text: string; lines: AuditLine[] }> {
  const text = await readFile(join(folder, 'audit.ndjson'), 'utf8');
  return { text, lines: linesOf(text) };
}

export const linesOf = (text: string): AuditLine[] =>
  text
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line));

/** What a forger who has read the README writes: lines numbered and chained anew. */
export function rechained(lines: readonly AuditLine[]): string {
  let link = '0'.repeat(64);
  return lines
    .map(({ line: _, chain: __, ...value }, index) => {
      const body = JSON.stringify({ line: index + 1, ...value }).slice(0, -1);
      const digest = value['kind'] === 'withheld' ? String(value['digest']) : sha256(body);
      link = sha256(`${link}\n${digest}`);
      return `${body},"chain":"${link}"}\n`;
    })
    .join('');
}

/** The report with this line replaced by its digest; it keeps its links. */
export function withholding(text: string, line: number): string {
  const lines = text.trimEnd().split('\n');
  const [, body = '', chain = ''] = /^(.*),"chain":"([0-9a-f]{64})"\}$/.exec(lines[line - 1] ?? '') ?? [];
  lines[line - 1] = JSON.stringify({ line, kind: 'withheld', digest: sha256(body), chain });
  return `${lines.join('\n')}\n`;
}
