import { isCredential, isSspLogin } from '../config/credentials.js';
import type { CatalogColumn } from '../database/catalog.js';
import type { KeyGuess } from './keys.js';
import { mentions } from './names.js';
import { type Side, strengthFor } from './side.js';

/** What a mapping is found from. */
export interface Sides {
  readonly operators: Side;
  readonly persons: Side;
  readonly keys: readonly KeyGuess[];
  /** What onecard sets by itself, or what is no matter of a card: flags and the like. */
  readonly taken: ReadonlySet<string>;
}

export const isRequired = ({ nullable, filledByServer }: CatalogColumn) => !nullable && !filledByServer;

const PORTAL: ReadonlySet<string> = new Set(['ssp', 'portal', 'web', 'selfservice', 'portail', 'portaal']);

/** By its name, or since the password is beside it. */
export function isPortalLogin({ name }: CatalogColumn, persons: Side): boolean {
  if (isSspLogin(name)) return true;
  const own = persons.values.find(({ relation, column }) => relation === undefined && column.name === name);
  if (own === undefined || own.meanings[0]?.concept !== 'login' || strengthFor(own, 'login') < 0.7)
    return false;
  return mentions(name, PORTAL) || [...persons.table.columns.keys()].some((other) => isCredential(other));
}
