import type { Scratch, ScratchPlaces } from '../database/scratch.js';
import { scratchServer } from '../database/scratch-server.js';
import type { Target } from '../database/target.js';

export interface CopyOptions extends ScratchPlaces {
  readonly env: NodeJS.ProcessEnv;
  readonly signal?: AbortSignal;
}

/**
 * Copies the database of the target on its own server, the embedded one into the workplace. The original is
 * read and nothing else. A failure or an abort in the middle drops what was begun.
 * @throws OnecardError naming what is missing; the reason of the signal, after an abort.
 */
export async function copyDatabase(target: Target, options: CopyOptions): Promise<Scratch> {
  return (await scratchServer(target, options.env, options)).copy(options.signal);
}
