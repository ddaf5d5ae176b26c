import { mkdir, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { inject } from 'vitest';

/**
 * Makes something once for all test files of a run, whichever comes first, in a folder of its own.
 * Returns that folder. The name stands for what is made: give each another one.
 */
export async function shared(name: string, make: (folder: string) => Promise<void>): Promise<string> {
  const folder = join(inject('sharedFolder'), name);
  const done = join(folder, 'done');
  while (!(await exists(done))) {
    if (!(await claim(folder))) {
      await sleep(20);
      continue;
    }
    try {
      await make(folder);
      await writeFile(done, '');
    } catch (error) {
      await rm(folder, { recursive: true });
      throw error;
    }
  }
  return folder;
}

async function claim(folder: string): Promise<boolean> {
  try {
    await mkdir(folder);
    return true;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EEXIST') return false;
    throw error;
  }
}

async function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}
