import { setTimeout as sleep } from 'node:timers/promises';
import { type CliResult, startOnecard } from '../cli.js';
import type { OwnServer } from '../servers/server.js';
import { appliedReaches, killAndTellWhere, type Moment, progressOf, type Watched } from './moment.js';
import { onceUnlocked } from './once-unlocked.js';
import type { Cut, TcpProxy } from './tcp-proxy.js';

/** A database with a working folder, where runs are disturbed. */
export interface Field extends Watched {
  readonly url: string;
  readonly folder: string;
}

export interface Series {
  /** The command that is disturbed, and then finishes the job. */
  readonly args: string[];
  readonly random: () => number;
  /** So many disturbances at most: the run may be done before. */
  readonly most: number;
  /** A disturbance comes so many milliseconds after progress at the latest. */
  readonly within: number;
}

/** A run that takes longer than this hangs. */
const ONE_RUN_MS = 120_000;

/** Every so many disturbances come anywhere after the start: while it connects, plans, or makes the journal. */
const ANYWHERE = 0.2;

/** Kills run after run with SIGKILL; then lets one get to its end. @returns how that one ended. */
export async function killRuns(field: Field, series: Series, onKill: (moment: Moment) => void) {
  for (let kills = 0; kills < series.most; kills++) {
    const run = start(field, series.args);
    const ended = await Promise.race([run.result, randomMoment(field, series, run.result)]);
    if (ended === undefined) {
      onKill(await killAndTellWhere(run.child, field));
      const { code, stderr } = await run.result;
      if (code !== null) throw new Error(`a killed run ended with ${code}: ${stderr}`);
    } else if (ended.code === 6) {
      kills--;
      await sleep(100);
    } else {
      return expectGoodEnd(ended);
    }
  }
  return finish(field, series);
}

/** Kills the server under run after run and starts it again; then lets a run get to its end. */
export async function killServer(
  server: OwnServer,
  field: Field,
  series: Series,
  onKill: (moment: Moment) => void,
) {
  for (let kills = 0; kills < series.most; kills++) {
    const run = start(field, series.args);
    const ended = await Promise.race([run.result, randomMoment(field, series, run.result)]);
    if (ended !== undefined) return expectGoodEnd(ended);
    const progress = await progressOf(field);
    await server.kill();
    await server.restart();
    onKill({ ...progress, openTransactions: 0 });
    // It may have survived, and go on.
    const after = expectFailureOrGoodEnd(await run.result);
    if (after.code === 0) return after;
  }
  return finish(field, series);
}

/** Cuts the connections of run after run in the ways given, in turn; then lets a run get to its end. */
export async function cutConnections(
  proxy: TcpProxy,
  field: Field,
  series: Series,
  cuts: readonly Cut[],
  onCut: (cut: Cut, moment: Pick<Moment, 'applied' | 'total'>) => void,
) {
  const behind = { ...field, url: proxy.url(field.url) };
  let run = start(behind, series.args);
  for (let count = 0; count < series.most; count++) {
    const cut = cuts[count % cuts.length];
    if (cut === undefined) break;
    const ended = await Promise.race([run.result, randomMoment(field, series, run.result)]);
    const progress = await progressOf(field);
    const happened = ended ?? (await Promise.race([run.result, proxy.cutWhen(cut)]));
    if (happened !== undefined) {
      proxy.disarm();
      if (expectFailureOrGoodEnd(happened).code === 0) return happened;
      // The one before went down with an earlier cut.
      count--;
      await sleep(happened.code === 6 ? 100 : 0);
      run = start(behind, series.args);
    } else onCut(cut, progress);
  }
  expectFailureOrGoodEnd(await run.result);
  return finish(field, series);
}

function start({ url, folder }: Field, args: string[]) {
  return startOnecard(args, { folder, env: { DATABASE_URL: url }, timeoutMs: ONE_RUN_MS });
}

async function finish(field: Field, { args }: Series): Promise<CliResult> {
  return expectGoodEnd(await onceUnlocked(() => start(field, args).result));
}

/** Resolves at a random moment of the run, or when it has ended. */
async function randomMoment(field: Field, { random, within }: Series, ended: Promise<CliResult>) {
  const over = ended.then(() => undefined);
  if (random() < ANYWHERE) {
    await Promise.race([over, sleep(random() * 2_000)]);
    return undefined;
  }
  const { applied } = await progressOf(field);
  await appliedReaches(field, applied + 1, ended);
  await Promise.race([over, sleep(random() * within)]);
  return undefined;
}

function expectGoodEnd(result: CliResult): CliResult {
  if (result.code !== 0) throw new Error(`a run ended with ${result.code}: ${result.stderr}`);
  return result;
}

/** Whoever loses its database says so in a sentence, and what to do. */
function expectFailureOrGoodEnd(result: CliResult): CliResult {
  const { code, stderr } = result;
  if (code === 0 || code === 6) return result;
  if (code === 1 && !stderr.includes('internal error') && stderr.includes('\n  → ')) return result;
  throw new Error(`a run that lost its database ended with ${code}: ${stderr}`);
}
