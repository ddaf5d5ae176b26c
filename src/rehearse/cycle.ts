import { join } from 'node:path';
import type { BatchTimes } from '../apply/batch-clock.js';
import { checkLayout, type Layout } from '../config/layout.js';
import type { Database } from '../database/database.js';
import type { Configuration } from '../model/configuration.js';
import type { Tally } from '../model/decision.js';
import { ExitCode } from '../model/exit-code.js';
import type { Measures } from '../model/rehearsal.js';
import { ApprovedPlan } from '../plan/approved-plan.js';
import { compareContents, type Difference } from './compare-contents.js';
import { type Contents, readContents } from './contents.js';
import type { Discretion } from './discretion.js';
import {
  judgeRollback,
  judgeRun,
  judgeVerification,
  plural,
  reportDifferences,
  reportRefused,
} from './judgements.js';
import type { Limits } from './limits.js';
import type { Loaded } from './loaded.js';
import { documents, type Ended, expectEnd, type RunDocument, readDocument, tryDocument } from './onecard.js';
import { proveOnlyPlanned } from './only-planned.js';
import { lookBefore, REHEARSAL_TICKET, refuseLeftRuns } from './preflight.js';
import type { Scope } from './scope.js';
import { logBytesBetween, readSizes } from './sizes.js';
import type { Findings, Steps } from './steps.js';

export interface CycleOptions {
  readonly configuration: Configuration;
  readonly workplace: string;
  /** Arguments for the commands. */
  readonly args: CommandArgs;
  readonly scope: Scope;
  readonly limits: Pick<Limits, 'maxFailed'>;
  readonly discretion: Discretion;
}

export interface CommandArgs {
  /** `--config` */
  readonly place: readonly string[];
  /** For those that decide, or hold something against what was decided. */
  readonly policies: readonly string[];
  /** `--decisions`, for runs. */
  readonly decisions: readonly string[];
  /** For those that write in batches. */
  readonly batches: readonly string[];
}

/** Of the run that is killed: a few, so that some are behind it and some ahead. */
const BATCHES_AROUND_A_KILL = 5;
const LARGEST_KILLED_BATCH = 500;

/** As it will be run. */
const RUN = ['migrate', '--yes', '--allow-schema-changes', '--ticket', REHEARSAL_TICKET];
/** Rows that the database refuses, after which there is no point in going on. */
const ENOUGH_FAILURES = 100;

/** The whole life of a migration on one database. */
export class Cycle {
  decisions: readonly Tally[] = [];
  measures: Measures = {
    longestTransactionMs: null,
    longestLockMs: null,
    databaseBytes: null,
    journalBytes: null,
    logBytes: null,
  };
  /** What the first dry run has written. */
  plan: ApprovedPlan | undefined;
  /** It came to its end, so that all is measured. */
  isWhole = false;
  readonly #options: CycleOptions;
  readonly #steps: Steps;
  readonly #planFile: string;

  constructor(options: CycleOptions, steps: Steps) {
    this.#options = options;
    this.#steps = steps;
    this.#planFile = join(options.workplace, 'plan.ndjson');
  }

  async turn(loaded: Loaded): Promise<void> {
    await this.#turn(loaded);
    this.isWhole = true;
  }

