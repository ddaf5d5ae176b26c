import type { CatalogTable } from '../database/catalog.js';
import { wordsOf } from './names.js';

const KEY_WORDS: ReadonlySet<string> = new Set([
  'id',
  'key',
  'no',
  'nr',
  'code',
  'ref',
  'uuid',
  'guid',
  'unid',
  'fk',
]);

/**
 * How much a column is called after a table: 3 as a whole (`contact_id`, `contactId`, `contact` after contact or
 * contacts), 2 apart from the table's first word, which tables of one application often share (`user_id` after
 * ost_user), 1 by its last word (`user_id` after main_customer_user), else 0.
 */
export function calledAfter(column: string, table: CatalogTable): 0 | 1 | 2 | 3 {
  const singular = (word: string) => word.replace(/s$/, '');
  const own = wordsOf(table.name.name).map(singular);
  const words = wordsOf(column).map(singular);
  const last = own.at(-1);
  // Written together: `contactid`, `klantnr`.
  const squashed = words.join('');
  const isSquashed = [...KEY_WORDS].some((key) => squashed === `${own.join('')}${key}`);
  if (isSquashed) return 3;
  if (last === undefined || !words.includes(last) || words.length > own.length + 2) return 0;
  const said = words.filter((word) => !KEY_WORDS.has(word)).join(' ');
  if (said === own.join(' ')) return 3;
  return said === own.slice(1).join(' ') ? 2 : 1;
}

/** As a whole or by its last word. */
export const isCalledAfter = (column: string, table: CatalogTable) => calledAfter(column, table) > 0;
