import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { DEFAULT_FILE } from '../config/load.js';
import type { DatabaseIdentity } from '../database/database.js';
import { findTarget } from '../database/target.js';
import { OnecardError } from '../errors.js';
import { type Proposal, questionsOf } from '../init/proposal.js';
import { type GivenTables, propose } from '../init/propose.js';
import { ExitCode } from '../model/exit-code.js';
import { renderConfiguration } from '../output/configuration-yaml.js';
import { brushFor, type Look } from '../output/terminal/look.js';
import { renderNext } from '../output/terminal/next-steps.js';
import { printable } from '../output/terminal/printable.js';
import { createProgress } from '../output/terminal/progress.js';
import { proveReadOnly } from '../plan/read-only.js';
import { PrivateFile } from '../private-file.js';
import { VERSION } from '../version.js';
import { samePlace } from './same-flags.js';
import {
  announceSample,
  lookOf,
  type SharedFlags,
  type Terminal,
  withConnection,
  write,
} from './terminal.js';

export interface InitFlags extends SharedFlags, GivenTables {
  readonly output?: string;
  readonly print?: boolean;
}

/** Proposes a configuration for the database at hand, read-only, and writes it into a new file. */
export async function init(terminal: Terminal, flags: InitFlags): Promise<ExitCode> {
  const target = findTarget(flags.databaseUrl, terminal.env);
  const name = flags.output ?? DEFAULT_FILE;
  const path = resolve(terminal.folder, name);
  const isWritten = !flags.print && !flags.json;
  if (isWritten && existsSync(path)) throw isThere(name);
  announceSample(terminal, flags, { target });
  return withConnection(terminal, { target }, 'read', async (database) => {
    await proveReadOnly(database);
    const look = lookOf(terminal.stderr, terminal, flags);
    const progress = createProgress(terminal.stderr, {
      animate: look.color,
      quiet: flags.quiet ?? false,
      label: 'looking at the database',
    });
    const proposal = await propose(database, flags, progress.hold).then(
      (made) => {
        progress.succeed('looked at the database');
        return made;
      },
      (error) => {
        progress.fail('looking at the database was cut short');
        throw error;
      },
    );
    const text = renderConfiguration(proposal, {
      by: `onecard ${VERSION}`,
      from: sourceOf(database.identity),
    });
    if (flags.json)
      await write(terminal.stdout, `${JSON.stringify({ database: database.identity, ...proposal })}\n`);
    else if (flags.print) await write(terminal.stdout, text);
    else await keep(path, text);
    if (!flags.quiet) terminal.stderr.write(summaryOf(proposal, isWritten ? name : undefined, look));
    return ExitCode.Done;
  });
}

async function keep(path: string, text: string): Promise<void> {
  const file = await PrivateFile.create(path);
  await file.write(text);
  await file.finish();
}

const isThere = (name: string) =>
  new OnecardError(`The file ${name} exists already, and is not overwritten.`, {
    remedy: 'Move it away, or write to another: --output FILE. --print only shows.',
  });

const sourceOf = ({ kind, version, database }: DatabaseIdentity) =>
  kind === 'embedded sample' ? 'the embedded sample' : `the ${kind} ${version} database ${database}`;

function summaryOf(proposal: Proposal, file: string | undefined, look: Look): string {
  const brush = brushFor(look);
  const questions = questionsOf(proposal).length;
  const { preset } = proposal;
  const [operators, persons] = [printable(proposal.operators), printable(proposal.persons)];
  const found =
    preset === undefined
      ? `operators are in ${operators}, persons in ${persons}; no preset fits.`
      : `this is the preset ${JSON.stringify(preset)}: operators are in ${operators}, persons in ${persons}.`;
  const asked =
    questions === 0
      ? 'no questions are left'
      : `${questions} question${questions === 1 ? ' is' : 's are'} left: look for QUESTION`;
  const same = samePlace(file === undefined || file === DEFAULT_FILE ? {} : { config: file });
  return [
    `${brush.strong('Recognized')}: ${found}`,
    file === undefined ? `Nothing was written; ${asked}.` : `${brush.strong('Written')}: ${file}; ${asked}.`,
    ...lackingOf(proposal),
    '',
    renderNext(
      [
        ...(file === undefined ? [['init', 'write it to onecard.yaml'] as const] : []),
        [`scan${same}`, 'what is there, under this configuration'],
        [`migrate --dry-run${same}`, 'what would happen'],
      ],
      look,
    ),
    '',
  ].join('\n');
}

function lackingOf({ elsewhere }: Proposal): string[] {
  const { length } = elsewhere;
  if (length === 0) return [];
  const what =
    length === 1
      ? '1 value of a person is in a table of its own'
      : `${length} values of a person are in tables of their own`;
  return [`${what}, where a new card gets none: ${elsewhere.map(printable).join(', ')}.`];
}
