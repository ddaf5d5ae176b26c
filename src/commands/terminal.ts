import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { checkLayout, type Layout } from '../config/layout.js';
import { DEFAULT_FILE, loadConfiguration, type PolicyFlags } from '../config/load.js';
import { findSlowLookups, type Lookup } from '../config/lookups.js';
import type { Database } from '../database/database.js';
import { openDatabase } from '../database/open.js';
import type { Mode } from '../database/session.js';
import { findTarget, type Target } from '../database/target.js';
import { Aborted } from '../errors.js';
import type { Configuration } from '../model/configuration.js';
import type { PolicyName } from '../model/policies.js';
import { POLICIES } from '../model/policies.js';
import { brushFor, type Look } from '../output/terminal/look.js';
import { printable } from '../output/terminal/printable.js';

/** The world a command runs in. */
export interface Terminal {
  readonly stdout: NodeJS.WriteStream;
  readonly stderr: NodeJS.WriteStream;
  readonly stdin: NodeJS.ReadStream;
  readonly env: NodeJS.ProcessEnv;
  /** The working folder: reports and the embedded sample are kept below it. */
  readonly folder: string;
  /** How databases are opened, where that is another way than usual. */
  readonly openDatabase?: typeof openDatabase;
}

/** Flags that every command takes. */
export interface SharedFlags {
  readonly config?: string;
  readonly databaseUrl?: string;
  readonly json?: boolean;
  readonly quiet?: boolean;
  /** false by `--no-color` */
  readonly color?: boolean;
  /** false by `--no-input` */
  readonly input?: boolean;
}

/** What a command was asked, parsed, before any connection is made. */
export interface Request {
  readonly configuration: Configuration;
  readonly target: Target;
}

/** @throws OnecardError for anything wrong with the configuration, the policies or the database URL. */
export function readRequest(terminal: Terminal, flags: SharedFlags & PolicyFlags): Request {
  const policies = Object.fromEntries(
    (Object.keys(POLICIES) as PolicyName[]).map((policy) => [policy, flags[policy]]),
  );
  return {
    configuration: loadConfiguration(configurationFile(terminal, flags), policies),
    target: findTarget(flags.databaseUrl, terminal.env),
  };
}

/** Undefined where the preset stands alone. */
export function configurationFile({ folder }: Terminal, { config }: SharedFlags): string | undefined {
  const inFolder = join(folder, DEFAULT_FILE);
  return config ?? (existsSync(inFolder) ? inFolder : undefined);
}

export interface Opened {
  readonly database: Database;
  readonly layout: Layout;
}

/** Opens the database, holds the configuration against it, and closes it whatever happens. */
export function withDatabase<T>(
  terminal: Terminal,
  request: Request,
  mode: Mode,
  work: (opened: Opened) => Promise<T>,
): Promise<T> {
  return withConnection(terminal, request, mode, async (database) =>
    work({ database, layout: await checkLayout(database, request.configuration) }),
  );
}

/** The same for what is about the journal alone. */
export async function withConnection<T>(
  terminal: Terminal,
  request: Pick<Request, 'target'>,
  mode: Mode,
  work: (database: Database) => Promise<T>,
): Promise<T> {
  const open = terminal.openDatabase ?? openDatabase;
  const database = await open(request.target, mode, terminal.env, terminal.folder);
  let isAborted = false;
  try {
    return await work(database);
  } catch (error) {
    isAborted = error instanceof Aborted;
    throw error;
  } finally {
    if (!isAborted) await database.close();
  }
}

/** Says loudly that no database was configured. */
export function announceSample(
  terminal: Terminal,
  flags: SharedFlags,
  { target }: Pick<Request, 'target'>,
): void {
  if (target.kind !== 'embedded' || flags.quiet) return;
  const brush = brushFor(lookOf(terminal.stderr, terminal, flags));
  terminal.stderr.write(
    `${brush.warning('No database is configured: this works on the EMBEDDED SAMPLE, kept in .onecard/.')}\n` +
      `${brush.quiet('For your own, set DATABASE_URL=postgres://… or mysql://…; then onecard init proposes a configuration.')}\n\n`,
  );
}

/** Says beforehand what would make a classification, or a report, take minutes. */
export async function warnOfSlowLookups(
  terminal: Terminal,
  flags: SharedFlags,
  { database, layout }: Opened,
  who: Lookup = 'decisions',
): Promise<void> {
  if (flags.quiet) return;
  const brush = brushFor(lookOf(terminal.stderr, terminal, flags));
  for (const { table, column, sql } of await findSlowLookups(database, layout, who)) {
    const rows = `${printable(table.name.name)}.${printable(column.name)}`;
    terminal.stderr.write(
      `${brush.warning(`No index begins with ${rows}: the whole table is read for each row that is looked up there.`)}\n` +
        `${brush.quiet(`  → ${printable(sql)}`)}\n\n`,
    );
  }
}

/** How text may look on this stream (NO_COLOR, TERM=dumb, `--no-color`, or no terminal at all: plain). */
export function lookOf(stream: NodeJS.WriteStream, { env }: Terminal, flags: SharedFlags): Look {
  const isPlain = env['NO_COLOR'] !== undefined && env['NO_COLOR'] !== '';
  const color = stream.isTTY === true && flags.color !== false && !isPlain && env['TERM'] !== 'dumb';
  // A terminal of unknown size says 0 columns.
  return { color, width: stream.isTTY ? stream.columns || 80 : 100 };
}

/** Writes, and waits where the reader is slower. Where it cannot be written any more, `main` says so. */
export async function write(stream: NodeJS.WriteStream, text: string | Uint8Array): Promise<void> {
  if (stream.errored !== null || stream.write(text)) return;
  await once(stream, 'drain').catch(() => undefined);
}
