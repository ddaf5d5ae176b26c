import { RUNS_FOLDER } from '../audit/files.js';
import type { Database } from '../database/database.js';
import { requireFor } from '../database/privileges.js';
import { findTarget } from '../database/target.js';
import { OnecardError } from '../errors.js';
import { ExitCode } from '../model/exit-code.js';
import { countOf, formatCount } from '../output/terminal/amounts.js';
import { brushFor, type Look } from '../output/terminal/look.js';
import { printable } from '../output/terminal/printable.js';
import { purge } from '../purge/purge.js';
import { findPurgeable, type Purgeable, type PurgeSubject } from '../purge/subject.js';
import { noSuchRun } from '../rollback/subject.js';
import { isConfirmed } from './confirmation.js';
import {
  announceSample,
  lookOf,
  type SharedFlags,
  type Terminal,
  withConnection,
  write,
} from './terminal.js';

export interface JournalPurgeFlags extends SharedFlags {
  readonly run?: string;
  readonly operator?: string;
  readonly dryRun?: boolean;
  readonly yes?: boolean;
  readonly ticket?: string;
}

/** Takes personal data out of the journal, after showing what that gives up and what it does not reach. */
export async function journalPurge(terminal: Terminal, flags: JournalPurgeFlags): Promise<ExitCode> {
  const subject = readSubject(flags);
  const target = findTarget(flags.databaseUrl, terminal.env);
  announceSample(terminal, flags, { target });
  const found = await withConnection(terminal, { target }, 'read', (database) =>
    lookAhead(database, subject, flags.dryRun === true),
  );
  const talk = flags.dryRun && !flags.json ? terminal.stdout : terminal.stderr;
  if (flags.dryRun || !flags.quiet)
    await write(talk, `${describe(found, subject, lookOf(talk, terminal, flags))}\n`);
  if (flags.dryRun) {
    if (flags.json) await write(terminal.stdout, `${JSON.stringify(resultOf(found))}\n`);
    return ExitCode.Done;
  }
  const answer = 'run' in subject ? subject.run : subject.operator;
  const question = `Type ${printable(answer)} to purge this for good: `;
  const command = `journal purge ${'run' in subject ? `--run ${answer}` : '--operator OPERATOR'}`;
  if (!(await isConfirmed(terminal, flags, { command, question, answer }))) {
    await write(terminal.stderr, 'Nothing was changed.\n');
    return ExitCode.Interrupted;
  }
  const purged = await withConnection(terminal, { target }, 'write', async (database) => {
    await requireFor(database.privileges, NEEDS);
    return purge(database, subject, flags.ticket);
  });
  await write(terminal.stdout, flags.json ? `${JSON.stringify(resultOf(purged))}\n` : 'Purged.\n');
  return ExitCode.Done;
}

const NEEDS = [{ to: 'read-journal' }, { to: 'purge-journal' }] as const;

function readSubject({ run, operator }: JournalPurgeFlags): PurgeSubject {
  if (run !== undefined && operator === undefined) return { run };
  if (operator !== undefined && run === undefined) return { operator };
  throw new OnecardError('A purge is about one run, or about one operator.', {
    remedy: 'Give either --run RUN or --operator KEY.',
  });
}

async function lookAhead(database: Database, subject: PurgeSubject, isDryRun: boolean): Promise<Found> {
  if (!(await database.hasJournal())) {
    if ('run' in subject) throw noSuchRun(database, subject.run, []);
    throw new OnecardError(`There is no journal in ${database.identity.database}: nothing to purge.`);
  }
  if (!isDryRun) await requireFor(database.privileges, NEEDS);
  const found = await database.snapshot((session) => findPurgeable(session, database, subject));
  return { ...found, database: database.identity.database };
}

interface Found extends Purgeable {
  readonly database?: string;
}

const resultOf = ({ runs, humanDecisions, mentions }: Purgeable) => ({
  runs: runs.map(({ run, decisions, inEffect }) => ({ run: run.id, decisions, inEffect })),
  humanDecisions,
  mentions,
});

function describe(found: Found, subject: PurgeSubject, look: Look): string {
  const { runs, humanDecisions, mentions } = found;
  const brush = brushFor(look);
  const inEffect = runs.reduce((sum, run) => sum + run.inEffect, 0);
  const ofOperator = 'operator' in subject;
  return [
    brush.strong(`Personal data that will be gone from the journal of ${found.database}, for good:`),
    ...runs.map(
      ({ run, decisions }) =>
        `  run ${run.id}: ${countOf(decisions, 'decision')} with names, keys, evidence and fields, and the changes of them`,
    ),
    ...(humanDecisions === 0
      ? []
      : [
          `  ${countOf(humanDecisions, 'human decision')}: ${ofOperator ? 'whom it was about, who decided and why' : 'who decided and why'}`,
        ]),
    '',
    brush.strong('This is given up with them:'),
    inEffect === 0
      ? '  nothing that is in effect'
      : `  ${formatCount(inEffect)} cards and links that are in effect can be taken back by onecard no more`,
    '  `onecard verify` cannot hold those against the journal, and `onecard report` cannot say why they are there',
    ...(ofOperator && humanDecisions > 0
      ? ['  what humans decided about it is forgotten: the next run decides by itself']
      : []),
    '',
    brush.strong('This stays:'),
    '  decisions, reasons, states, times and counts; who ran onecard, when, with which ticket and configuration',
    '  the digests of the lines of audit reports: copies of them can still be shown to be authentic',
    ...(ofOperator
      ? [
          '  keyed digests, with which whoever may read the journal could confirm a guess until its runs are purged',
        ]
      : []),
    ...(!ofOperator && humanDecisions > 0
      ? ['  what humans decided about which operator, since later runs have to know it']
      : []),
    '',
    brush.strong('This is not reached:'),
    `  files: ${RUNS_FOLDER}/, plan and decisions files, reports, and copies of them`,
    '  backups and replicas of the database, its logs (WAL, binary log, slow queries), and the cards themselves',
    ...(mentions === 0
      ? []
      : [
          `  ${countOf(mentions, 'decision')} about other operators, which name its person: purge those operators as well`,
        ]),
  ].join('\n');
}
