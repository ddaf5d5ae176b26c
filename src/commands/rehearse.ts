import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import type { PolicyFlags } from '../config/load.js';
import type { Target } from '../database/target.js';
import { OnecardError } from '../errors.js';
import { ExitCode } from '../model/exit-code.js';
import type { Rehearsal } from '../model/rehearsal.js';
import { brushFor } from '../output/terminal/look.js';
import { printable } from '../output/terminal/printable.js';
import { renderRehearsal } from '../output/terminal/rehearsal.js';
import { Redactor } from '../redactor.js';
import type { CommandArgs } from '../rehearse/cycle.js';
import { type Discretion, PLAIN, redacted } from '../rehearse/discretion.js';
import { rehearse as rehearseOn } from '../rehearse/rehearse.js';
import { Steps } from '../rehearse/steps.js';
import { leftovers } from '../snapshot/leftovers.js';
import { loadSnapshot, type Snapshot } from '../snapshot/load.js';
import { VERSION } from '../version.js';
import { RehearsalBaseline } from './rehearsal-baseline.js';
import { RehearsalFiles } from './rehearsal-files.js';
import { StepsOnTerminal } from './rehearsal-steps.js';
import { interruptible } from './rehearsal-stopping.js';
import { argumentsFrom, policiesOf } from './same-flags.js';
import {
  announceSample,
  configurationFile,
  lookOf,
  readRequest,
  type SharedFlags,
  type Terminal,
  write,
} from './terminal.js';

export interface RehearseFlags extends SharedFlags, PolicyFlags {
  readonly inPlace?: boolean;
  readonly keep?: boolean;
  readonly junit?: string;
  readonly summary?: string;
  /** false by `--no-redact` */
  readonly redact?: boolean;
  readonly maxReview?: number;
  readonly maxFailed: number;
  readonly maxTransactionMs?: number;
  /** Milliseconds. */
  readonly maxDuration?: number;
  readonly baseline?: string;
  readonly writeBaseline?: string;
  readonly ignoreTable?: readonly string[];
  readonly decisions?: string;
  readonly batchSize?: number;
  /** Milliseconds. */
  readonly batchTime: number;
  /** Milliseconds. */
  readonly lockTimeout: number;
}

/** Takes a snapshot through the whole migration and back; exit code 3 names the step that failed. */
export async function rehearse(
  terminal: Terminal,
  flags: RehearseFlags,
  dump: string | undefined,
): Promise<ExitCode> {
  refuseOddFlags(flags, dump);
  const request = readRequest(terminal, flags);
  const isRedacted = flags.redact !== false;
  const redactor = Redactor.of(terminal.env);
  const baseline = new RehearsalBaseline(terminal, flags, isRedacted ? redactor : null);
  await baseline.check();
  const files = new RehearsalFiles(terminal, flags);
  await files.check();
  if (dump === undefined) announceSample(terminal, flags, request);
  const snapshot = snapshotOf(request.target, flags, dump);
  const discretion = isRedacted ? redacted(redactor) : PLAIN;
  await warnOfLeftovers(terminal, flags, request.target);
  const workplace = await makeWorkplace();
  const making = { configuration: request.configuration, workplace };
  const started = Date.now();
  const steps = new Steps(new StepsOnTerminal(terminal, flags), discretion.words);
  const course = await interruptible(terminal, flags.maxDuration, (stops) =>
    rehearseOn(
      {
        ...stops,
        ...request,
        env: terminal.env,
        workplace,
        discretion,
        load: () =>
          loadSnapshot(snapshot, { env: terminal.env, folder: terminal.folder, workplace, ...stops }),
        isInPlace: flags.inPlace ?? false,
        isKept: flags.keep ?? false,
        ignoreTables: flags.ignoreTable ?? [],
        limits: flags,
        args: argsOf(terminal, flags),
        compareBaseline: baseline.comparison(making),
        onPlan: (plan) => baseline.write(plan, making),
      },
      steps,
    ),
  );
  const rehearsal: Rehearsal = {
    onecard: VERSION,
    passed: steps.havePassed,
    startedAt: new Date(started).toISOString(),
    milliseconds: Date.now() - started,
    snapshot: inWords(snapshot),
    isRedacted,
    steps: steps.results,
    ...course,
  };
  await files.write(rehearsal);
  await show(terminal, flags, rehearsal);
  return endOf(steps, discretion);
}

