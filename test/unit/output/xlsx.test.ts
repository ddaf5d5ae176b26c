import { read, type WorkBook } from '@e965/xlsx';
import { describe, expect, it } from 'vitest';
import { xlsxReport } from '../../../src/output/report/xlsx.js';
import { printable } from '../../../src/output/terminal/printable.js';
import { HOSTILE, LONG, TOO_LONG } from '../../support/hostile.js';
import { bytesOfReport, reportOf } from '../../support/hostile-report.js';

const MOST = 32_767;

async function written(values: readonly string[], rowsPerSheet?: number, isRedacted = false) {
  const notes: string[] = [];
  const setting = { look: { color: false, width: 80 }, note: (text: string) => notes.push(text) };
  const bytes = await bytesOfReport(xlsxReport(reportOf(values, { isRedacted }), setting, rowsPerSheet));
  return { notes, book: read(bytes, { cellNF: true, cellFormula: true, cellHTML: true }) };
}

/** Of one sheet: the cells of a column below its title. */
function cellsOf(book: WorkBook, column: 'A' | 'B', sheet = 0) {
  const cells = book.Sheets[book.SheetNames[sheet] ?? ''] ?? {};
  const rows = Object.keys(cells).flatMap((name) => (name.startsWith(column) ? [Number(name.slice(1))] : []));
  return Array.from({ length: Math.max(...rows) - 1 }, (_, row) => cells[`${column}${row + 2}`]);
}

/** What a cell can hold: the rest stands there as visible escapes. This reader gives CRLF as a line feed. */
const inCell = (text: string) =>
  text
    .replace(/(?![\t\n\r])[\p{Cc}\p{Cs}\u202a-\u202e\u2066-\u2069]/gu, printable)
    .replaceAll('\uffff', '\\u{ffff}')
    .replaceAll('\r\n', '\n');

describe('a report as XLSX', () => {
  it('holds each value as text, as another library reads it, and no formula', async () => {
    const { book, notes } = await written([...HOSTILE, LONG]);
    for (const column of ['A', 'B'] as const) {
      const cells = cellsOf(book, column);
      expect(cells.map((cell) => cell.v)).toEqual([...HOSTILE, LONG].map(inCell));
      expect(new Set(cells.map((cell) => `${cell.t} ${cell.z} ${cell.f}`))).toEqual(
        new Set(['s @ undefined']),
      );
    }
    expect(notes).toEqual([]);
  });

  it('has a first line of titles', async () => {
    const { book } = await written(['7']);
    const sheet = book.Sheets['links of operators'];
    expect([sheet?.['A1'].v, sheet?.['B1'].v]).toEqual(['operator key', 'operator']);
  });

  it('marks what is longer than a cell can be, and says how often', async () => {
    const half = `${'x'.repeat(MOST - 2)}👍👍`;
    const { book, notes } = await written(['x'.repeat(MOST), TOO_LONG, half]);
    expect(cellsOf(book, 'A').map((cell) => cell.v)).toEqual([
      'x'.repeat(MOST),
      `${'x'.repeat(MOST - 1)}…`,
      `${'x'.repeat(MOST - 2)}…`,
    ]);
    expect(notes).toEqual([
      '4 cells were cut to the 32,767 characters that a cell can hold, and end in …; CSV and JSON hold all.',
    ]);
  });

  it('goes on in another sheet where one is full, titles and all', async () => {
    const { book } = await written(['1', '2', '3', '4', '5'], 3);
    expect(book.SheetNames).toHaveLength(3);
    const keys = book.SheetNames.map((_, sheet) => cellsOf(book, 'A', sheet).map((cell) => cell.v));
    expect(keys).toEqual([['1', '2'], ['3', '4'], ['5']]);
    expect(book.SheetNames.map((name) => book.Sheets[name]?.['A1'].v)).toEqual(Array(3).fill('operator key'));
  });

  it('says in the name of its sheet that it is redacted', async () => {
    expect((await written(['7'], undefined, true)).book.SheetNames).toEqual(['links of operators, redacted']);
  });
});
