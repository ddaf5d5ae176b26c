import type { Database } from '../database/database.js';
import {
  type AddedColumn,
  findInstallation,
  type Installation,
  removalSql,
  uninstall as remove,
} from '../journal/uninstall.js';
import { ExitCode } from '../model/exit-code.js';
import { countOf, formatCount } from '../output/terminal/amounts.js';
import { brushFor } from '../output/terminal/look.js';
import { printable } from '../output/terminal/printable.js';
import { requirePrivileges } from '../privileges/require.js';
import { isConfirmed } from './confirmation.js';
import {
  announceSample,
  lookOf,
  readRequest,
  type SharedFlags,
  type Terminal,
  withDatabase,
  write,
} from './terminal.js';

export interface UninstallFlags extends SharedFlags {
  readonly dryRun?: boolean;
  readonly yes?: boolean;
  readonly dropColumns?: boolean;
}

/** What is to be removed, and what stays. */
interface Removal {
  readonly database: Database['identity'];
  readonly installation: Installation;
  readonly statements: readonly string[];
  readonly staying: readonly AddedColumn[];
}

/** Removes the journal and the columns that onecard has added, after showing what that gives up. */
export async function uninstall(terminal: Terminal, flags: UninstallFlags): Promise<ExitCode> {
  const request = readRequest(terminal, flags);
  announceSample(terminal, flags, request);
  const choose = (installation: Installation) => ({
    tables: installation.tables,
    columns: installation.columns.filter(({ inUse }) => inUse === 0 || flags.dropColumns),
  });
  const removal = await withDatabase(
    terminal,
    request,
    'read',
    async ({ database, layout }): Promise<Removal> => {
      const installation = await findInstallation(database, layout);
      if (!flags.dryRun && installation.tables.length > 0)
        await requirePrivileges('uninstall', database, layout);
      const chosen = choose(installation);
      return {
        database: database.identity,
        installation,
        statements: installation.tables.length === 0 ? [] : removalSql(database, chosen),
        staying: installation.columns.filter((column) => !chosen.columns.includes(column)),
      };
    },
  );
  if (removal.statements.length === 0) {
    if (flags.json) await write(terminal.stdout, `${JSON.stringify(resultOf(removal))}\n`);
    else await write(terminal.stdout, 'Nothing to remove: onecard has added nothing to this database.\n');
    return ExitCode.Done;
  }
  const talk = flags.dryRun && !flags.json ? terminal.stdout : terminal.stderr;
  if (flags.dryRun || !flags.quiet) await write(talk, `${describe(removal, terminal, flags, talk)}\n`);
  if (flags.dryRun) {
    if (flags.json) await write(terminal.stdout, `${JSON.stringify(resultOf(removal))}\n`);
    return ExitCode.Done;
  }
  const answer = removal.database.database;
  const question = `Type the name of the database, ${answer}, to remove this from it: `;
  if (!(await isConfirmed(terminal, flags, { command: 'uninstall', question, answer }))) {
    await write(terminal.stderr, 'Nothing was changed.\n');
    return ExitCode.Interrupted;
  }
  await withDatabase(terminal, request, 'write', async ({ database, layout }) => {
    // Where the session may write, the server also tells who may drop and alter.
    await requirePrivileges('uninstall', database, layout);
    await remove(database, layout, removal.statements, choose);
  });
  await write(
    terminal.stdout,
    flags.json
      ? `${JSON.stringify(resultOf(removal))}\n`
      : 'Removed. Reports in onecard-runs/ stay where they are.\n',
  );
  return ExitCode.Done;
}

const resultOf = ({ database, statements, staying }: Removal) => ({
  database,
  statements,
  staying: staying.map(({ table, column, inUse }) => ({ table: table.name, column, inUse })),
});

function describe(
  { installation, statements, staying }: Removal,
  terminal: Terminal,
  flags: UninstallFlags,
  stream: NodeJS.WriteStream,
): string {
  const brush = brushFor(lookOf(stream, terminal, flags));
  const { runs } = installation;
  const live = runs.filter(({ state }) => state === 'done');
  return [
    brush.strong('This is given up for good, with the journal:'),
    `  the word of ${countOf(runs.length, 'run')}: which card was made for whom, by which run, and why`,
    live.length === 0
      ? '  no run is in effect any more'
      : `  the rollback of ${live.map(({ id }) => id).join(', ')}`,
    '  the verification that cards are as they were made; `onecard verify` then checks links alone',
    '  the proof that audit reports are authentic',
    '',
    brush.strong('The statements:'),
    ...statements.map((statement) => `  ${statement};`),
    ...staying.flatMap(({ table, column, inUse }) => [
      '',
      brush.warning(
        `${printable(`${table.name}.${column}`)}, which onecard has added, stays: it is in use in ${formatCount(inUse)} ${inUse === 1 ? 'row' : 'rows'}.`,
      ),
      '  --drop-columns drops it with what it holds; afterwards nothing remembers that onecard has added it.',
    ]),
  ].join('\n');
}
