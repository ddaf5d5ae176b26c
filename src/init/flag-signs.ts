import type { CatalogColumn } from '../database/catalog.js';
import { NOUNS, type Purpose, type Sign } from './sign.js';
import { type Code, counted, MOST_CODES, rowsText, truthOf } from './value-words.js';
import { yesAndNo } from './yes-and-no.js';

/** A flag: `inactive`, `is_bot`, or the inverse: `active`. A date such as `left_on` is one as well. */
export function flagSign(
  column: CatalogColumn,
  codes: readonly Code[],
  isInverse: boolean,
  purpose: Purpose,
): Sign | undefined {
  const { name, family } = column;
  if (family === 'time') {
    // The day on which something begins lies before most rows' today, and says nothing.
    if (isInverse) return undefined;
    const all = codes.reduce((sum, { count }) => sum + count, 0);
    const filled = all - (codes.find(({ value }) => value === null)?.count ?? 0);
    const isSeldom = filled < all / 2;
    return {
      condition: { column: name, isNull: false },
      because: `${rowsText(filled)} with a date in ${name}`,
      isSure: isSeldom,
      doubt: isSeldom
        ? undefined
        : `${rowsText(filled)} of ${all} have a date in ${name}, maybe one to come: does it say that a row is ${NOUNS[purpose]}?`,
    };
  }
  if (family !== 'boolean' && codes.length > MOST_CODES) return undefined;
  const [yes, no] = yesAndNo(column, codes);
  const told = isInverse ? no : yes;
  if (told === undefined) return undefined;
  const others = codes.filter(({ value }) => value !== null && truthOf(value) === undefined);
  const variants = codes.filter(
    (code) => code.plain !== yes && code.plain !== no && truthOf(code.value) !== undefined,
  );
  const odd = [...others, ...variants];
  const isWhole = !column.nullable && odd.length === 0 && yes !== undefined && no !== undefined;
  const count = codes.find(({ plain }) => plain === told)?.count ?? 0;
  return {
    condition: { column: name, is: told },
    ...(isWhole && { negation: { column: name, is: isInverse ? yes : no } }),
    because: `${name} holds ${counted(codes) || 'nothing yet'}`,
    isSure: true,
    doubt:
      odd.length === 0
        ? undefined
        : `${name} also holds ${counted(odd)}: which of its values mean ${NOUNS[purpose]} (${rowsText(count)} with ${JSON.stringify(told)})?`,
  };
}
