import type { PolicyFlags } from '../config/load.js';
import { ExitCode } from '../model/exit-code.js';
import { GRANTED_COMMANDS, type GrantedCommand } from '../model/granted-command.js';
import { privilegesOf } from '../privileges/require.js';
import {
  announceSample,
  type Opened,
  readRequest,
  type SharedFlags,
  type Terminal,
  withDatabase,
  write,
} from './terminal.js';

export interface GrantsFlags extends SharedFlags, PolicyFlags {
  /** Whom to grant to; otherwise the connected user. */
  readonly role?: string;
}

/** Prints the least that a command needs, as statements for whoever may grant it. */
export async function grants(
  terminal: Terminal,
  flags: GrantsFlags,
  command: GrantedCommand | undefined,
): Promise<ExitCode> {
  const request = readRequest(terminal, flags);
  announceSample(terminal, flags, request);
  return withDatabase(terminal, request, 'read', async ({ database, layout }) => {
    const role = flags.role ?? (await database.privileges.user());
    const commands = [];
    for (const name of command === undefined ? GRANTED_COMMANDS : [command])
      commands.push(await grantsOf(name, role, { database, layout }));
    const { identity } = database;
    const home = await database.missingHome();
    const narrower =
      home === undefined
        ? []
        : [`-- Or, instead of CREATE on the database, first: ${home}; then ask for these grants again.`];
    const text = flags.json
      ? JSON.stringify({ database: identity, role, commands })
      : [
          `-- For ${role} on ${identity.kind} ${identity.version}, database ${identity.database}, as it is now.`,
          ...commands.map(({ command: name, statements }) =>
            [`-- onecard ${WORDS[name]}`, ...statements, ...(name === 'migrate' ? narrower : [])].join('\n'),
          ),
        ].join('\n\n');
    await write(terminal.stdout, `${text}\n`);
    return ExitCode.Done;
  });
}

const WORDS: Readonly<Record<GrantedCommand, string>> = {
  scan: 'scan',
  'dry-run': 'migrate --dry-run',
  migrate: 'migrate',
  review: 'review',
  verify: 'verify',
  report: 'report',
  audit: 'audit',
  rollback: 'rollback',
  purge: 'journal purge',
  uninstall: 'uninstall',
};

async function grantsOf(command: GrantedCommand, role: string, { database, layout }: Opened) {
  const privileges = await privilegesOf(command, database, layout);
  return {
    command,
    privileges: privileges.map(({ on, action, columns }) => ({
      privilege: action,
      columns,
      on: on.kind,
      schema: on.schema ?? null,
      name: on.name,
    })),
    statements: database.privileges.grants(privileges, role),
  };
}
