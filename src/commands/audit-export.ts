import { mkdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { RedactedSource } from '../audit/redacted-source.js';
import { RollbackSource } from '../audit/rollback-source.js';
import { runSourceOf } from '../audit/run-source.js';
import { ReportReader, type ReportSource } from '../audit/source.js';
import type { Database } from '../database/database.js';
import { findTarget } from '../database/target.js';
import { OnecardError } from '../errors.js';
import { RunTable } from '../journal/journal.js';
import { type Rollback, RollbackTable } from '../journal/rollbacks.js';
import type { Run } from '../journal/run.js';
import { RunReportTable } from '../journal/run-reports.js';
import { ExitCode } from '../model/exit-code.js';
import { renderRollbackMarkdown, renderSummaryMarkdown } from '../output/markdown.js';
import { PrivateFile } from '../private-file.js';
import { Redactor } from '../redactor.js';
import { noSuchRun } from '../rollback/subject.js';
import { announceSample, type SharedFlags, type Terminal, withConnection, write } from './terminal.js';

export interface AuditExportFlags extends SharedFlags {
  /** The number of a rollback of that run, whose report is meant. */
  readonly rollback?: number;
  /** The folder to write all files of the report to. */
  readonly output?: string;
  readonly redact?: boolean;
}

/** What is exported. */
interface Subject {
  readonly run: Run;
  readonly rollback: Rollback | undefined;
}

/** Writes the audit report of a run, or of one of its rollbacks, once more, byte for byte as it was. */
export async function auditExport(
  terminal: Terminal,
  flags: AuditExportFlags,
  id: string,
): Promise<ExitCode> {
  const target = findTarget(flags.databaseUrl, terminal.env);
  announceSample(terminal, flags, { target });
  const redactor = flags.redact ? Redactor.of(terminal.env) : undefined;
  return withConnection(terminal, { target }, 'read', async (database) => {
    const subject = await find(database, id, flags.rollback);
    const source = await sourceOf(database, subject);
    const reader = new ReportReader(
      database,
      redactor === undefined ? source : new RedactedSource(source, redactor),
    );
    if (flags.output === undefined) {
      for await (const line of reader.all()) await write(terminal.stdout, line);
    } else {
      await writeFolder(
        flags.output,
        reader,
        redactor === undefined ? await summariesOf(database, subject) : {},
      );
    }
    return tell(terminal, flags, subject, reader.head);
  });
}

async function find(database: Database, id: string, number: number | undefined): Promise<Subject> {
  if (!(await database.hasJournal())) throw noSuchRun(database, id, []);
  return database.transaction(async (session) => {
    const runs = await new RunTable(database).all(session);
    const run = runs.find((each) => each.id === id);
    if (run === undefined) throw noSuchRun(database, id, runs);
    if (number === undefined) return { run, rollback: undefined };
    const rollbacks = await new RollbackTable(database).of(session, run);
    const rollback = rollbacks.find((each) => each.number === number);
    if (rollback !== undefined) return { run, rollback };
    throw new OnecardError(`The run ${id} has no rollback ${number}.`, {
      remedy:
        rollbacks.length === 0
          ? 'Nothing of it was taken back.'
          : `Its rollbacks are 1 to ${rollbacks.length}.`,
    });
  });
}

async function sourceOf(database: Database, { run, rollback }: Subject): Promise<ReportSource> {
  return rollback === undefined ? runSourceOf(database, run) : new RollbackSource(database, run, rollback);
}

/** File name → text; none where the run is not at its end, or its summary was purged. */
async function summariesOf(database: Database, { run, rollback }: Subject): Promise<Record<string, string>> {
  const text =
    rollback === undefined
      ? (await database.transaction((session) => new RunReportTable(database).find(session, run)))?.summary
      : rollback.summary;
  if (text == null) return {};
  const summary = JSON.parse(text);
  return {
    'summary.json': text,
    'summary.md': rollback === undefined ? renderSummaryMarkdown(summary) : renderRollbackMarkdown(summary),
  };
}

async function writeFolder(
  folder: string,
  reader: ReportReader,
  summaries: Readonly<Record<string, string>>,
): Promise<void> {
  makeFolder(folder);
  await PrivateFile.fill(join(folder, 'audit.ndjson'), reader.all());
  for (const [name, text] of Object.entries(summaries)) await PrivateFile.fill(join(folder, name), [text]);
}

/** Nothing that is there is written into, a link to somewhere else included. */
function makeFolder(folder: string): void {
  try {
    mkdirSync(dirname(folder), { recursive: true, mode: 0o700 });
    mkdirSync(folder, { mode: 0o700 });
  } catch (cause) {
    const code = cause instanceof Error && 'code' in cause ? cause.code : cause;
    const isThere = code === 'EEXIST' && cause instanceof Error && 'path' in cause && cause.path === folder;
    throw isThere
      ? new OnecardError(
          `There is something of the name ${folder} already, and nothing is written into it.`,
          {
            remedy: 'Name another folder, or remove it first.',
            cause,
          },
        )
      : new OnecardError(`The folder ${folder} cannot be made (${code}).`, {
          remedy: 'Check the name, the rights and the space.',
          cause,
        });
  }
}

/** Talk, on stderr: what was written, and whether the journal agrees with itself. */
async function tell(
  terminal: Terminal,
  flags: AuditExportFlags,
  { run, rollback }: Subject,
  head: string,
): Promise<ExitCode> {
  const known = rollback === undefined ? run.auditHead : rollback.auditHead;
  const say = (text: string) => (flags.quiet ? Promise.resolve() : write(terminal.stderr, `${text}\n`));
  if (flags.redact) {
    await say(`Redacted, with a chain of its own. Its head: ${head}`);
    return ExitCode.Done;
  }
  if (known === null) {
    await say('This is not at its end yet: the report goes as far as the journal does.');
    return ExitCode.Done;
  }
  if (known === head) {
    await say(`As it was written. Its head: ${head}`);
    return ExitCode.Done;
  }
  await write(
    terminal.stderr,
    `The journal does not fit the head that it holds: it was altered since, or in part removed.\n  → \`onecard verify\` names what was altered.\n`,
  );
  return ExitCode.Pending;
}
