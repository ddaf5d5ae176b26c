import { ExitCode } from '../model/exit-code.js';
import { FORMATS } from '../output/report/formats.js';
import { brushFor } from '../output/terminal/look.js';
import { requirePrivileges } from '../privileges/require.js';
import { Redactor } from '../redactor.js';
import { LICENCE_COLUMNS, LICENCE_PAGE_COLUMNS } from '../report/licence-columns.js';
import { LICENCE_TOTAL_COLUMNS, LicenceTotals } from '../report/licence-totals.js';
import {
  isNotSeenFor,
  type LicenceRow,
  licenceReport,
  redactedLicence,
  todayOf,
} from '../report/licences.js';
import { parseDay } from '../report/moment.js';
import { aroundLicences } from './licence-page.js';
import { rowsTable, totalsTable } from './licence-tables.js';
import { formatOf, type OutputFlags, writeReport } from './report-output.js';
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
        FORMATS[format].isPage && !flags.totals
          ? await aroundLicences(read(), asOf, days, opened)
          : undefined;
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
  yield* totalsTable(totals.all(), { asOf, days: flags.notSeenFor ?? DAYS }, terminal, flags, opened);
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
