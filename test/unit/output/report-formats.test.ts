import { parse } from 'csv-parse/sync';
import { marked } from 'marked';
import { describe, expect, it } from 'vitest';
import { unguarded, unguardedKey } from '../../../src/output/csv-guard.js';
import { csvReport } from '../../../src/output/report/csv.js';
import { jsonReport, ndjsonReport } from '../../../src/output/report/json.js';
import { markdownReport } from '../../../src/output/report/markdown.js';
import { tableReport } from '../../../src/output/report/table.js';
import { widthOf } from '../../../src/output/terminal/layout.js';
import { printable } from '../../../src/output/terminal/printable.js';
import { HOSTILE, LONG, TOO_LONG } from '../../support/hostile.js';
import { ACTING, reportOf, textOfReport } from '../../support/hostile-report.js';

const CORPUS = [...HOSTILE, LONG, TOO_LONG];

/** Controls and directions as the visible escapes that a format without escapes of its own has for them. */
const escaped = (text: string) =>
  text.replace(/(?![\t\n\r])[\p{Cc}\p{Cs}\u202a-\u202e\u2066-\u2069]/gu, printable);

describe('a report as JSON', () => {
  it('gives every value back, and does nothing to a terminal', async () => {
    const text = await textOfReport(jsonReport(reportOf(CORPUS)));
    expect(text).not.toMatch(ACTING);
    expect(JSON.parse(text)).toEqual(CORPUS.map((value) => ({ operator: value, operatorName: value })));
  });

  it('is an empty array without rows', async () => {
    expect(JSON.parse(await textOfReport(jsonReport(reportOf([]))))).toEqual([]);
  });

  it('holds the details of a row where somebody wants them', async () => {
    const nothing = { card: [], candidates: [], history: [] };
    const report = reportOf(['7'], {
      detailsOf: ({ key }) => ({ ...nothing, evidence: [`email ${key}\x1b`] }),
    });
    const text = await textOfReport(jsonReport(report));
    expect(text).not.toMatch(ACTING);
    expect(JSON.parse(text)).toEqual([
      { operator: '7', operatorName: '7', details: { ...nothing, evidence: ['email 7\x1b'] } },
    ]);
  });
});

describe('a report as NDJSON', () => {
  it('gives every value back, each row on a line of its own', async () => {
    const text = await textOfReport(ndjsonReport(reportOf(CORPUS)));
    expect(text).not.toMatch(ACTING);
    const lines = text.split(/[\n\r\u2028\u2029]/).slice(0, -1);
    expect(lines.map((line) => JSON.parse(line).operator)).toEqual(CORPUS);
  });
});

describe('a report as CSV', () => {
  it('holds no formula and nothing that acts, and guarded values can be had back', async () => {
    const text = await textOfReport(csvReport(reportOf(CORPUS)));
    expect(text).not.toMatch(ACTING);
    const [head, ...records] = parse(text, { bom: true }) as [string, string][];
    expect(head).toEqual(['operator', 'operatorName']);
    for (const cell of records.flat()) {
      if (!/^-\d+$/.test(cell)) expect(cell).not.toMatch(/^[\s\p{C}]*[=+\-@＝＋－＠]/u);
      expect(cell).not.toMatch(/[;\t\r\n]\s*[=+\-@＝＋－＠]/u);
    }
    expect(records.map(([key]) => unguardedKey(key))).toEqual(CORPUS.map(escaped));
    expect(records.map(([, cell]) => unguarded(cell))).toEqual(CORPUS.map(escaped));
  });

  it('keeps keys from being written in another way by a spreadsheet', async () => {
    const keys = ['0012', '9007199254740993', '1e5', '3-4', '2026-11-24', 'TRUE'];
    const text = await textOfReport(csvReport(reportOf(keys)));
    const [, ...records] = parse(text, { bom: true }) as [string, string][];
    expect(records).toEqual(keys.map((key) => [`'${key}`, key]));
  });

  it('leaves keys alone that a spreadsheet leaves alone', async () => {
    const keys = ['42', '0b1e0000-0000-4000-8000-000000000042', '-5'];
    const text = await textOfReport(csvReport(reportOf(keys)));
    const [, ...records] = parse(text, { bom: true }) as [string, string][];
    expect(records.map(([key]) => key)).toEqual(keys);
  });
});

