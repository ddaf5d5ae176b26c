import { Command, CommanderError } from 'commander';
import type { Terminal } from './commands/terminal.js';
import { ExitCode } from './model/exit-code.js';
import type { Call } from './program/call.js';
import { addMigration } from './program/migration.js';
import { addRehearsal } from './program/rehearsal.js';
import { addReports } from './program/reports.js';
import { addUpkeep } from './program/upkeep.js';
import { usageError } from './program/usage-error.js';
import { VERSION } from './version.js';

/**
 * Runs one command; each is loaded only when it is called.
 * @returns the exit code.
 */
export async function runProgram(argv: readonly string[], terminal: Terminal): Promise<ExitCode> {
  let exitCode: ExitCode = ExitCode.Done;
  const call: Call = async (command, run) => {
    exitCode = await (await run)(terminal, command.opts());
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
  addMigration(program, call);
  addRehearsal(program, call);
  addReports(program, call);
  addUpkeep(program, call);
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
