import type { Scratch } from '../database/scratch.js';
import type { Sizes } from '../database/stored-tables.js';
import { RunTable } from '../journal/journal.js';
import type { Run } from '../journal/run.js';
import { type Contents, readContents } from './contents.js';
import type { Discretion } from './discretion.js';
import type { Scope } from './scope.js';
import { Site, type Surroundings } from './site.js';
import { readSizes } from './sizes.js';
import type { Findings } from './steps.js';

/** A database to rehearse on, and what there was in it. */
export interface Loaded {
  readonly site: Site;
  readonly database: { readonly kind: string; readonly version: string };
  readonly contents: Contents;
  readonly sizes: Sizes;
  readonly hadJournal: boolean;
  /** Runs that were there. */
  readonly runs: readonly Run[];
}

export interface LoadOptions extends Surroundings {
  /** Makes the database to work on. */
  load(): Promise<Scratch>;
  readonly scope: Scope;
  readonly discretion: Discretion;
}

/** @param onSite is told as soon as there is something to be cleaned up. */
export async function load(
  findings: Findings,
  options: LoadOptions,
  onSite: (site: Site) => void,
): Promise<Loaded> {
  const { scope, discretion } = options;
  const site = new Site(await options.load(), options);
  onSite(site);
  findings.seen = site.scratch.origin;
  return site.inspect(async (database) => {
    discretion.learn([database.identity.database, ...(await database.identifiers())]);
    const hadJournal = await database.hasJournal();
    const runs = hadJournal ? await database.snapshot((session) => new RunTable(database).all(session)) : [];
    const contents = await readContents(database, { scope });
    findings.details.push(
      ...contents.unread.map((table) => `${table} may not be read: nothing is proved of it`),
    );
    return {
      site,
      database: { kind: database.identity.kind, version: database.identity.version },
      contents,
      sizes: await readSizes(database),
      hadJournal,
      runs,
    };
  });
}
