import { scratchServer } from '../database/scratch-server.js';
import type { Target } from '../database/target.js';

/** The scratch databases on the server of the target to which nobody is connected: a killed rehearsal left them. */
export async function leftovers(target: Target, env: NodeJS.ProcessEnv): Promise<string[]> {
  // What is embedded leaves folders, which no server knows.
  if (target.kind === 'embedded') return [];
  return (await scratchServer(target, env, { folder: '.', workplace: '.' })).leftovers();
}
