import { mkdir, readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { serverDatabases } from '../support/databases.js';
import { onecardOn, startOnecardOn } from '../support/on-database.js';
import { copiesOf } from '../support/rehearsals.js';
import { largeSample, sample } from '../support/sample.js';
import { changesOf, changesReach, until } from '../support/watching.js';

const MIGRATE = ['migrate', '--yes', '--batch-size', '20'];
const ALL = 1_969;

type Caller = readonly [string, ...string[]];
const FULL_DISK: Caller = ['sh', '-c', '"$@" > /dev/full', 'sh'];
/** Says the exit code on stderr, which of a pipe is another's. */
const LEAVING_READER: Caller = ['sh', '-c', '{ "$@"; echo "exit code $?" >&2; } | head -1', 'sh'];
const TERMINAL: Caller = ['sh', '-c', 'exec script -qc "$* 2> stderr.txt" /dev/null', 'sh'];

describe.each(serverDatabases)('a command on $name', ({ fresh }) => {
  it('fails where its output cannot be written, instead of waiting or ending well', async () => {
    const database = await fresh(sample);
    for (const args of [
      ['scan', '--json'],
      ['migrate', '--dry-run', '--json'],
      ['report', '--format', 'csv'],
    ]) {
      const { code, stderr } = await onecardOn(database, args, { through: FULL_DISK });
      expect(code, args.join(' ')).toBe(1);
      expect(stderr).toContain('onecard: standard output: it cannot be written to: ENOSPC');
    }
  });

  it('ends well where its reader has read enough', async () => {
    const database = await fresh(sample);
    const { stdout, stderr } = await onecardOn(database, ['report'], { through: LEAVING_READER });
    expect(stdout.trim().split('\n')).toHaveLength(1);
    expect(stderr).toContain('exit code 0');
  });

  it('stays where it was called without a terminal, as by nohup', async () => {
    const database = await fresh(largeSample);
    const run = startOnecardOn(database, MIGRATE);
    await changesReach(database, 20);
    run.child.kill('SIGHUP');
    const { code, stderr } = await run.result;
    expect(code, stderr).toBe(0);
    expect(await changesOf(database)).toBe(ALL);
  }, 120_000);

  it('ends a run after its batch when its terminal goes away', async () => {
    const database = await fresh(largeSample);
    const run = startOnecardOn(database, MIGRATE, { through: TERMINAL });
    run.result.catch(() => undefined);
    await changesReach(database, 20);
    run.child.kill('SIGKILL');
    const stderr = () => readFile(join(database.folder, 'stderr.txt'), 'utf8');
    await until('it says how to go on', async () =>
      (await stderr()).includes('The same command resumes run'),
    );
    expect(await changesOf(database)).toBeLessThan(ALL);
    const resumed = await onecardOn(database, MIGRATE);
    expect(resumed.code, resumed.stderr).toBe(0);
  }, 120_000);

  it.each([
    ['its reader leaves', LEAVING_READER],
    ['its output cannot be written', FULL_DISK],
    ['its terminal goes away', TERMINAL],
  ])(
    'removes what a rehearsal has made when %s',
    async (_, through) => {
      const database = await fresh(sample);
      const temporary = join(database.folder, 'temporary');
      await mkdir(temporary);
      const rehearsal = startOnecardOn(database, ['rehearse'], { through, env: { TMPDIR: temporary } });
      await until('there is a copy', async () => (await copiesOf(database)).length > 0);
      if (through === TERMINAL) {
        rehearsal.result.catch(() => undefined);
        rehearsal.child.kill('SIGKILL');
      } else {
        const { code, stderr } = await rehearsal.result;
        expect(stderr).toContain('Stopping, and removing what was made');
        if (through === FULL_DISK) expect(code).toBe(130);
        else expect(stderr).toContain('exit code 130');
      }
      await until('all is removed', async () => (await readdir(temporary)).length === 0);
      expect(await copiesOf(database)).toEqual([]);
    },
    60_000,
  );
});
