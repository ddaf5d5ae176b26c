import { Argument, Command, CommanderError, Option } from 'commander';
import type { AuditExportFlags } from './commands/audit-export.js';
import type { AuditVerifyFlags } from './commands/audit-verify.js';
import type { GrantsFlags } from './commands/grants.js';
import type { InitFlags } from './commands/init.js';
import type { JournalPurgeFlags } from './commands/journal-purge.js';
import type { MigrateFlags } from './commands/migrate-flags.js';
import type { ReportFlags } from './commands/report.js';
import type { LicenceFlags } from './commands/report-licences.js';
import type { ReviewFlags } from './commands/review.js';
import type { RollbackFlags } from './commands/rollback.js';
import type { ScanFlags } from './commands/scan.js';
import type { SharedFlags, Terminal } from './commands/terminal.js';
import type { UninstallFlags } from './commands/uninstall.js';
import type { VerifyFlags } from './commands/verify.js';
import { DECISIONS } from './model/decision.js';
import { ExitCode } from './model/exit-code.js';
import { GRANTED_COMMANDS, type GrantedCommand } from './model/granted-command.js';
import {
  day,
  formatOption,
  OUTPUT_TEXT,
  onDatabase,
  positiveNumber,
  shared,
  timeOfDay,
  wholeNumber,
  withBatches,
  withPolicies,
} from './options.js';
import { refuseBefore, usageError } from './usage-error.js';
import { VERSION } from './version.js';

/**
 * Runs one command; each is loaded only when it is called.
 * @returns the exit code.
 */
