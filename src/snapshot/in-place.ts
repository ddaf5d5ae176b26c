import type { Scratch } from '../database/scratch.js';
import { DISPOSABLE_MARK } from '../database/scratch.js';
import { scratchServer } from '../database/scratch-server.js';
import type { Target } from '../database/target.js';
import { OnecardError } from '../errors.js';

/**
 * The database itself, to be written to; dropping it does nothing.
 * @throws OnecardError where it is not marked as disposable, and for the embedded sample.
 */
export async function inPlace(
  target: Target,
  { env, folder }: { readonly env: NodeJS.ProcessEnv; readonly folder: string },
): Promise<Scratch> {
  if (target.kind === 'embedded') {
    throw new OnecardError('The embedded sample cannot be rehearsed on in place.', {
      remedy: 'Leave out --in-place: it is copied in a moment.',
    });
  }
  const server = await scratchServer(target, env, { folder, workplace: folder });
  const { database, isDisposable } = await server.mark();
  if (!isDisposable) {
    throw new OnecardError(
      `The database ${database} is not marked as disposable, and --in-place writes to it.`,
      {
        remedy: `Leave out --in-place to rehearse on a copy. If this database may be spoilt, mark it: CREATE TABLE ${DISPOSABLE_MARK} (id int).`,
      },
    );
  }
  const nothing = async () => undefined;
  return { target, name: database, origin: `the database ${database} itself`, keep: nothing, drop: nothing };
}
