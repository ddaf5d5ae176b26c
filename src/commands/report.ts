import { OnecardError } from '../errors.js';
import { RunTable } from '../journal/journal.js';
import type { Decision } from '../model/decision.js';
import { ExitCode } from '../model/exit-code.js';
import { csvLines } from '../output/csv.js';
import { renderTable } from '../output/terminal/tables.js';
import { requirePrivileges } from '../privileges/require.js';
import { type LinkRow, linkReport } from '../report/links.js';
import {
  announceSample,
  lookOf,
  type Opened,
  readRequest,
  type SharedFlags,
  type Terminal,
  withDatabase,
  write,
} from './terminal.js';

export interface ReportFlags extends SharedFlags {
  readonly format: 'table' | 'csv' | 'json';
  readonly run?: string;
  readonly decision?: Decision;
}

const COLUMNS = [
  'operator',
  'operatorName',
  'decision',
  'reason',
  'reasonText',
  'decidedBy',
  'person',
  'personName',
  'linkedBy',
  'run',
  'changedAt',
  'state',
  'why',
] as const;

/** More rows than this are for a file, not for a terminal. */
const ROWS_ON_TERMINAL = 1000;

/** Who is linked to whom, by which run, and why. */
export async function report(terminal: Terminal, flags: ReportFlags): Promise<ExitCode> {
  const request = readRequest(terminal, flags);
  announceSample(terminal, flags, request);
  return withDatabase(terminal, request, 'read', async (opened) => {
    await requirePrivileges('report', opened.database, opened.layout);
    await checkRun(opened, flags.run);
    await opened.database.snapshot(async (session) => {
      const { run, decision } = flags;
      const rows = linkReport(session, opened.database, opened.layout, {
        ...(run !== undefined && { run }),
        ...(decision !== undefined && { decision }),
      });
      const format = flags.json ? 'json' : flags.format;
      for await (const text of format === 'csv'
        ? csvLines(COLUMNS, rows)
        : format === 'json'
          ? jsonLines(rows)
          : tableLines(rows, terminal, flags)) {
        await write(terminal.stdout, text);
      }
    });
    return ExitCode.Done;
  });
}

async function checkRun({ database }: Opened, run: string | undefined): Promise<void> {
  if (run === undefined) return;
  const known = (await database.hasJournal())
    ? await database.snapshot((session) => new RunTable(database).all(session))
    : [];
  if (known.some(({ id }) => id === run)) return;
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

async function* jsonLines(rows: AsyncIterable<LinkRow>): AsyncIterable<string> {
  let isFirst = true;
  yield '[';
  for await (const row of rows) {
    yield `${isFirst ? '' : ','}\n${JSON.stringify(row)}`;
    isFirst = false;
  }
  yield '\n]\n';
}

async function* tableLines(
  rows: AsyncIterable<LinkRow>,
  terminal: Terminal,
  flags: ReportFlags,
): AsyncIterable<string> {
  const cells: string[][] = [];
  let total = 0;
  for await (const row of rows) {
    total++;
    if (cells.length >= ROWS_ON_TERMINAL) continue;
    cells.push([
      row.operatorName || row.operator,
      row.person === null ? '–' : row.personName || row.person,
      reasonOf(row),
      linkedBy(row),
    ]);
  }
  const look = lookOf(terminal.stdout, terminal, flags);
  yield `${renderTable({ head: ['operator', 'person card', 'why', 'linked by'], rows: cells, look })}\n`;
  if (total > cells.length)
    yield `… and ${(total - cells.length).toLocaleString('en')} more: --format csv or --format json gives all.\n`;
}

function reasonOf({ reasonText, decidedBy, state, why }: LinkRow): string {
  const reason = decidedBy === null ? (reasonText ?? '') : `${reasonText} (${decidedBy})`;
  return why === null ? reason : `${reason}; ${state}: ${why}`;
}

function linkedBy({ linkedBy: by, run, person, state }: LinkRow): string {
  if (person === null) return state === 'rolled-back' ? `run ${run}, rolled back` : '';
  return by === 'onecard' && run !== null ? `run ${run}` : 'before onecard';
}
