import { resolve } from 'node:path';
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
import { PLAIN, redacted } from '../rehearse/discretion.js';
import { rehearse as rehearseOn } from '../rehearse/rehearse.js';
import { Scope } from '../rehearse/scope.js';
import { Steps } from '../rehearse/steps.js';
import { recognizeDump } from '../snapshot/dump/recognize.js';
import { leftovers } from '../snapshot/leftovers.js';
import { loadSnapshot, type Snapshot } from '../snapshot/load.js';
import { VERSION } from '../version.js';
import { readDecisionsFile } from './decisions-file.js';
import { RehearsalBaseline } from './rehearsal-baseline.js';
import { RehearsalFiles } from './rehearsal-files.js';
import { StepsOnTerminal } from './rehearsal-steps.js';
import { interruptible } from './rehearsal-stopping.js';
import { harmlessWords } from './rehearsal-words.js';
import { leftWorkplaces, makeWorkplace } from './rehearsal-workplace.js';
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
  readonly minWritten: number;
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
  if (flags.decisions !== undefined) await readDecisionsFile(flags.decisions);
  const files = new RehearsalFiles(terminal, flags);
  await files.check();
  if (dump === undefined) announceSample(terminal, flags, request);
  const scope = new Scope(request.configuration, flags.ignoreTable ?? []);
  const snapshot = await snapshotOf(request.target, flags, dump);
  const discretion = isRedacted ? redacted(redactor) : PLAIN;
  discretion.learn(harmlessWords(terminal, flags, request.target));
  await warnOfLeftovers(terminal, flags, request.target);
  const { path: workplace, leave } = await makeWorkplace();
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
        scope,
        limits: flags,
        args: argsOf(terminal, flags),
        compareBaseline: baseline.comparison(making),
        onPlan: (plan) => baseline.write(plan, making),
      },
      steps,
    ),
  ).finally(leave);
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
  return endOf(steps);
}

/** Whatever hinders that will hinder the rehearsal, which then says so. */
async function warnOfLeftovers(terminal: Terminal, flags: RehearseFlags, target: Target): Promise<void> {
  if (flags.quiet) return;
  const databases = await leftovers(target, terminal.env).catch(() => []);
  const folders = await leftWorkplaces().catch(() => []);
  const lines = [...databases.map((statement) => `${statement};`), ...folders.map((path) => `rm -r ${path}`)];
  if (lines.length === 0) return;
  const brush = brushFor(lookOf(terminal.stderr, terminal, flags));
  terminal.stderr.write(
    `${brush.warning('Earlier rehearsals have left copies of the data: kept, or since they were killed. To remove them:')}\n` +
      `${lines.map((line) => `  ${printable(line)}\n`).join('')}\n`,
  );
}

function refuseOddFlags({ inPlace, keep }: RehearseFlags, dump: string | undefined): void {
  const remedy = 'Leave one of them out.';
  if (inPlace && dump !== undefined)
    throw new OnecardError('--in-place is about a database, and a dump is loaded into one of its own.', {
      remedy,
    });
  if (inPlace && keep)
    throw new OnecardError('--keep is about a copy, and --in-place makes none.', { remedy });
}

/** @throws OnecardError where the file is none that can be loaded, as far as its beginning tells. */
async function snapshotOf(
  target: Target,
  { inPlace }: RehearseFlags,
  path: string | undefined,
): Promise<Snapshot> {
  if (path !== undefined) return { kind: 'dump', dump: await recognizeDump(path), server: target };
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
      return `the dump ${snapshot.dump.path}`;
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

/** What broke the rehearsal off before a command was called is for the user to mend; the step has said it. */
function endOf({ results, error }: Steps): ExitCode {
  const failed = results.find(({ outcome }) => outcome === 'failed');
  if (failed === undefined) return ExitCode.Done;
  const isEarly = failed.step === 'load' || failed.step === 'preflight';
  if (error === undefined || !(isEarly || isInterruption(error))) return ExitCode.Pending;
  if (error instanceof OnecardError) return error.exitCode;
  throw error;
}

const isInterruption = (error: unknown) =>
  error instanceof OnecardError && error.exitCode === ExitCode.Interrupted;
