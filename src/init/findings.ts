import type { Catalog } from '../database/catalog.js';
import { type AccessGuess, findCaller, findSsp } from './access.js';
import { type CardGuesses, findCard } from './card.js';
import { ConditionFinder } from './conditions.js';
import { findKeys, type KeyGuesses } from './keys.js';
import { findLink } from './link.js';
import type { Guess } from './proposal.js';
import { findReferences } from './references.js';
import type { Sampler } from './sample.js';
import type { Side } from './side.js';
import type { Purpose } from './sign.js';

export interface Sides {
  readonly operators: Side;
  readonly persons: Side;
}

type Conditions = Readonly<Record<Purpose, Guess>>;

/** Everything that was guessed about two tables. */
export interface Findings {
  readonly link: Guess;
  readonly ssp: AccessGuess;
  readonly caller: AccessGuess;
  readonly operators: Conditions;
  readonly persons: Pick<Conditions, 'archived' | 'anonymized'>;
  readonly keys: KeyGuesses;
  readonly card: CardGuesses;
  readonly references: readonly Guess[];
}

/** @param report what is being looked at, as a person reads it. */
export async function findEverything(
  catalog: Catalog,
  sampler: Sampler,
  { operators, persons }: Sides,
  report: (activity: string) => void,
): Promise<Findings> {
  const conditions = new ConditionFinder(sampler, catalog.tables);
  const link = await findLink(sampler, operators, persons);
  const ssp = findSsp(operators, persons);
  const caller = findCaller(operators, persons, columnsIn(ssp.column));
  const taken = columnsIn(ssp.column, caller.column);
  const keys = await findKeys(sampler, operators, persons, {
    operators: columnsIn(typeof link.value === 'string' ? link.value : undefined),
    persons: taken,
  });
  report('looking for references to persons');
  return {
    link,
    ssp,
    caller,
    operators: {
      group: await conditions.find(operators, 'group'),
      apiAccount: await conditions.find(operators, 'apiAccount'),
      excluded: await conditions.find(operators, 'excluded'),
      archived: await conditions.find(operators, 'archived'),
      anonymized: await conditions.find(operators, 'anonymized'),
    },
    persons: {
      archived: await conditions.find(persons, 'archived'),
      anonymized: await conditions.find(persons, 'anonymized'),
    },
    keys,
    card: findCard({ operators, persons, keys: keys.keys, taken }),
    references: await findReferences(catalog, sampler, {
      operators,
      persons,
      link: typeof link.value === 'string' ? link.value : '',
      keys: keys.keys,
    }),
  };
}

const columnsIn = (...columns: (string | undefined)[]) =>
  new Set(columns.filter((column) => column !== undefined));
