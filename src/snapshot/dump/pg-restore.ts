import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { accessSync, constants, readdirSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { endOn } from '../../child-process.js';
import { OnecardError } from '../../errors.js';
import type { Dump } from './dump.js';
import { Damaged, fileContent } from './file-content.js';
import { wholeTar } from './tar.js';

/** Where the packages of Debian and Ubuntu put the programs of each version. */
const VERSIONS = '/usr/lib/postgresql';

/**
 * The script that pg_restore makes of an archive, in chunks. Owners and privileges are in it, so that they are
 * left out, and told, as those of any other script.
 *
 * @param signal ends it.
 * @throws OnecardError where there is no pg_restore, or none that reads it; Damaged where what is packed is cut off.
 */
export async function* scriptOfArchive(
  dump: Dump,
  env: NodeJS.ProcessEnv,
  signal: AbortSignal | undefined,
): AsyncGenerator<Buffer> {
  // What is packed comes in through a pipe.
  const archive = dump.isCompressed ? [] : [dump.path];
  const child = spawn(findPgRestore(dump, env), ['--file=-', ...archive], {
    env: { PATH: env['PATH'], LC_ALL: 'C.UTF-8' },
    stdio: [dump.isCompressed ? 'pipe' : 'ignore', 'pipe', 'pipe'],
  });
  endOn(signal, child);
  const ended = once(child, 'close');
  let complaint = '';
  child.stderr?.on('data', (chunk: Buffer) => {
    complaint = `${complaint}${chunk.toString()}`.slice(0, 10_000);
  });
  let damage: Damaged | undefined;
  if (child.stdin !== null) {
    const content = fileContent(dump);
    pipeline(dump.format === 'tar' ? wholeTar(content) : content, child.stdin).catch((error) => {
      // Where it does not take all of it, its own words say why.
      if (!(error instanceof Damaged)) return;
      damage = error;
      // There are versions that look for the rest of a tar archive for ever.
      child.kill('SIGKILL');
    });
  }
  try {
    if (child.stdout) yield* child.stdout as AsyncIterable<Buffer>;
    const [code] = await ended;
    if (damage !== undefined) throw damage;
    if (code !== 0) throw refusal(dump, complaint);
  } finally {
    child.kill('SIGKILL');
    ended.catch(() => undefined);
  }
}

function findPgRestore(dump: Dump, env: NodeJS.ProcessEnv): string {
  const folders = [...versionFolders(), ...(env['PATH'] ?? '').split(delimiter).filter(Boolean)];
  const program = folders.map((folder) => join(folder, 'pg_restore')).find(isProgram);
  if (program !== undefined) return program;
  throw new OnecardError(
    `The dump ${dump.path} is in the ${dump.format} format, and there is no pg_restore to read it.`,
    {
      remedy:
        'Install the client programs of PostgreSQL (postgresql-client), or make a plain dump: pg_dump --format=plain.',
    },
  );
}

/** Newest first. */
function versionFolders(): string[] {
  try {
    return readdirSync(VERSIONS)
      .sort((a, b) => Number.parseFloat(b) - Number.parseFloat(a))
      .map((version) => join(VERSIONS, version, 'bin'));
  } catch {
    return [];
  }
}

function isProgram(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

function refusal({ path }: Dump, complaint: string): OnecardError {
  const words =
    complaint
      .trim()
      .split('\n')[0]
      ?.replace(/^pg_restore: (?:error: )?/, '') || 'it gives no reason';
  const isNewer = words.includes('unsupported version');
  return new OnecardError(`The dump ${path} cannot be read by pg_restore: ${words}.`, {
    remedy: isNewer
      ? 'Install the client programs of the PostgreSQL version that made it, or make a plain dump: pg_dump --format=plain.'
      : 'The file may be cut off or damaged: copy it again from where it was made, or make it again.',
  });
}
