import { isCredential } from '../config/credentials.js';
import type { Catalog, CatalogColumn, CatalogTable } from '../database/catalog.js';
import { calledAfter, isCalledAfter } from './called-after.js';
import type { KeyGuess } from './keys.js';
import { isIn, meaningsOf, mentions, wordsOf } from './names.js';
import type { Guess, Plain } from './proposal.js';
import type { Sampler } from './sample.js';
import type { Side } from './side.js';
import { percent } from './statistics.js';
import { foreignKeyOf, isSameName, labelOf, mayHoldKeys, tablePlain } from './tables.js';
import { ASKER_WORDS, type Concept, PERSON_WORDS } from './words.js';

/** References dangle where nothing sees to them: so many of the values have to be persons all the same. */
const SHARE = 0.3;
/** So much leaves no doubt. */
const SURE = 0.9;
/** Whole numbers are keys of anything: less than this says nothing. */
const SHARE_OF_NUMBERS = 0.5;
/** Columns whose values are looked up at most. */
const MOST_COLUMNS = 200;

/**
 * Columns without a foreign key that refer to persons all the same: those that are called after persons, or after
 * whoever asks (`visitor_login`), and hold their keys or one of their logins; of keys that no other table has (uuid),
 * whatever they are called.
 */
export async function findReferences(
  catalog: Catalog,
  sampler: Sampler,
  sides: {
    readonly operators: Side;
    readonly persons: Side;
    readonly link: string;
    readonly keys: readonly KeyGuess[];
  },
): Promise<Guess[]> {
  const { persons, operators, link } = sides;
  const isUuid = looksLikeUuids(persons);
  const columns = catalog.tables
    .filter(({ kind }) => kind === 'table')
    .flatMap((table) => [...table.columns.values()].map((column) => ({ table, column })))
    .filter(({ table, column }) => !(table === operators.table && column.name === link))
    .filter(({ table, column }) => !(table === persons.table && column === persons.key))
    .filter(({ table, column }) => !isDeclared(table, column, persons))
    .filter(({ table, column }) => !isOwnKey(table, column, sides) && !isCredential(column.name))
    .filter(({ column }) => isNamed(column, persons) || isAuthor(column) || (isUuid && holdsUuids(column)))
    .toSorted((a, b) => Number(isNamed(b.column, persons)) - Number(isNamed(a.column, persons)))
    .slice(0, MOST_COLUMNS);
  const found: Guess[] = [];
  for (const { table, column } of columns) {
    const guess = await judge(sampler, table, column, sides);
    if (guess !== undefined) found.push(guess);
  }
  return found;
}

/** Declared: to persons, which is found anyhow, or to something else. */
const isDeclared = (table: CatalogTable, column: CatalogColumn, { table: persons }: Side) =>
  table.foreignKeys.some(
    ({ columns, table: target }) =>
      columns.some(({ own }) => own === column.name) &&
      (columns.length === 1 || isSameName(target, persons.name)),
  ) || foreignKeyOf(table, column.name) !== undefined;

/** The key of another table is one of persons where it is called after them alone: `user_id` of `user__cdata`. */
function isOwnKey(
  table: CatalogTable,
  { name }: CatalogColumn,
  { operators, persons }: { readonly operators: Side; readonly persons: Side },
): boolean {
  const isKey = table.primaryKey.length === 1 && table.primaryKey[0] === name;
  const isShared =
    table !== operators.table &&
    calledAfter(name, persons.table) >= 2 &&
    calledAfter(name, persons.table) > calledAfter(name, table);
  return isKey && !isShared;
}

const AUTHORS: ReadonlySet<string> = new Set(['by', 'owner', 'author', 'user', 'username', 'login']);

/** `opened_by`, `owner_login`: a human, be it an operator or a person. */
const isAuthor = ({ name, family }: CatalogColumn) =>
  family === 'text' && AUTHORS.has(wordsOf(name).at(-1) ?? '');

const isNamed = ({ name }: CatalogColumn, persons: Side) =>
  mentions(name, ASKER_WORDS) ||
  isCalledAfter(name, persons.table) ||
  wordsOf(name).some((word) => isIn(PERSON_WORDS.sure, word));

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;

const looksLikeUuids = ({ key, sample }: Side) =>
  key.family === 'uuid' ||
  (sample.rows.length > 0 && sample.rows.slice(0, 100).every((row) => UUID.test(row[key.name] ?? '')));

const holdsUuids = ({ family, length }: CatalogColumn) =>
  family === 'uuid' || (family === 'text' && length === 36);

