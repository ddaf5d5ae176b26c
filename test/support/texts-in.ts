import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';

/** The content of every file in this folder and those below it; none where there is no such folder. */
export async function textsIn(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true }).catch(() => []);
  const files = entries.filter((entry) => entry.isFile());
  return Promise.all(files.map((entry) => readFile(join(entry.parentPath, entry.name), 'utf8')));
}