  async #turn(loaded: Loaded): Promise<void> {
    const steps = this.#steps;
    this.#note({ databaseBytes: loaded.sizes.databaseBytes });
    await steps.need('preflight', (findings) => this.#lookBefore(findings, loaded));
    const { plan, pending } = await steps.need('dry-run', (findings) => this.#dryRun(findings, loaded));
    this.plan = plan;
    await steps.take('dry-run-wrote-nothing', (findings) => this.#proveUntouched(findings, loaded));
    if (pending === 0) return this.#endIdle(loaded);
    const approved = ['--plan', this.#planFile, '--plan-digest', plan.digest];
    await steps.need('kill', (findings) => this.#killedRun(findings, loaded, approved, pending));
    const first = await steps.need('resume', (findings) => this.#run(findings, loaded, approved));
    await this.#measureGrowth(loaded);
    await steps.take('verify', (findings) => this.#verify(findings, loaded));
    await steps.take('only-planned-rows', (findings) => this.#proveOnlyPlanned(findings, loaded, first));
    await steps.need('rollback', (findings) => this.#rollback(findings, loaded, first));
    await steps.take('as-before', (findings) => this.#proveAsBefore(findings, loaded));
    await steps.need('migrate-again', (findings) => this.#run(findings, loaded, []));
    await steps.take('verify-again', (findings) => this.#verify(findings, loaded));
  }

  async #endIdle(loaded: Loaded): Promise<void> {
    const why = 'nothing is to be written';
    for (const step of ['kill', 'resume'] as const) this.#steps.skip(step, why);
    await this.#steps.take('verify', (findings) => this.#verify(findings, loaded));
    for (const step of [
      'only-planned-rows',
      'rollback',
      'as-before',
      'migrate-again',
      'verify-again',
    ] as const)
      this.#steps.skip(step, why);
  }

  async #lookBefore(findings: Findings, loaded: Loaded): Promise<true> {
    const { workplace } = this.#options;
    const { databaseBytes } = this.measures;
    refuseLeftRuns(loaded.runs);
    await this.#fitting(loaded, (database, layout) =>
      lookBefore(findings, database, layout, { databaseBytes, workplace }),
    );
    return true;
  }

  async #dryRun(findings: Findings, { site }: Loaded): Promise<{ plan: ApprovedPlan; pending: number }> {
    const args = ['migrate', '--dry-run', '--json', '--limit', '1', '--plan-out', this.#planFile];
    const ended = await site.onecard.call([...args, ...this.#deciding]);
    const { totals } = readDocument(documents.dryRun, expectEnd(ended, [0]));
    const count = (chosen: readonly Tally[]) => chosen.reduce((sum, { operators }) => sum + operators, 0);
    const pending = count(totals.filter(({ action }) => action !== 'none'));
    this.decisions = totals;
    findings.seen = `${plural(count(totals), 'operator')}, ${pending} to be written`;
    if (count(totals) === 0) findings.problem('there are no operators: nothing can be rehearsed on them');
    return { plan: await ApprovedPlan.open(this.#planFile), pending };
  }

  /** Nothing was written: volatile columns stand still, too. */
  async #proveUntouched(findings: Findings, loaded: Loaded): Promise<void> {
    const differences = await this.#differences(findings, loaded);
    for (const { message } of differences) findings.problem(message);
  }

  /** Apart from what the application moves by itself at every write. */
  async #proveAsBefore(findings: Findings, loaded: Loaded): Promise<void> {
    reportDifferences(findings, await this.#differences(findings, loaded));
  }

  async #differences(findings: Findings, { site, contents }: Loaded): Promise<readonly Difference[]> {
    const { scope } = this.#options;
    const now = await site.inspect((database) => readContents(database, { scope, like: contents }));
    findings.seen = sameInWords(contents, scope);
    return compareContents(contents, now);
  }

  /** Half of the operators are behind it then, and the batch at hand is lost. */
  async #killedRun(
    findings: Findings,
    loaded: Loaded,
    approved: readonly string[],
    pending: number,
  ): Promise<true | undefined> {
    const { discretion } = this.#options;
    const size = Math.min(LARGEST_KILLED_BATCH, Math.ceil(pending / BATCHES_AROUND_A_KILL));
    const after = Math.floor(pending / size / 2) * size;
    const ended = await loaded.site.onecard.callKilled(
      [...this.#runArgs(approved), '--batch-size', String(size)],
      after,
    );
    if (this.#hasGivenUp(findings, ended)) return undefined;
    if (ended.signal !== 'SIGKILL') {
      expectEnd(ended, [0, 7]);
      findings.problem('the run came to its end, and was not killed: no batch of it was about to commit');
      return true;
    }
    const { checks } = await this.#readVerification(loaded);
    // Whoever comes after that batch has no card yet.
    const others = checks.filter(({ name }) => name !== 'every-operator-linked');
    judgeVerification(findings, { checks: others }, discretion);
    findings.seen = `killed after ${after} of ${plural(pending, 'operator')}, with a batch of ${size} about to commit: nothing half-made`;
    return true;
  }

  /** Whatever there is to be finished, or done. */
  async #run(
    findings: Findings,
    { site }: Loaded,
    approved: readonly string[],
  ): Promise<RunDocument | undefined> {
    const { limits, discretion } = this.#options;
    const ended = await site.onecard.call(this.#runArgs(approved));
    if (this.#hasGivenUp(findings, ended)) return undefined;
    const run = readDocument(documents.run, expectEnd(ended, [0, 3, 7]));
    judgeRun(findings, run, { maxFailed: limits.maxFailed, discretion });
    this.#noteTimes(run);
    return run;
  }

  async #verify(findings: Findings, loaded: Loaded): Promise<void> {
    judgeVerification(findings, await this.#readVerification(loaded), this.#options.discretion);
  }

  async #readVerification({ site }: Loaded) {
    const { place, policies } = this.#options.args;
    const ended = await site.onecard.call(['verify', '--json', ...place, ...policies]);
    return readDocument(documents.verification, expectEnd(ended, [0, 3]));
  }

  async #proveOnlyPlanned(findings: Findings, loaded: Loaded, { run }: RunDocument): Promise<void> {
    const { scope } = this.#options;
    const differences = await this.#fitting(loaded, (database, layout) =>
      proveOnlyPlanned(database, layout, { before: loaded.contents, scope, run }),
    );
    findings.seen = `${sameInWords(loaded.contents, scope)}, but for the links and cards of run ${run}`;
    reportDifferences(findings, differences);
  }

  async #rollback(
    findings: Findings,
    { site }: Loaded,
    { run, created, linked }: RunDocument,
  ): Promise<true> {
    const { args, discretion } = this.#options;
    const call = ['rollback', run, '--yes', '--json', ...args.place, ...args.batches];
    const rollback = readDocument(documents.rollback, expectEnd(await site.onecard.call(call), [0, 7]));
    judgeRollback(findings, rollback, created + linked, discretion);
    this.#noteTimes(rollback);
    return true;
  }

  #runArgs(approved: readonly string[]): string[] {
    const { args, limits } = this.#options;
    const enough = String(Math.max(ENOUGH_FAILURES, limits.maxFailed + 1));
    return [...RUN, '--json', '--max-failures', enough, ...approved, ...this.#deciding, ...args.batches];
  }

  /** Too many rows were refused for a run to go on. */
  #hasGivenUp(findings: Findings, ended: Ended): boolean {
    const stopped = ended.code === ExitCode.Failed && tryDocument(documents.stopped, ended);
    if (!stopped) return false;
    reportRefused(findings, stopped, this.#options.discretion);
    return true;
  }

  get #deciding(): string[] {
    const { place, policies, decisions } = this.#options.args;
    return [...place, ...policies, ...decisions];
  }

  async #measureGrowth({ site, sizes }: Loaded): Promise<void> {
    const now = await site.inspect(readSizes);
    this.#note({ journalBytes: now.journalBytes, logBytes: logBytesBetween(sizes, now) });
  }

  #noteTimes({ longestTransactionMs, longestLockMs }: BatchTimes): void {
    this.#note({
      longestTransactionMs: Math.max(longestTransactionMs, this.measures.longestTransactionMs ?? 0),
      longestLockMs: Math.max(longestLockMs, this.measures.longestLockMs ?? 0),
    });
  }

  #note(measured: Partial<Measures>): void {
    this.measures = { ...this.measures, ...measured };
  }

  #fitting<T>({ site }: Loaded, work: (database: Database, layout: Layout) => Promise<T>): Promise<T> {
    const { configuration } = this.#options;
    return site.inspect(async (database) => work(database, await checkLayout(database, configuration)));
  }
}

const sameInWords = ({ tables }: Contents, { ignoredTables }: Scope) =>
  `${plural(tables.length, 'table')} with the same rows, to the byte${ignoredTables.length === 0 ? '' : `, ${ignoredTables.join(', ')} aside`}`;