/** For our eyes only: plans and reports stand there in full. @throws OnecardError where there is no place for it. */
async function makeWorkplace(): Promise<string> {
  try {
    return await mkdtemp(join(tmpdir(), 'onecard-rehearsal-'));
  } catch (cause) {
    const code = cause instanceof Error && 'code' in cause ? ` (${cause.code})` : '';
    throw new OnecardError(`No temporary folder can be made in ${tmpdir()}${code}.`, {
      remedy: 'Set TMPDIR to a folder that is there, and that this user may write to.',
      cause,
    });
  }
}

/** Whatever hinders that will hinder the rehearsal, which then says so. */
async function warnOfLeftovers(terminal: Terminal, flags: RehearseFlags, target: Target): Promise<void> {
  if (flags.quiet) return;
  const names = await leftovers(target, terminal.env).catch(() => []);
  if (names.length === 0) return;
  const brush = brushFor(lookOf(terminal.stderr, terminal, flags));
  terminal.stderr.write(
    `${brush.warning(`Left behind on this server, as by a rehearsal that was killed: ${printable(names.join(', '))}.`)}\n` +
      `${brush.quiet('Where no rehearsal is at work, drop each: DROP DATABASE …')}\n\n`,
  );
}

function refuseOddFlags({ inPlace }: RehearseFlags, dump: string | undefined): void {
  if (inPlace && dump !== undefined)
    throw new OnecardError('--in-place is about a database, and a dump is loaded into one of its own.', {
      remedy: 'Leave one of them out.',
    });
}

function snapshotOf(target: Target, { inPlace }: RehearseFlags, dump: string | undefined): Snapshot {
  if (dump !== undefined) return { kind: 'dump', path: dump, server: target };
  return { kind: inPlace ? 'in-place' : 'copy', target };
}

/** The same configuration, policies and bounds for every command, whatever folder it works in. */
function argsOf(terminal: Terminal, flags: RehearseFlags): CommandArgs {
  const { batchTime, batchSize, lockTimeout } = flags;
  const absolute = (path: string | undefined) => path && resolve(terminal.folder, path);
  return {
    place: argumentsFrom({ config: absolute(configurationFile(terminal, flags)) }),
    policies: argumentsFrom(policiesOf(flags)),
    decisions: argumentsFrom({ decisions: absolute(flags.decisions) }),
    batches: argumentsFrom({ batchTime, batchSize, lockTimeout }),
  };
}

function inWords(snapshot: Snapshot): string {
  switch (snapshot.kind) {
    case 'dump':
      return `the dump ${snapshot.path}`;
    case 'in-place':
      return 'the database itself';
    case 'copy':
      return 'a copy of the database';
  }
}

async function show(terminal: Terminal, flags: RehearseFlags, rehearsal: Rehearsal): Promise<void> {
  if (flags.json) return write(terminal.stdout, `${JSON.stringify(rehearsal)}\n`);
  if (!flags.quiet)
    await write(
      terminal.stdout,
      `\n${renderRehearsal(rehearsal, lookOf(terminal.stdout, terminal, flags))}\n`,
    );
}

/** @throws what broke the rehearsal off before it had a database to work on: that is for the user to mend. */
function endOf(steps: Steps, discretion: Discretion): ExitCode {
  const failed = steps.results.find(({ outcome }) => outcome === 'failed');
  if (failed === undefined) return ExitCode.Done;
  const { error } = steps;
  if (error instanceof OnecardError && error.exitCode === ExitCode.Interrupted) return ExitCode.Interrupted;
  if (failed.step === 'load' && error !== undefined) throw discreet(error, discretion);
  return ExitCode.Pending;
}

/** Standard error goes into the log of a pipeline, too. */
function discreet(error: unknown, { words }: Discretion): unknown {
  if (!(error instanceof OnecardError)) return error;
  const { message, remedy, exitCode } = error;
  return new OnecardError(words(message), {
    exitCode,
    ...(remedy !== undefined && { remedy }),
    cause: error,
  });
}
