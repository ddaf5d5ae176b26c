import { type Cell, renderTable } from '../output/terminal/tables.js';
import { problemsText } from '../report/licence-columns.js';
import { LICENCE_TOTAL_COLUMNS, type LicenceTotal } from '../report/licence-totals.js';
import type { LicenceRow } from '../report/licences.js';
import { lookOf, type Opened, type SharedFlags, type Terminal } from './terminal.js';

/** More rows than this are for a file, not for a terminal. */
const ROWS_ON_TERMINAL = 1000;

/** The rows, as few columns as a terminal has room for. */
export async function* rowsTable(
  rows: AsyncIterable<LicenceRow>,
  terminal: Terminal,
  flags: SharedFlags,
): AsyncIterable<string> {
  const cells: Cell[][] = [];
  let total = 0;
  for await (const row of rows) {
    total++;
    if (cells.length < ROWS_ON_TERMINAL) cells.push(cellsOf(row));
  }
  const look = lookOf(terminal.stdout, terminal, flags);
  const head = ['operator', 'licence', 'last seen', 'where', 'days', 'notes'];
  yield `${renderTable({ head, rows: cells, align: ['left', 'left', 'left', 'left', 'right'], look })}\n`;
  if (total > cells.length)
    yield `… and ${(total - cells.length).toLocaleString('en')} more: --format csv or --format json gives all.\n`;
  yield '\n';
}

function cellsOf(row: LicenceRow): Cell[] {
  const notes = [
    row.kind === 'api-account' ? 'API account' : '',
    row.archived ? 'archived' : '',
    row.personArchived ? 'person archived' : '',
    problemsText(row.problems) ?? '',
  ];
  return [
    row.operatorName || row.operator,
    row.licence ?? '–',
    row.lastSeen?.replace('T', ' ').replace(/:\d\d(\.\d+)?(?=Z?$)/, '') ?? 'never',
    row.lastSeenIn === null ? '' : `${row.lastSeenIn}${row.lastSeenOn === 'person' ? ', by the person' : ''}`,
    row.daysSince ?? '',
    notes.filter((note) => note !== '').join('; '),
  ];
}

/** @param days that make an operator one who was not seen. */
export async function* totalsTable(
  totals: readonly LicenceTotal[],
  { asOf, days }: { readonly asOf: string; readonly days: number },
  terminal: Terminal,
  flags: SharedFlags,
  { layout }: Opened,
): AsyncIterable<string> {
  const look = lookOf(terminal.stdout, terminal, flags);
  const isKnown = layout.operator.licence !== undefined;
  const rows = totals.map((total) => {
    const [, ...counts] = LICENCE_TOTAL_COLUMNS.map((column) => Number(column.valueOf(total)));
    return [total.licence ?? (isKnown ? 'none' : 'unknown'), ...counts];
  });
  const head = LICENCE_TOTAL_COLUMNS.map(({ title }) => title);
  yield `${renderTable({ head, rows, align: head.map((_, index) => (index === 0 ? 'left' : 'right')), look })}\n`;
  yield `Not seen: for ${days} days or longer, up to ${asOf}, or never.\n`;
}
