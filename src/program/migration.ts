import { type Command, Option } from 'commander';
import type { InitFlags } from '../commands/init.js';
import type { MigrateFlags } from '../commands/migrate-flags.js';
import type { ReviewFlags } from '../commands/review.js';
import type { RollbackFlags } from '../commands/rollback.js';
import type { ScanFlags } from '../commands/scan.js';
import type { Terminal } from '../commands/terminal.js';
import type { VerifyFlags } from '../commands/verify.js';
import { DECISIONS } from '../model/decision.js';
import type { Call } from './call.js';
import { positiveNumber, shared, timeOfDay, wholeNumber, withBatches, withPolicies } from './options.js';

/** What a migration goes through: a configuration, a look, a run, what humans decide, the proof, and the way back. */
export function addMigration(program: Command, call: Call): void {
  shared(program.command('init'))
    .description('propose a configuration for the database at hand, read-only, with a reason for each guess')
    .option('--output <file>', 'where to write it (default: onecard.yaml); never over a file that is there')
    .option('--print', 'only show it on stdout')
    .option('--operators <table>', 'the table that holds the operators (default: found by names and data)')
    .option('--persons <table>', 'the table that holds the persons (default: the same)')
    .action((_, command: Command) =>
      call<InitFlags>(
        command,
        import('../commands/init.js').then((module) => module.init),
      ),
    );

  withPolicies(shared(program.command('scan')))
    .description('take stock, read-only: decisions, key quality, likely API accounts, schema gaps')
    .option('--detailed-exitcode', 'exit 3 when cards are pending, 4 when operators are left for review')
    .action((_, command: Command) =>
      call<ScanFlags>(
        command,
        import('../commands/scan.js').then((module) => module.scan),
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
        import('../commands/migrate.js').then((module) => module.migrate),
      ),
    );

  withPolicies(shared(program.command('review')))
    .description('write a decisions file for everything that a human has to decide, or check a filled one')
    .option('--output <file>', 'the file to write, for a spreadsheet (default: to stdout)')
    .option('--check <file>', 'check a filled file: every problem with its row')
    .action((_, command: Command) =>
      call<ReviewFlags>(
        command,
        import('../commands/review.js').then((module) => module.review),
      ),
    );

  withPolicies(shared(program.command('verify')))
    .description('prove from the database itself that every card and link is right')
    .option('--complete', 'operators under review or skipped are violations, too')
    .option('--run <run>', 'only what this run wrote')
    .action((_, command: Command) =>
      call<VerifyFlags>(
        command,
        import('../commands/verify.js').then((module) => module.verify),
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
        import('../commands/rollback.js').then(
          (module) => (terminal: Terminal, flags: RollbackFlags) => module.rollback(terminal, run, flags),
        ),
      ),
    );
}
