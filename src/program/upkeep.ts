import { Argument, type Command } from 'commander';
import type { GrantsFlags } from '../commands/grants.js';
import type { JournalPurgeFlags } from '../commands/journal-purge.js';
import type { SharedFlags } from '../commands/terminal.js';
import type { UninstallFlags } from '../commands/uninstall.js';
import { GRANTED_COMMANDS, type GrantedCommand } from '../model/granted-command.js';
import type { Call } from './call.js';
import { onDatabase, shared, withPolicies } from './options.js';

/** What onecard keeps in the database, who may do what, and how all of it goes. */
export function addUpkeep(program: Command, call: Call): void {
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
        import('../commands/journal-purge.js').then((module) => module.journalPurge),
      ),
    );

  shared(program.command('runs'))
    .description('the runs on this database and how far each is, from a second terminal, too')
    .action((_, command: Command) =>
      call<SharedFlags>(
        command,
        import('../commands/runs.js').then((module) => module.runs),
      ),
    );

  withPolicies(shared(program.command('grants')))
    .description('print the least privileges that a command needs, as GRANT statements')
    .addArgument(new Argument('[command]', 'the command (default: each of them)').choices(GRANTED_COMMANDS))
    .option('--role <name>', 'whom to grant them to (default: the connected user)')
    .action((name: GrantedCommand | undefined, _, command: Command) =>
      call<GrantsFlags>(
        command,
        import('../commands/grants.js').then(
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
        import('../commands/uninstall.js').then((module) => module.uninstall),
      ),
    );
}
