import { ExitCode } from '../model/exit-code.js';
import type { ReportColumn, ReportValue } from '../model/report.js';
import { csvLines } from '../output/csv.js';
import { brushFor } from '../output/terminal/look.js';
import { type Cell, renderTable } from '../output/terminal/tables.js';
import { requirePrivileges } from '../privileges/require.js';
import { Redactor } from '../redactor.js';
import { LICENCE_COLUMNS, problemsText } from '../report/licence-columns.js';
import { LICENCE_TOTAL_COLUMNS, type LicenceTotal, LicenceTotals } from '../report/licence-totals.js';
import {
  isNotSeenFor,
  type LicenceRow,
  licenceReport,
  redactedLicence,
  todayOf,
} from '../report/licences.js';
import { parseDay } from '../report/moment.js';
import {
  announceSample,
  lookOf,
  type Opened,
  readRequest,
  type SharedFlags,
  type Terminal,
  warnOfSlowLookups,
  withDatabase,
  write,
} from './terminal.js';

export interface LicenceFlags extends SharedFlags {
  readonly format: 'table' | 'csv' | 'json' | 'ndjson';
  /** Days. */
  readonly notSeenFor?: number;
  /** `2026-06-30` */
  readonly asOf?: string;
  readonly totals?: boolean;
  readonly redact?: boolean;
}

const DAYS = 90;
/** More rows than this are for a file, not for a terminal. */
const ROWS_ON_TERMINAL = 1000;

/** When each operator was last seen on either card, and how many licences of each kind nobody seems to need. */
export async function reportLicences(terminal: Terminal, flags: LicenceFlags): Promise<ExitCode> {
  const request = readRequest(terminal, flags);
  const redactor = flags.redact ? Redactor.of(terminal.env) : undefined;
  announceSample(terminal, flags, request);
  return withDatabase(terminal, request, 'read', async (opened) => {
    const { database, layout } = opened;
    await requirePrivileges('report', database, layout);
    await warnOfSlowLookups(terminal, flags, opened);
    await database.snapshot(async (session) => {
      const asOf = flags.asOf ?? (await todayOf(session, database));
      const totals = new LicenceTotals(flags.notSeenFor ?? DAYS);
      const all = counted(licenceReport(session, database, layout, parseDay(asOf) ?? 0), totals);
      const rows = redacted(listed(all, flags.notSeenFor), redactor);
      for await (const text of textOf(rows, totals, asOf, terminal, flags, opened)) {
        await write(terminal.stdout, text);
      }
    });
    tellWhatIsMissing(terminal, flags, opened);
    return ExitCode.Done;
  });
}

async function* counted(rows: AsyncIterable<LicenceRow>, totals: LicenceTotals): AsyncIterable<LicenceRow> {
  for await (const row of rows) {
    totals.add(row);
    yield row;
  }
}

async function* listed(rows: AsyncIterable<LicenceRow>, days: number | undefined): AsyncIterable<LicenceRow> {
  for await (const row of rows)
    if (days === undefined || (row.kind === 'human' && isNotSeenFor(days, row))) yield row;
}

async function* redacted(
  rows: AsyncIterable<LicenceRow>,
  redactor: Redactor | undefined,
): AsyncIterable<LicenceRow> {
  for await (const row of rows) yield redactor === undefined ? row : redactedLicence(row, redactor);
}

/** Totals are known once all rows have passed. */
async function* textOf(
  rows: AsyncIterable<LicenceRow>,
  totals: LicenceTotals,
  asOf: string,
  terminal: Terminal,
  flags: LicenceFlags,
  opened: Opened,
): AsyncIterable<string> {
  const format = flags.json ? 'json' : flags.format;
  if (format === 'table') {
    if (flags.totals) for await (const _ of rows);
    else yield* rowsTable(rows, terminal, flags);
    yield* totalsTable(totals.all(), asOf, terminal, flags, opened);
  } else if (flags.totals) {
    for await (const _ of rows);
    yield* written(format, LICENCE_TOTAL_COLUMNS, totals.all());
  } else yield* written(format, LICENCE_COLUMNS, rows);
}

type Rows<Row> = AsyncIterable<Row> | Iterable<Row>;

function written<Row>(
  format: 'csv' | 'json' | 'ndjson',
  columns: readonly ReportColumn<Row>[],
  rows: Rows<Row>,
): AsyncIterable<string> {
  const records = recordsOf(columns, rows);
  switch (format) {
    case 'csv':
      return csvLines(
        columns.map(({ name }) => name),
        records,
        columns.filter(({ holds }) => holds === 'key').map(({ name }) => name),
      );
    case 'json':
      return jsonLines(records);
    case 'ndjson':
      return ndjsonLines(records);
  }
}

async function* recordsOf<Row>(
  columns: readonly ReportColumn<Row>[],
  rows: Rows<Row>,
): AsyncIterable<Record<string, ReportValue>> {
  for await (const row of rows)
    yield Object.fromEntries(columns.map((column) => [column.name, column.valueOf(row)]));
}

async function* jsonLines(records: AsyncIterable<object>): AsyncIterable<string> {
  let isFirst = true;
  yield '[';
  for await (const record of records) {
    yield `${isFirst ? '' : ','}\n${JSON.stringify(record)}`;
    isFirst = false;
  }
  yield '\n]\n';
}

async function* ndjsonLines(records: AsyncIterable<object>): AsyncIterable<string> {
  for await (const record of records) yield `${JSON.stringify(record)}\n`;
}

async function* rowsTable(
  rows: AsyncIterable<LicenceRow>,
  terminal: Terminal,
  flags: LicenceFlags,
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

async function* totalsTable(
  totals: readonly LicenceTotal[],
  asOf: string,
  terminal: Terminal,
  flags: LicenceFlags,
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
  yield `Not seen: for ${flags.notSeenFor ?? DAYS} days or longer, up to ${asOf}, or never.\n`;
}

/** What the configuration does not say leaves a gap in the report that nobody would see. */
function tellWhatIsMissing(terminal: Terminal, flags: LicenceFlags, { layout }: Opened): void {
  if (flags.quiet) return;
  const { operator, person } = layout;
  const gaps = [
    ...(operator.licence === undefined ? ['licence kind unknown: operators.licence is not configured'] : []),
    ...(operator.lastLogin.length === 0
      ? ['logins of operators unknown: operators.lastLogin is not configured']
      : []),
    ...(person.lastLogin.length === 0
      ? ['logins of persons unknown: persons.lastLogin is not configured']
      : []),
  ];
  const brush = brushFor(lookOf(terminal.stderr, terminal, flags));
  for (const gap of gaps) terminal.stderr.write(`${brush.warning(gap)}\n`);
}
