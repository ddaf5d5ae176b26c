import { ExitCode } from '../model/exit-code.js';
import { FORMATS } from '../output/report/formats.js';
import { brushFor } from '../output/terminal/look.js';
import { type Cell, renderTable } from '../output/terminal/tables.js';
import { requirePrivileges } from '../privileges/require.js';
import { Redactor } from '../redactor.js';
import { LICENCE_COLUMNS, LICENCE_PAGE_COLUMNS, problemsText } from '../report/licence-columns.js';
import { LICENCE_TOTAL_COLUMNS, type LicenceTotal, LicenceTotals } from '../report/licence-totals.js';
import {
  isNotSeenFor,
  type LicenceRow,
  licenceReport,
  redactedLicence,
  todayOf,
} from '../report/licences.js';
import { parseDay } from '../report/moment.js';
import { formatOf, type OutputFlags, writeReport } from './report-output.js';
import { factsOf } from './report-surroundings.js';
import {
  announceSample,
  lookOf,
  type Opened,
  readRequest,
  type Terminal,
  warnOfSlowLookups,
  withDatabase,
  write,
} from './terminal.js';

export interface LicenceFlags extends OutputFlags {
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
  const format = formatOf(flags, terminal.stdout);
  const redactor = flags.redact ? Redactor.of(terminal.env) : undefined;
  announceSample(terminal, flags, request);
  return withDatabase(terminal, request, 'read', async (opened) => {
    const { database, layout } = opened;
    await requirePrivileges('report', database, layout);
    await warnOfSlowLookups(terminal, flags, opened, 'reports');
    await database.snapshot(async (session) => {
      const asOf = flags.asOf ?? (await todayOf(session, database));
      const read = () => licenceReport(session, database, layout, parseDay(asOf) ?? 0);
      const days = flags.notSeenFor ?? DAYS;
      const totals = new LicenceTotals(days);
      const around =
        FORMATS[format].isPage && !flags.totals ? await aroundOf(read(), asOf, days, opened) : undefined;
      const rows = redacted(listed(counted(read(), totals), flags.notSeenFor), redactor);
      const isRedacted = redactor !== undefined;
      if (format === 'table' && flags.output === undefined) {
        for await (const text of tablesOf(rows, totals, asOf, terminal, flags, opened))
          await write(terminal.stdout, text);
      } else if (flags.totals) {
        for await (const _ of rows);
        const report = {
          title: 'Licences',
          isRedacted,
          columns: LICENCE_TOTAL_COLUMNS,
          rows: each(totals.all()),
        };
        await writeReport(report, format, terminal, flags);
      } else {
        const report = {
          title: 'Who needs a licence',
          isRedacted,
          columns: FORMATS[format].isPage ? LICENCE_PAGE_COLUMNS : LICENCE_COLUMNS,
          rows,
          around,
        };
        await writeReport(report, format, terminal, flags);
      }
    });
    tellWhatIsMissing(terminal, flags, opened);
    return ExitCode.Done;
  });
}

/** Totals are known once all rows have passed. */
async function* tablesOf(
  rows: AsyncIterable<LicenceRow>,
  totals: LicenceTotals,
  asOf: string,
  terminal: Terminal,
  flags: LicenceFlags,
  opened: Opened,
): AsyncIterable<string> {
  if (flags.totals) for await (const _ of rows);
  else yield* rowsTable(rows, terminal, flags);
  yield* totalsTable(totals.all(), asOf, terminal, flags, opened);
}

async function* each<Row>(rows: Iterable<Row>): AsyncIterable<Row> {
  yield* rows;
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

/** What a page shows above its rows is counted before they come: they are read twice. */
async function aroundOf(rows: AsyncIterable<LicenceRow>, asOf: string, days: number, { database }: Opened) {
  const totals = new LicenceTotals(days);
  for await (const row of rows) totals.add(row);
  const all = totals.all();
  const sum = (of: (total: LicenceTotal) => number) => all.reduce((count, total) => count + of(total), 0);
  const notSeen = sum((total) => total.notSeen);
  const neverSeen = sum((total) => total.neverSeen);
  return {
    facts: factsOf(database, [['days are counted to', asOf]]),
    totals: [
      {
        title: 'Human operators by licence',
        counts: all.map(({ licence, operators }) => ({
          label: licence ?? 'none, or unknown',
          count: operators,
        })),
      },
      {
        title: 'Human operators by when they were last seen',
        counts: [
          { label: `in the last ${days} days`, count: sum((total) => total.operators) - notSeen },
          { label: `${days} days ago or longer`, count: notSeen - neverSeen },
          { label: 'never', count: neverSeen },
        ],
      },
      {
        title: 'Rows',
        counts: [
          { label: 'human operators', count: sum((total) => total.operators) },
          { label: 'API accounts, which take no licence', count: sum((total) => total.apiAccounts) },
        ],
      },
    ],
    filters: ['kind', 'archived', 'personArchived', 'licence', 'lastSeenIn', 'lastSeenOn'],
  };
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