async function judge(
  sampler: Sampler,
  table: CatalogTable,
  column: CatalogColumn,
  { operators, persons, keys }: { operators: Side; persons: Side; keys: readonly KeyGuess[] },
): Promise<Guess | undefined> {
  const values = await sampler.valuesOf(table, column);
  if (values === undefined) return undefined;
  const label = `${labelOf(table)}.${column.name}`;
  const reference = (more: { readonly [key: string]: Plain } = {}): Plain => ({
    table: tablePlain(table),
    column: column.name,
    ...more,
  });
  const share = async (side: Side, target: CatalogColumn) => {
    const found = await sampler.found(side.table, target, values);
    return found === undefined || found.asked === 0 ? 0 : found.found.size / found.asked;
  };
  const isTheirs = calledAfter(column.name, operators.table) > calledAfter(column.name, persons.table);
  if (mayHoldKeys(column, persons.key) && !isTheirs) {
    if (values.length === 0)
      return isCalledAfter(column.name, persons.table)
        ? { value: reference(), because: [`called after ${labelOf(persons.table)}, and empty so far`] }
        : undefined;
    const theirs = await share(persons, persons.key);
    const isNumber = column.family === 'integer';
    if (theirs >= (isNumber ? SHARE_OF_NUMBERS : SHARE)) {
      const ours = mayHoldKeys(column, operators.key) ? await share(operators, operators.key) : 0;
      const because = [
        `no foreign key, and ${percent(theirs)} of its values are keys of ${labelOf(persons.table)}`,
      ];
      const isDoubtful = ours >= theirs && !isCalledAfter(column.name, persons.table);
      const question = isDoubtful
        ? `does ${label} refer to ${labelOf(persons.table)}, and not to ${labelOf(operators.table)}, whose keys its values are as well? If not, remove this.`
        : theirs < SURE
          ? `does ${label} refer to ${labelOf(persons.table)}? ${percent(1 - theirs)} of its values are keys of none. If it does not, remove this.`
          : undefined;
      return { value: reference(), because, question };
    }
  }
  if (column.family !== 'text' || values.length === 0 || table === operators.table) return undefined;
  const isByName = isNamed(column, persons);
  if (!isByName && table === persons.table) return undefined;
  for (const target of isByName ? keyColumns(keys) : loginColumns(persons, keys)) {
    if (table === persons.table && target === column) continue;
    const held = await share(persons, target);
    if (held < (isByName ? SHARE : SURE)) continue;
    const ours = isByName
      ? 0
      : await mostOf(loginColumns(operators, keys), (login) => share(operators, login));
    if (ours > held) return undefined;
    const question =
      ours === held
        ? `does ${label} refer to persons by their ${target.name}, and not to operators, whose logins its values are as well? If not, remove this.`
        : held < SURE
          ? `does ${label} refer to persons by their ${target.name}? ${percent(1 - held)} of its values are those of none. If it does not, remove this.`
          : undefined;
    return {
      value: reference({ holds: target.name }),
      because: [`no foreign key, and ${percent(held)} of its values are the ${target.name} of a person`],
      question,
    };
  }
  return undefined;
}

const keyColumns = (keys: readonly KeyGuess[]) =>
  keys.flatMap(({ person }) => (person.relation === undefined ? [person.column] : []));

/** What people log in with on that side, and its keys. */
function loginColumns({ values, role }: Side, keys: readonly KeyGuess[]): CatalogColumn[] {
  const logins = values.filter(
    ({ relation, column, meanings: [best] }) =>
      relation === undefined &&
      column.family === 'text' &&
      best !== undefined &&
      best.strength >= 0.5 &&
      LOGINS.includes(best.concept),
  );
  const ofKeys = keys
    .map(({ operator, person }) => (role === 'operators' ? operator : person))
    .filter(({ relation }) => relation === undefined);
  return [...new Set([...logins, ...ofKeys].map(({ column }) => column))];
}

const LOGINS: readonly Concept[] = ['login', 'networkLogin'];

async function mostOf<T>(each: readonly T[], share: (one: T) => Promise<number>): Promise<number> {
  let most = 0;
  for (const one of each) most = Math.max(most, await share(one));
  return most;
}

/** Stamps and authors of the last change: the application moves them by itself. */
export function volatileColumns({ table }: Side): { columns: string[]; because: string[] } {
  const columns = [...table.columns.values()].filter(
    ({ name, movedByServer, isGenerated }) =>
      !isGenerated &&
      (movedByServer ||
        meaningsOf(name, table.name.name).some(
          ({ concept, strength }) => concept === 'changedAt' && strength >= 0.7,
        )),
  );
  return {
    columns: columns.map(({ name }) => name),
    because: columns.map(({ name, movedByServer }) =>
      movedByServer
        ? `the server moves ${name} on each update`
        : `${name} says by its name when or by whom a row was changed`,
    ),
  };
}