describe('a report as Markdown', () => {
  it('shows every value in its cell as it is, and nothing of it acts', async () => {
    const text = await textOfReport(markdownReport(reportOf(HOSTILE)));
    expect(text).not.toMatch(ACTING);
    const html = await marked.parse(text, { gfm: true });
    const tags = new Set(html.match(/<\/?[a-z!][^>\s]*/gi));
    expect([...tags].toSorted()).toEqual(
      [
        '<h1',
        '</h1',
        ...['table', 'thead', 'tbody', 'tr', 'th', 'td'].flatMap((tag) => [`<${tag}`, `</${tag}`]),
      ].toSorted(),
    );
    const cells = [...html.matchAll(/<td>(.*)<\/td>/g)].map(([, cell = '']) => unescapedHtml(cell));
    const shown = HOSTILE.map((value) =>
      value.replace(/[\p{Cc}\p{Cs}\p{Zl}\p{Zp}\u202a-\u202e\u2066-\u2069]/gu, printable).trim(),
    );
    expect(cells).toEqual(shown.flatMap((value) => [value, value]));
  });

  it('says that it is redacted', async () => {
    const text = await textOfReport(markdownReport(reportOf(['7'], { isRedacted: true })));
    expect(text).toContain('Redacted: pseudonyms stand in place of personal data.');
  });
});

function unescapedHtml(text: string): string {
  const named: Record<string, string> = { lt: '<', gt: '>', amp: '&', quot: '"', '#39': "'" };
  return text.replace(/&(lt|gt|amp|quot|#39);/g, (_, name: string) => named[name] ?? '');
}

describe.each([80, 120])('a report on a terminal of %d columns', (width) => {
  const setting = { look: { color: false, width }, note: () => undefined };

  it('is no wider than that, whatever the cells hold, and nothing of them acts', async () => {
    const values = [...HOSTILE, LONG];
    const text = await textOfReport(
      tableReport(
        reportOf(values, {
          columns: [
            { ...names, title: 'a' },
            { ...names, title: 'b' },
          ],
        }),
        setting,
      ),
    );
    expect(text).not.toMatch(/(?!\n)[\p{Cc}\p{Cf}\p{Cs}\u2028]/u);
    for (const line of text.split('\n')) expect(widthOf(line)).toBeLessThanOrEqual(width);
    const letters = (shown: string) => shown.replaceAll(/\s/g, '');
    for (const value of values.filter((each) => widthOf(each) < 20))
      expect(letters(text)).toContain(letters(printable(value)));
  });

  it('lines columns up after wide characters', async () => {
    const values = ['日本語', '👩‍👩‍👧‍👦', 'plain', 'שלום'];
    const text = await textOfReport(tableReport(reportOf(values, { columns: [names, last] }), setting));
    const lines = text.trimEnd().split('\n');
    const starts = lines.map((line) => widthOf(line) - widthOf(/\S+$/.exec(line)?.[0] ?? ''));
    expect(new Set(starts).size).toBe(1);
  });

  it('puts a row below the other where its columns do not fit, keys in one piece', async () => {
    const key = 'k'.repeat(36);
    const columns = Array.from({ length: 4 }, (_, index) => ({
      ...names,
      title: `column ${index}`,
      holds: 'key' as const,
    }));
    const text = await textOfReport(tableReport(reportOf([key, key], { columns }), setting));
    expect(text.split('\n').filter((line) => line === `column 3  ${key}`)).toHaveLength(2);
    for (const line of text.split('\n')) expect(widthOf(line)).toBeLessThanOrEqual(width);
  });
});

const names = {
  name: 'operatorName',
  title: 'operator',
  holds: 'text' as const,
  valueOf: ({ text }: { text: string }) => text,
};
const last = { ...names, name: 'end', title: 'end', valueOf: () => 'end' };
