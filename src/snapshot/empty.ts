import type { Scratch } from '../database/scratch.js';
import { scratchServer } from '../database/scratch-server.js';
import type { Target } from '../database/target.js';

/**
 * Makes an empty database on the server of the target, or an embedded one in the workplace. The database that
 * the URL names is only used to connect.
 * @throws OnecardError where that is not allowed.
 */
export async function createScratch(
  target: Target | undefined,
  { env, workplace }: { readonly env: NodeJS.ProcessEnv; readonly workplace: string },
): Promise<Scratch> {
  return (await scratchServer(target ?? { kind: 'embedded' }, env, { folder: workplace, workplace })).empty();
}
