import type { Command } from 'commander';
import type { RehearseFlags } from '../commands/rehearse.js';
import type { Terminal } from '../commands/terminal.js';
import type { Call } from './call.js';
import { duration, positiveNumber, shared, wholeNumber, withBatches, withPolicies } from './options.js';

/** The whole of it on a copy, before the night. */
export function addRehearsal(program: Command, call: Call): void {
  withBatches(withPolicies(shared(program.command('rehearse'))))
    .description(
      'take a copy of the database, or a dump, through the whole migration: killed, resumed, proved, taken back, run again',
    )
    .argument('[dump]', 'a file of pg_dump, mysqldump or mariadb-dump (default: a copy of the database)')
    .option('--in-place', 'on the database itself, which has to be marked: it has a table onecard_disposable')
    .option('--keep', 'leave the copy, and the reports of the runs on it')
    .option('--decisions <file>', 'take what humans have decided in this file')
    .option('--ignore-table <name>', 'a table that may change, such as one that triggers write to', gathered)
    .option('--junit <file>', 'write what the steps came to as JUnit XML')
    .option('--summary <file>', 'write it as Markdown; $GITHUB_STEP_SUMMARY gets it by itself')
    .option('--no-redact', 'name operators and values; without it there are pseudonyms')
    .option('--baseline <file>', 'fail where decisions are others than in this file')
    .option('--write-baseline <file>', 'write the decisions to this file, for --baseline')
    .option('--min-written <n>', 'fail where fewer operators are to be written', wholeNumber, 1)
    .option('--max-review <n>', 'fail where more operators are left for review', wholeNumber)
    .option('--max-failed <n>', 'fail where the database refuses more operators', wholeNumber, 0)
    .option('--max-transaction-ms <ms>', 'fail where a transaction takes longer', positiveNumber)
    .option('--max-duration <time>', 'stop, and fail, after so long: 90s, 15m, 2h', duration)
    .addHelpText('after', EXAMPLES)
    .action((dump: string | undefined, _, command: Command) =>
      call<RehearseFlags>(
        command,
        import('../commands/rehearse.js').then(
          (module) => (terminal: Terminal, flags: RehearseFlags) => module.rehearse(terminal, flags, dump),
        ),
      ),
    );
}

const gathered = (name: string, before: readonly string[] = []) => [...before, name];

const EXAMPLES = `
Examples:
  onecard rehearse                                       a copy of the database, made by its server
  onecard rehearse snapshot.sql.gz                       a dump, in the embedded database or on a server
  onecard rehearse --junit rehearsal.xml --baseline decisions.ndjson --max-review 20
`;
