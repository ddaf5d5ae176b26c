import type { Session } from '../database/session.js';
import { OnecardError } from '../errors.js';
import { RunTable } from '../journal/journal.js';
import { isPurged } from '../journal/run.js';
import type { Decision } from '../model/decision.js';
import { ExitCode } from '../model/exit-code.js';
import type { ReportFormat } from '../model/report-format.js';
import { FORMATS } from '../output/report/formats.js';
import { requirePrivileges } from '../privileges/require.js';
import { Redactor } from '../redactor.js';
import {
  chosenColumns,
  chosenSort,
  FILTER_COLUMNS,
  type LinkColumn,
  needsOfColumns,
  pageColumns,
  readableColumns,
  usualColumns,
} from '../report/link-columns.js';
import { picturesOf, reportTotals } from '../report/link-totals.js';
import { type LinkReportOptions, linkReport } from '../report/links.js';
import type { DetailPart } from '../report/links-sql.js';
import { parseMoment } from '../report/moment.js';
import { formatOf, type OutputFlags, writeReport } from './report-output.js';
import { factsOf } from './report-surroundings.js';
import {
  announceSample,
  type Opened,
  readRequest,
  type Terminal,
  warnOfSlowLookups,
  withDatabase,
  write,
} from './terminal.js';

export interface ReportFlags extends OutputFlags {
  readonly run?: string;
  readonly decision?: Decision;
  readonly since?: string;
  readonly branch?: string;
  readonly search?: string;
  /** `operator,branch,key.email` */
  readonly columns?: string;
  /** `branch,-changedAt` */
  readonly sort?: string;
  readonly limit?: number;
  readonly details?: boolean;
  readonly redact?: boolean;
}

const ALL_DETAILS: readonly DetailPart[] = ['card', 'evidence', 'history'];

/** Who is linked to whom, by which run, and why. */
export async function report(terminal: Terminal, flags: ReportFlags): Promise<ExitCode> {
  const request = readRequest(terminal, flags);
  const format = formatOf(flags, terminal.stdout);
  const since = sinceOf(flags);
  const redactor = flags.redact ? Redactor.of(terminal.env) : undefined;
  announceSample(terminal, flags, request);
  return withDatabase(terminal, request, 'read', async (opened) => {
    const { database, layout } = opened;
    const columns = columnsOf(format, flags, opened);
    const sort = flags.sort === undefined ? [] : chosenSort(flags.sort, layout);
    if (layout.noBranch !== undefined) throw layout.noBranch;
    requireBranch(opened, flags);
    await requirePrivileges('report', database, layout);
    await checkRuns(terminal, flags, opened);
    await warnOfSlowLookups(terminal, flags, opened, 'reports');
    const { run, decision, branch, search, limit } = flags;
    const needs = needsOfColumns(columns);
    const { holdsDetails, isPage } = FORMATS[format];
    const isNested = (flags.details || isPage) && holdsDetails;
    const options: LinkReportOptions = {
      ...(run !== undefined && { run }),
      ...(decision !== undefined && { decision }),
      ...(since !== undefined && { since }),
      ...(branch !== undefined && { branch }),
      ...(search !== undefined && { search }),
      ...(limit !== undefined && { limit }),
      sort,
      withKeys: needs.withKeys,
      details: isNested ? ALL_DETAILS : needs.details,
      redactor,
    };
    await database.snapshot(async (session) =>
      writeReport(
        {
          title: 'Links of operators',
          isRedacted: redactor !== undefined,
          columns,
          around: isPage ? await aroundOf(session, opened, flags) : undefined,
          rows: linkReport(session, database, layout, options),
          detailsOf: isNested ? ({ details }) => details : undefined,
        },
        format,
        terminal,
        flags,
      ),
    );
    return ExitCode.Done;
  });
}

/** Totals are of all operators, whatever the rows leave out. */
async function aroundOf(session: Session, { database, layout }: Opened, flags: ReportFlags) {
  const totals = await reportTotals(session, database, layout);
  return {
    facts: factsOf(database, [
      [
        'operators',
        `${totals.operators.toLocaleString('en')}, of whom ${totals.needingCards.toLocaleString('en')} are human`,
      ],
      ['only run', flags.run],
      ['only what was written since', flags.since],
      ['only the decision', flags.decision],
      ['only the branch', flags.branch],
      // It may be a name.
      [
        'only rows with',
        flags.redact && flags.search !== undefined ? 'a text that is not shown' : flags.search,
      ],
      ['only the first', flags.limit?.toLocaleString('en')],
    ]),
    totals: picturesOf(totals),
    filters: FILTER_COLUMNS,
  };
}

/** @throws OnecardError where `--columns` says otherwise than `--details`. */
function columnsOf(
  format: ReportFormat,
  { columns, details = false }: ReportFlags,
  { layout }: Opened,
): readonly LinkColumn[] {
  const { isReadable, holdsDetails, isPage } = FORMATS[format];
  if (columns !== undefined) {
    if (details && !holdsDetails)
      throw new OnecardError(`In ${format}, --details adds columns, and --columns says which there are.`, {
        remedy: 'Name those of interest: --columns operator,card,evidence,candidates,history.',
      });
    return chosenColumns(columns, layout);
  }
  if (isPage) return pageColumns(layout);
  const asColumns = details && !holdsDetails;
  return isReadable ? readableColumns(layout, asColumns) : usualColumns(asColumns);
}

/** As the journal writes times. */
function sinceOf({ since }: ReportFlags): string | undefined {
  if (since === undefined) return undefined;
  const moment = parseMoment(since);
  if (moment !== undefined) return moment.order;
  throw new OnecardError(`--since cannot be ${JSON.stringify(since)}: it has to be a date or a time.`, {
    remedy: 'Write 2026-11-23, or 2026-11-23T02:15 with Z or +01:00 behind it; without a zone it is UTC.',
  });
}

function requireBranch({ layout }: Opened, { branch }: ReportFlags): void {
  if (branch === undefined || layout.operator.branch !== undefined) return;
  throw new OnecardError(
    '--branch: the configuration does not say where the branch of an operator is found.',
    {
      remedy: 'Say it under operators.branch.',
    },
  );
}

/** The run that is asked for has to be there; of one that was purged, the journal has lost the word. */
async function checkRuns(terminal: Terminal, flags: ReportFlags, { database }: Opened): Promise<void> {
  const known = (await database.hasJournal())
    ? await database.snapshot((session) => new RunTable(database).all(session))
    : [];
  const purged = known.filter(isPurged).map(({ id }) => id);
  if (purged.length > 0 && !flags.quiet)
    await write(
      terminal.stderr,
      `What was linked by runs that were purged shows as linked before: ${purged.join(', ')}.\n`,
    );
  const { run } = flags;
  if (run === undefined || known.some(({ id }) => id === run)) return;
  throw new OnecardError(
    `There is no run ${JSON.stringify(run)} in the journal of ${database.identity.database}.`,
    {
      remedy:
        known.length === 0
          ? 'No run has been made on this database yet.'
          : `The runs are: ${known
              .slice(0, 5)
              .map(({ id }) => id)
              .join(', ')}.`,
    },
  );
}
