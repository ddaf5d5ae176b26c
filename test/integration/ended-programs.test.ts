import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { expect, it, onTestFinished } from 'vitest';
import { endOn } from '../../src/child-process.js';
import { dumpAndRestore, dumpPrograms } from '../../src/database/postgres/programs.js';

/** A program that says nothing, and stays when it is asked to end. */
async function stubborn(name: string): Promise<{ folder: string; path: string }> {
  const folder = await mkdtemp(join(tmpdir(), 'onecard-stubborn-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  const path = join(folder, name);
  await writeFile(path, "#!/bin/sh\ntrap '' TERM\nexec sleep 47\n");
  await chmod(path, 0o755);
  return { folder, path };
}

const isThere = (pid: number) => {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
};

it('ends pg_dump and pg_restore that stay when they are asked to end', { timeout: 20_000 }, async () => {
  const { path } = await stubborn('pg_dump');
  const abort = new AbortController();
  const copying = dumpAndRestore(
    { dump: path, restore: path, version: 15 },
    process.env,
    process.env,
    [],
    abort.signal,
  );
  await sleep(300);
  const asked = performance.now();
  abort.abort(new Error('enough'));
  await expect(copying).rejects.toThrow('enough');
  expect(performance.now() - asked).toBeLessThan(6_000);
});

it('ends a pg_dump that does not tell its version', { timeout: 20_000 }, async () => {
  const { folder } = await stubborn('pg_dump');
  await writeFile(join(folder, 'pg_restore'), '');
  const abort = new AbortController();
  const looking = dumpPrograms(99, { PATH: `${folder}:${process.env['PATH']}` }, abort.signal);
  await sleep(300);
  abort.abort(new Error('enough'));
  await expect(Promise.race([looking, sleep(6_000)])).rejects.toThrow('enough');
});

it('lets a program end by itself when it is asked to', async () => {
  const child = spawn('/bin/sh', [
    '-c',
    "trap 'kill $!; echo tidied; exit 3' TERM; sleep 47 & echo ready; wait $!",
  ]);
  onTestFinished(() => void child.stdout.destroy());
  const abort = new AbortController();
  endOn(abort.signal, child);
  await once(child.stdout, 'data');
  const said = once(child.stdout, 'data');
  abort.abort();
  expect(String(await said)).toBe('tidied\n');
  expect(await once(child, 'exit')).toEqual([3, null]);
});

it('takes a program along where the process ends by a fault', async () => {
  const module = new URL('../../dist/src/child-process.js', import.meta.url).href;
  const { path } = await stubborn('pg_restore');
  const faulty = `
    import { spawn } from 'node:child_process';
    import { endOn } from ${JSON.stringify(module)};
    const child = spawn(${JSON.stringify(path)}, { stdio: 'ignore' });
    endOn(undefined, child);
    console.log(child.pid);
    setTimeout(() => { throw new Error('a fault'); }, 200);`;
  const run = promisify(execFile)(process.execPath, ['--input-type=module', '--eval', faulty]);
  const { stdout, stderr } = (await run.catch((error) => error)) as { stdout: string; stderr: string };
  expect(stderr).toContain('a fault');
  await expect.poll(() => isThere(Number(stdout)), { timeout: 5_000 }).toBe(false);
});
