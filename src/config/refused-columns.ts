import { isCredential, isSspLogin } from './credentials.js';
import type { Problem } from './problems.js';
import { isTree, type Tree } from './tree.js';

/** What a card must not hold, whatever the rest of the configuration is like. */
export function refusedColumns({ card, persons }: Tree): Problem[] {
  if (!isTree(card)) return [];
  const own = isTree(persons) ? [persons['key'], columnOf(persons['ssp']), columnOf(persons['caller'])] : [];
  return Object.entries(card).flatMap(([column, source]): Problem[] => {
    const from = isTree(source) ? columnOf(source['from']) : undefined;
    const path = ['card', column];
    if (typeof from === 'string' && isCredential(from))
      return [{ path, text: `copies ${from}, which looks like a credential: leave it out` }];
    if (isCredential(column) && !isHarmless(source))
      return [{ path, text: 'looks like a credential: leave it out, or give it the constant ""' }];
    if (isSspLogin(column) && !isHarmless(source))
      return [{ path, text: 'is about the login to the SSP, which a card has no access to: leave it out' }];
    if (own.includes(column)) return [{ path, text: 'is set by onecard itself: leave it out' }];
    return [];
  });
}

/** Required columns need a value; flags, numbers and empty texts open no door. */
const isHarmless = (source: unknown) =>
  isTree(source) && 'value' in source && (typeof source['value'] !== 'string' || source['value'] === '');

/** Of a value or a flag, in its short form or the long one. */
const columnOf = (named: unknown) => (isTree(named) ? named['column'] : named);
