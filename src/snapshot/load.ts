import { orDropped } from '../database/begun.js';
import type { Scratch } from '../database/scratch.js';
import type { Target } from '../database/target.js';
import { copyDatabase } from './copy.js';
import type { Dump } from './dump/dump.js';
import { loadDump } from './dump/load.js';
import { createScratch } from './empty.js';
import { inPlace } from './in-place.js';

/** What to rehearse on. */
export type Snapshot =
  /** A copy of the database. */
  | { readonly kind: 'copy'; readonly target: Target }
  /** The database itself, which has to be marked as disposable. */
  | { readonly kind: 'in-place'; readonly target: Target }
  /** A file, loaded into a database of its own on that server, or into the embedded one. */
  | { readonly kind: 'dump'; readonly dump: Dump; readonly server: Target };

export interface LoadOptions {
  readonly env: NodeJS.ProcessEnv;
  /** The user's working folder, where the embedded sample is kept. */
  readonly folder: string;
  /** Where files of ours may be, and the embedded copy. */
  readonly workplace: string;
  readonly signal: AbortSignal;
}

/**
 * Brings a snapshot into a database to work on; what was begun is gone again where that fails.
 * @throws OnecardError where it cannot be loaded, and why.
 */
export async function loadSnapshot(snapshot: Snapshot, options: LoadOptions): Promise<Scratch> {
  switch (snapshot.kind) {
    case 'copy':
      return copyDatabase(snapshot.target, options);
    case 'in-place':
      return inPlace(snapshot.target, options);
    case 'dump':
      return loadFile(snapshot.dump, snapshot.server, options);
  }
}

async function loadFile(dump: Dump, server: Target, options: LoadOptions): Promise<Scratch> {
  const scratch = await createScratch(server, options);
  return orDropped(scratch.drop, options.signal, async () => {
    const { statements, skipped } = await loadDump(dump, { ...options, target: scratch.target }, options);
    const left = skipped.length === 0 ? '' : `; left out: ${skipped.join(', ')}`;
    return { ...scratch, origin: `${dump.path}, ${statements} statements${left}` };
  });
}