export async function runProgram(argv: readonly string[], terminal: Terminal): Promise<ExitCode> {
  let exitCode: ExitCode = ExitCode.Done;
  const call = async <F extends SharedFlags>(
    command: Command,
    run: Promise<(terminal: Terminal, flags: F) => Promise<ExitCode>>,
  ) => {
    exitCode = await (await run)(terminal, command.opts<F>());
  };
  const program = new Command('onecard')
    .description('Gives every human operator its one linked person card, on PostgreSQL, MariaDB and MySQL.')
    .version(VERSION)
    .helpOption('-h, --help', 'show this help')
    .helpCommand(false)
    // Otherwise a command would take the flags behind its subcommand for its own.
    .enablePositionalOptions()
    .configureOutput({
      writeOut: (text) => terminal.stdout.write(text),
      // Help goes there when nothing was asked; errors are thrown, and printed by whoever catches them.
      writeErr: (text) => terminal.stderr.write(text),
      outputError: () => undefined,
    })
    .exitOverride()
    .addHelpText('after', EXAMPLES);

  shared(program.command('init'))
    .description('propose a configuration for the database at hand, read-only, with a reason for each guess')
    .option('--output <file>', 'where to write it (default: onecard.yaml); never over a file that is there')
    .option('--print', 'only show it on stdout')
    .option('--operators <table>', 'the table that holds the operators (default: found by names and data)')
    .option('--persons <table>', 'the table that holds the persons (default: the same)')
    .action((_, command: Command) =>
      call<InitFlags>(
        command,
        import('./commands/init.js').then((module) => module.init),
      ),
    );

  withPolicies(shared(program.command('scan')))
    .description('take stock, read-only: decisions, key quality, likely API accounts, schema gaps')
    .option('--detailed-exitcode', 'exit 3 when cards are pending, 4 when operators are left for review')
    .action((_, command: Command) =>
      call<ScanFlags>(
        command,
        import('./commands/scan.js').then((module) => module.scan),
      ),
    );

  withBatches(withPolicies(shared(program.command('migrate'))))
    .description('create and link the missing person cards; with --dry-run only show what would happen')
    .option('--dry-run', 'show the whole plan and write nothing; the database itself refuses writes')
    .option('--limit <n>', 'handle at most so many operators; dry run: show (0: all)', wholeNumber)
    .option('--only <operator>', 'dry run: show the operator with this key')
    .addOption(
      new Option('--decision <kind>', 'dry run: show operators with this decision').choices(DECISIONS),
    )
    .option('--decisions <file>', 'take what humans have decided in this file, see `onecard review`')
    .option('--plan-out <file>', 'dry run: write the whole plan to a file, as NDJSON')
    .option('--report', 'dry run: keep an audit report of the plan below onecard-runs')
    .option('--plan <file>', 'write only what this approved plan says; dry run: show what drifted since')
    .option('--plan-digest <sha256>', 'the digest of the approved plan; with --yes it has to be given')
    .option('--strict', 'with --plan: write nothing where anything drifted since')
    .option('--sql', 'dry run: print the statements that a run would execute')
    .option('--yes', 'run without asking')
    .option('--allow-schema-changes', "add columns that are missing to the application's tables")
    .option('--stop-at <hh:mm>', 'begin no batch after this time of day; the next run resumes', timeOfDay)
    .option('--max-failures <n>', 'stop after so many rows that the database refuses', positiveNumber, 100)
    .option('--pause-file <file>', 'pause between batches while this file exists')
    .option('--sleep <ms>', 'sleep between batches', wholeNumber, 0)
    .option('--ticket <text>', 'kept with the run, such as a change number')
    .option(
      '--detailed-exitcode',
      'exit 3 when cards are pending (dry run), 4 when operators are left for review',
    )
    .action((_, command: Command) =>
      call<MigrateFlags>(
        command,
        import('./commands/migrate.js').then((module) => module.migrate),
      ),
    );

  withPolicies(shared(program.command('review')))
    .description('write a decisions file for everything that a human has to decide, or check a filled one')
    .option('--output <file>', 'the file to write, for a spreadsheet (default: to stdout)')
    .option('--check <file>', 'check a filled file: every problem with its row')
    .action((_, command: Command) =>
      call<ReviewFlags>(
        command,
        import('./commands/review.js').then((module) => module.review),
      ),
    );

  withPolicies(shared(program.command('verify')))
    .description('prove from the database itself that every card and link is right')
    .option('--complete', 'operators under review or skipped are violations, too')
    .option('--run <run>', 'only what this run wrote')
    .action((_, command: Command) =>
      call<VerifyFlags>(
        command,
        import('./commands/verify.js').then((module) => module.verify),
      ),
    );

  withBatches(shared(program.command('rollback')))
    .description('take a run back: remove its cards and restore the links; what others touched is kept')
    .argument('<run>', 'the run, as `onecard runs` names it')
    .option('--only <operator>', 'only what the run did for the operator with this key')
    .option('--dry-run', 'show what would be taken back and write nothing')
    .option('--yes', 'take back without asking')
    .option('--ticket <text>', 'kept with the rollback, such as a change number')
    .action((run: string, _, command: Command) =>
      call<RollbackFlags>(
        command,
        import('./commands/rollback.js').then(
          (module) => (terminal: Terminal, flags: RollbackFlags) => module.rollback(terminal, run, flags),
        ),
      ),
    );

  const report = shared(program.command('report'))
    .enablePositionalOptions()
    .description('who is linked to whom, by which run, and why')
    .addOption(formatOption())
    .option('--output <file>', OUTPUT_TEXT)
    .option('--columns <names>', 'only these columns, such as operator,branch,key.email')
    .option('--sort <names>', 'by these columns, each turned round by a minus: branch,-changedAt')
    .option('--details', 'for each operator its card as it is now, the evidence, and all that runs did')
    .option('--redact', 'pseudonyms in place of personal data')
    .option('--run <run>', 'only operators that this run decided about')
    .option('--since <time>', 'only what was written since this date or time')
    .option('--branch <name>', 'only operators of this branch')
    .option('--search <text>', 'only rows with this text in a key, a name, the reason or the evidence')
    .option('--limit <n>', 'only the first n', positiveNumber)
    .addOption(new Option('--decision <kind>', 'only operators with this decision').choices(DECISIONS))
    .action((_, command: Command) =>
      call<ReportFlags>(
        command,
        import('./commands/report.js').then((module) => module.report),
      ),
    );

  shared(report.command('licences'))
    .description(
      'when each operator was last seen, on either card, and totals per kind of licence; read-only',
    )
    .addOption(formatOption())
    .option('--output <file>', OUTPUT_TEXT)
    .option(
      '--not-seen-for <days>',
      'only human operators whom nobody has seen for so many days, or ever; totals count them (default: 90)',
      positiveNumber,
    )
    .option('--as-of <date>', 'the day that days are counted to (default: today, in UTC, by the server)', day)
    .option('--totals', 'only the totals')
    .option('--redact', 'pseudonyms for keys and names (see ONECARD_REDACT_KEY in the README)')
    .addHelpText('after', LICENCE_EXAMPLES)
    .action((_, command: Command) => {
      refuseBefore(report);
      return call<LicenceFlags>(
        command,
        import('./commands/report-licences.js').then((module) => module.reportLicences),
      );
    });

  const audit = program
    .command('audit')
    .description('verify audit reports, and export them from the journal')
    .helpCommand(false);
  audit.exitOverride().allowExcessArguments(false);
  onDatabase(audit.command('verify'))
    .description('find the first line of an audit report that is not as it was written')
    .argument('<file>', 'the audit.ndjson of a run')
    .option('--head <sha256>', 'the head of the report, as it was noted; no database is asked then')
    .action((file: string, _, command: Command) =>
      call<AuditVerifyFlags>(
        command,
        import('./commands/audit-verify.js').then(
          (module) => (terminal: Terminal, flags: AuditVerifyFlags) =>
            module.auditVerify(terminal, flags, file),
        ),
      ),
    );
  onDatabase(audit.command('export'))
    .description('write the report of a run from the journal, byte for byte as it was')
    .argument('<run>', 'the run, as `onecard runs` names it')
    .option('--rollback <n>', 'the report of its rollback of this number', positiveNumber)
    .option(
      '--output <folder>',
      'a new folder for the report and its summaries (default: the report to stdout)',
    )
    .option('--redact', 'pseudonyms in place of personal data')
    .action((run: string, _, command: Command) =>
      call<AuditExportFlags>(
        command,
        import('./commands/audit-export.js').then(
          (module) => (terminal: Terminal, flags: AuditExportFlags) =>
            module.auditExport(terminal, flags, run),
        ),
      ),
    );

  const journal = program
    .command('journal')
    .description('what onecard keeps in the database')
    .helpCommand(false);
  journal.exitOverride().allowExcessArguments(false);
  onDatabase(journal.command('purge'))
    .description('take personal data out of the journal, of a run or of an operator; counts and chains stay')
    .option('--run <run>', 'of this run, which has to be at its end')
    .option('--operator <key>', 'of the operator with this key, in every run')
    .option('--dry-run', 'show what that is, and what it gives up')
    .option('--yes', 'purge without asking')
    .option('--ticket <text>', 'kept with the purge, such as a change number')
    .action((_, command: Command) =>
      call<JournalPurgeFlags>(
        command,
        import('./commands/journal-purge.js').then((module) => module.journalPurge),
      ),
    );

  shared(program.command('runs'))
    .description('the runs on this database and how far each is, from a second terminal, too')
    .action((_, command: Command) =>
      call<SharedFlags>(
        command,
        import('./commands/runs.js').then((module) => module.runs),
      ),
    );

  withPolicies(shared(program.command('grants')))
    .description('print the least privileges that a command needs, as GRANT statements')
    .addArgument(new Argument('[command]', 'the command (default: each of them)').choices(GRANTED_COMMANDS))
    .option('--role <name>', 'whom to grant them to (default: the connected user)')
    .action((name: GrantedCommand | undefined, _, command: Command) =>
      call<GrantsFlags>(
        command,
        import('./commands/grants.js').then(
          (module) => (terminal, flags) => module.grants(terminal, flags, name),
        ),
      ),
    );

  shared(program.command('uninstall'))
    .description('remove the journal and the columns that a run has added')
    .option('--dry-run', 'show what would be removed, and what that gives up')
    .option('--yes', 'remove without asking')
    .option('--drop-columns', 'drop added columns even where they are in use')
    .action((_, command: Command) =>
      call<UninstallFlags>(
        command,
        import('./commands/uninstall.js').then((module) => module.uninstall),
      ),
    );

  try {
    await program.parseAsync([...argv]);
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    if (error.exitCode === 0) return ExitCode.Done;
    if (error.code === 'commander.help') return ExitCode.Usage;
    throw usageError(error, program);
  }
  return exitCode;
}

const EXAMPLES = `
Start here:
  onecard migrate --dry-run     what would happen; without a database, on a sample
  onecard init                  propose a configuration for a database of your own
  onecard migrate               do it
  onecard verify                prove that it is right

The database is found in --database-url, DATABASE_URL, DATABASE_URL_FILE, 
or PGHOST and its kin.
`;

const LICENCE_EXAMPLES = `
Examples:
  onecard report licences                                     all, and totals per kind of licence
  onecard report licences --not-seen-for 180 --format csv     who may give a licence back
  onecard report licences --totals --as-of 2026-06-30         a reckoning that can be repeated
`;
