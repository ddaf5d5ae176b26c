import { rm } from 'node:fs/promises';
import { z } from 'zod';
import { NotDropped } from '../database/begun.js';
import type { RunState } from '../journal/run.js';
import { compareContents } from './compare-contents.js';
import { readContents } from './contents.js';
import type { CycleOptions } from './cycle.js';
import { reportDifferences } from './judgements.js';
import type { Loaded } from './loaded.js';
import { expectEnd, readDocument } from './onecard.js';
import type { Site } from './site.js';
import type { Findings } from './steps.js';

/**
 * Drops what was made for the rehearsal alone.
 * @param failure what broke the load off, where there is no site: whoever makes a database drops a half-made one.
 */
export async function dropAll(
  findings: Findings,
  site: Site | undefined,
  workplace: string,
  failure: unknown,
): Promise<void> {
  await site?.scratch.drop();
  await rm(workplace, { recursive: true, force: true, maxRetries: 5 });
  findings.seen = site === undefined ? 'what was made is gone again' : `dropped ${nameOf(site)}`;
  if (site === undefined && failure instanceof NotDropped) {
    findings.problem('a scratch database is still there');
    findings.remedy = failure.remedy;
  }
}

const nameOf = ({ scratch: { target, name } }: Site) =>
  target.kind === 'embedded' ? 'the embedded copy' : name;

/** States of a run in which something of it is in the tables. */
const WRITTEN: readonly string[] = ['applying', 'closing', 'done', 'rolling-back'] satisfies RunState[];

const runsDocument = z.object({ runs: z.array(z.object({ run: z.string(), state: z.string() })) });

/** Takes back whatever the rehearsal has written to a database that stays, and says what is left of it. */
export async function restore(
  findings: Findings,
  site: Site,
  original: Loaded,
  { args: { place }, scope, workplace }: Pick<CycleOptions, 'args' | 'scope' | 'workplace'>,
): Promise<void> {
  try {
    const { onecard, scratch } = site;
    const ended = expectEnd(await onecard.call(['runs', '--json', ...place]), [0]);
    const { runs } = readDocument(runsDocument, ended);
    const ours = runs.filter(
      ({ run, state }) => !original.runs.some(({ id }) => id === run) && WRITTEN.includes(state),
    );
    for (const { run } of ours)
      expectEnd(await onecard.call(['rollback', run, '--yes', '--json', ...place]), [0, 7]);
    if (!original.hadJournal)
      expectEnd(await onecard.call(['uninstall', '--yes', '--drop-columns', ...place]), [0]);
    const now = await site.inspect((database) => readContents(database, { scope, like: original.contents }));
    findings.seen = `${scratch.name} is as it was before`;
    reportDifferences(findings, compareContents(original.contents, now));
  } finally {
    await rm(workplace, { recursive: true, force: true, maxRetries: 5 });
  }
}
