import { isCredential, isSspLogin } from '../config/credentials.js';
import type { CatalogColumn } from '../database/catalog.js';
import { isPortalLogin, type Sides } from './card-sides.js';
import type { Guess, Plain } from './proposal.js';
import { textsOf } from './side.js';
import { percent } from './statistics.js';
import { labelOf } from './tables.js';
import { type Code, codesOf, MOST_CODES } from './value-words.js';

/** So many persons have a value that is usual. */
const USUAL = 0.66;

/** What a required column gets that nothing of the operator fills: what most persons have, as a question. */
export function constantFor(column: CatalogColumn, { persons, keys }: Sides): Guess {
  const { name } = column;
  if (isCredential(name))
    return { value: { value: neutral(column) }, because: ['required, and a credential: it stays empty'] };
  const login = keys.find(({ person }) => person.relation === undefined && person.column === column);
  if (login !== undefined && isPortalLogin(column, persons) && !isSspLogin(name))
    return {
      value: { from: login.operator.mainPlain },
      because: ['required'],
      question: `${name} seems to be the login to the portal, which a card has no access to: may it have the operator's all the same? If not, give it a constant ({ value: … }).`,
    };
  const codes = codesOf(column, textsOf(persons, name));
  const filled = codes.filter(({ value }) => value !== null);
  const isUnique = persons.table.uniqueIndexes.some((index) => index.length === 1 && index[0] === name);
  const [most] = filled;
  const isUsual =
    most !== undefined && filled.length <= MOST_CODES && most.count >= USUAL * persons.sample.rows.length;
  const value = isUsual ? most.plain : neutral(column);
  const held = isUsual
    ? `${percent(most.count / persons.sample.rows.length)} of ${labelOf(persons.table)} have this`
    : column.labels === undefined
      ? 'an empty value of its type'
      : `one of ${column.labels.join(', ')}`;
  const because = [
    `required, and nothing of the operator fills it; ${held}${othersOf(filled, most, isUsual)}`,
    ...persons.table.checks
      .filter((check) => wordsIn(check).has(name))
      .map((check) => `the table checks: ${check}`),
  ];
  const question = isUnique
    ? `${name} is unique, so that no two cards can have the same: what fills it ({ from: … })?`
    : isPortalLogin(column, persons)
      ? `${name} seems to be the login to the portal, which a card has no access to: is this constant right?`
      : `what does a new card have in ${name}?`;
  return { value: { value }, because, question };
}

const othersOf = (codes: readonly Code[], most: Code | undefined, isUsual: boolean) =>
  isUsual && codes.length > 1
    ? `, others ${codes
        .filter((code) => code !== most)
        .slice(0, 5)
        .map(({ value }) => JSON.stringify(value))
        .join(', ')}`
    : '';

/** The names in an expression, quoted or not. */
const wordsIn = (expression: string) => new Set(expression.split(/[^\p{L}\p{N}_$]+/u));

function neutral({ family, type, labels }: CatalogColumn): Plain {
  if (labels !== undefined) return labels[0] ?? '';
  if (family === 'text') return '';
  if (family === 'boolean') return false;
  if (/timestamp|datetime/i.test(type)) return '1970-01-02 00:00:00';
  if (/date/i.test(type)) return '1970-01-01';
  return 0;
}
