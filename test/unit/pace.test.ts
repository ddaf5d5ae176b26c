import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { Pace, type PaceOptions } from '../../src/apply/pace.js';

const paceWith = (options: Partial<PaceOptions>) =>
  new Pace({
    limit: undefined,
    stopAt: undefined,
    maxFailures: undefined,
    pauseFile: undefined,
    sleep: 0,
    signal: new AbortController().signal,
    ...options,
  });

describe('the pace of a run', () => {
  it('goes on as long as nobody says otherwise', () => {
    expect(paceWith({}).reasonToStop(1_000_000, 1_000_000)).toBe(undefined);
    expect(paceWith({}).allowance(5)).toBe(Number.POSITIVE_INFINITY);
  });

  it('stops after so many operators, and never begins a batch that goes beyond', () => {
    const pace = paceWith({ limit: 10 });
    expect(pace.allowance(7)).toBe(3);
    expect(pace.reasonToStop(9, 0)).toBe(undefined);
    expect(pace.reasonToStop(10, 0)).toEqual({ kind: 'limit', limit: 10 });
  });

  it('stops at its time, not before', () => {
    const now = Date.now();
    expect(paceWith({ stopAt: new Date(now + 60_000) }).reasonToStop(1, 0)).toBe(undefined);
    const at = new Date(now - 1);
    expect(paceWith({ stopAt: at }).reasonToStop(1, 0)).toEqual({ kind: 'time', at });
  });

  it('stops after so many failures', () => {
    const pace = paceWith({ maxFailures: 2 });
    expect(pace.reasonToStop(50, 1)).toBe(undefined);
    expect(pace.reasonToStop(50, 2)).toEqual({ kind: 'failures', failures: 2 });
  });

  it('stops on request, during a pause, too', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'onecard-pace-'));
    onTestFinished(() => rmSync(folder, { recursive: true }));
    const pauseFile = join(folder, 'pause');
    writeFileSync(pauseFile, '');
    const stop = new AbortController();
    const pace = paceWith({ pauseFile, signal: stop.signal });
    const said: string[] = [];
    await pace.rest(1, 0, async (why) => {
      said.push(why);
      if (said.length === 2) stop.abort();
    });
    expect(said).toEqual(Array(2).fill(`paused while ${pauseFile} exists`));
    expect(pace.reasonToStop(1, 0)).toEqual({ kind: 'signal' });
  });
});
