import { cp, mkdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { PGlite } from '@electric-sql/pglite';
import { dropper, orDropped } from './begun.js';
import { EMBEDDED_FOLDER, withSampleLocked } from './embedded.js';
import type { Scratch, ScratchPlaces, ScratchServer } from './scratch.js';

/** Scratch databases in the folder of the workplace where an embedded one is looked for. */
export function embeddedScratches({ folder, workplace }: ScratchPlaces): ScratchServer {
  const home = join(workplace, EMBEDDED_FOLDER);
  const data = join(home, 'sample');
  const unfinished = `${data}.unfinished`;

  const scratch = (origin: string): Scratch => ({
    target: { kind: 'embedded' },
    name: 'sample',
    origin,
    keep: async () => undefined,
    drop: dropper('sample', `rm -r '${home}'`, () =>
      rm(home, { recursive: true, force: true, maxRetries: 5 }),
    ),
  });

  /** In a folder of its own until it is whole: what is found there counts as a database. */
  const make = async (made: Scratch, signal: AbortSignal | undefined, fill: () => Promise<void>) => {
    // A sample that is there already is somebody's.
    await mkdir(home, { mode: 0o700 });
    await orDropped(made.drop, signal, async () => {
      await fill();
      await rename(unfinished, data);
    });
    return made;
  };

  return {
    copy: async (signal) => {
      signal?.throwIfAborted();
      return make(scratch(`a copy of the embedded sample`), signal, () =>
        withSampleLocked(folder, (original) => cp(original, unfinished, { recursive: true })),
      );
    },
    empty: () =>
      make(scratch('an empty embedded database'), undefined, async () => {
        await (await PGlite.create(unfinished)).close();
      }),
    mark: async () => ({ database: 'sample', isDisposable: false }),
    leftovers: async () => [],
  };
}
