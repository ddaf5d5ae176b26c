import type { ScratchPlaces, ScratchServer } from './scratch.js';
import type { Target } from './target.js';

/** The server of a target; each driver is loaded only where it is needed. */
export async function scratchServer(
  target: Target,
  env: NodeJS.ProcessEnv,
  places: ScratchPlaces,
): Promise<ScratchServer> {
  switch (target.kind) {
    case 'embedded':
      return (await import('./embedded-scratch.js')).embeddedScratches(places);
    case 'mysql':
      return (await import('./mysql/scratch.js')).mysqlScratches(target.url, env);
    case 'postgres':
      return (await import('./postgres/scratch.js')).postgresScratches(target.url, env);
  }
}
