import { isCredential } from '../config/credentials.js';
import type { Catalog, CatalogColumn, CatalogTable } from '../database/catalog.js';
import type { Row } from '../database/session.js';
import { isCalled, type Meaning, meaningsOf } from './names.js';
import type { Plain } from './proposal.js';
import { findRelations, isOneToOne, type Owner, primaryColumn, type Relation } from './relations.js';
import { normalized, type Sample, type Sampler } from './sample.js';
import { looksLikeMail, type Statistics, statisticsOf, tallyOf } from './statistics.js';
import { foreignKeyOf, labelOf, tablePlain } from './tables.js';
import { codesOf, truthOf } from './value-words.js';
import { type Concept, NAME_OF_VALUE_WORDS, VALUE_COLUMN_WORDS } from './words.js';

/** One of the two tables with everything that its rows have, be it in their columns or elsewhere. */
export interface Side extends Owner {
  readonly sample: Sample;
  readonly relations: readonly Relation[];
  readonly values: readonly Candidate[];
}

/** A value that each row of a side may have. */
export interface Candidate {
  readonly table: CatalogTable;
  readonly column: CatalogColumn;
  /** undefined for a column of the row itself. */
  readonly relation: Relation | undefined;
  /** As the configuration writes it; a card takes the main one of several values. */
  readonly plain: Plain;
  readonly mainPlain: Plain;
  readonly label: string;
  readonly meanings: readonly Meaning[];
  readonly statistics: Statistics;
}

/** Reads a side: its table, what belongs to it, and the values of both. */
export async function readSide(
  catalog: Catalog,
  sampler: Sampler,
  owner: Owner,
  other: Owner,
): Promise<Side> {
  const sample = await sampler.of(owner.table);
  const relations = await findRelations(catalog, sampler, owner, other);
  const own = ownCandidates(owner.table, sample);
  const elsewhere = relations.flatMap((relation) => candidatesOf(relation, sample));
  return { ...owner, sample, relations, values: [...own, ...elsewhere] };
}

/** How sure a candidate is to hold this. */
export const strengthFor = ({ meanings }: Candidate, concept: Concept) =>
  meanings.find((meaning) => meaning.concept === concept)?.strength ?? 0;

/** What it most likely holds. */
export const meantBy = ({ meanings }: Candidate): Meaning | undefined => meanings[0];

/** The values of a column, row by row of its own table. */
export const textsOf = ({ sample }: { sample: Sample }, column: string) =>
  sample.rows.map((row) => row[column] ?? null);

function ownCandidates(table: CatalogTable, sample: Sample): Candidate[] {
  return readable(table).map((column): Candidate => {
    const statistics = statisticsOf(sample.rows.map((row) => [row[column.name] ?? null]));
    return {
      table,
      column,
      relation: undefined,
      plain: column.name,
      mainPlain: column.name,
      label: column.name,
      meanings: withData(meaningsOf(column.name, table.name.name), column, statistics).filter(
        ({ concept }) => column.family === 'text' || !TEXTS.includes(concept),
      ),
      statistics,
    };
  });
}

/** A number called user_id is no login. */
const TEXTS: readonly Concept[] = [
  'login',
  'networkLogin',
  'mainframeLogin',
  'firstName',
  'lastName',
  'fullName',
];

const readable = (table: CatalogTable) =>
  [...table.columns.values()].filter(({ name }) => !isCredential(name));

/** What looks like mail addresses is that, and what is called so and holds none is not. */
function withData(meanings: readonly Meaning[], column: CatalogColumn, statistics: Statistics): Meaning[] {
  const others = meanings.filter(({ concept }) => concept !== 'email');
  if (column.family !== 'text' && column.family !== 'binary') return others;
  const named = meanings.find(({ concept }) => concept === 'email');
  const isFilled = statistics.values.size > 0;
  if (isFilled && !looksLikeMail(statistics)) return others;
  if (isFilled)
    return [{ concept: 'email', strength: Math.max(0.8, named?.strength ?? 0), isNegated: false }, ...others];
  return [...meanings];
}

/** In tables that belong to ours only what identifies or reaches a human is of interest. */
const ELSEWHERE: readonly Concept[] = [
  ...(['email', 'login', 'networkLogin', 'mainframeLogin', 'employeeNumber', 'externalId'] as const),
  ...(['phone', 'mobile', 'firstName', 'lastName', 'fullName'] as const),
];

function candidatesOf(relation: Relation, owners: Sample): Candidate[] {
  const pairs = keyValueColumns(relation);
  const candidates =
    pairs === undefined ? columnCandidates(relation, owners) : namedCandidates(relation, owners, pairs);
  return candidates.filter(({ meanings, statistics }) => {
    const [best] = meanings;
    return (
      best !== undefined && best.strength >= 0.5 && ELSEWHERE.includes(best.concept) && statistics.filled > 0
    );
  });
}

function columnCandidates(relation: Relation, owners: Sample): Candidate[] {
  return readable(relation.table)
    .filter(({ name }) => name !== relation.theirs.name && foreignKeyOf(relation.table, name) === undefined)
    .filter(({ name }) => !relation.table.primaryKey.includes(name) || relation.table.primaryKey.length > 1)
    .map((column) => candidate(relation, owners, column, undefined));
}

/** A table of pairs: which column names the value, and which holds it. */
export interface KeyValueColumns {
  readonly name: CatalogColumn;
  readonly value: CatalogColumn;
}

/** More different names than these are no names. */
const MOST_NAMES = 200;

export function keyValueColumns({ table, rowsOf, theirs }: Relation): KeyValueColumns | undefined {
  const columns = [...table.columns.values()].filter((column) => column !== theirs);
  const value = columns.find(
    ({ name, family }) =>
      (family === 'text' || family === 'binary') && isCalled(name, VALUE_COLUMN_WORDS, table.name.name),
  );
  const name = columns.find(
    (column) =>
      column !== value &&
      column.family === 'text' &&
      isCalled(column.name, NAME_OF_VALUE_WORDS, table.name.name),
  );
  if (name === undefined || value === undefined) return undefined;
  const names = new Set([...rowsOf.values()].flat().map((row) => row[name.name]));
  return names.size <= MOST_NAMES ? { name, value } : undefined;
}

/** The names that a table of pairs knows. */
export const namesIn = ({ rowsOf }: Relation, { name }: KeyValueColumns): string[] =>
  tallyOf([...rowsOf.values()].flat().map((row) => row[name.name] ?? null)).flatMap(([text]) =>
    text === null || isCredential(text) ? [] : [text],
  );

function namedCandidates(relation: Relation, owners: Sample, pairs: KeyValueColumns): Candidate[] {
  return namesIn(relation, pairs).map((name) =>
    candidate(relation, owners, pairs.value, { column: pairs.name.name, is: name }),
  );
}

function candidate(
  relation: Relation,
  owners: Sample,
  column: CatalogColumn,
  named: { readonly column: string; readonly is: string } | undefined,
): Candidate {
  const { table, ours, rowsOf, ownerType } = relation;
  const isOurs = (row: Row) => named === undefined || row[named.column] === named.is;
  const statistics = statisticsOf(
    owners.rows.map((owner) =>
      (rowsOf.get(normalized(owner[ours.name] ?? null)) ?? [])
        .filter(isOurs)
        .map((row) => row[column.name] ?? null),
    ),
  );
  const conditions = [
    ...(ownerType === undefined ? [] : [ownerType]),
    ...(named === undefined ? [] : [named]),
  ];
  const main = isOneToOne(relation) ? undefined : primaryCondition(relation);
  const called = named === undefined ? meaningsOf(column.name, table.name.name) : meaningsOf(named.is);
  // A column "address" or "value" of a table of mail addresses is one.
  const byTable = meaningsOf(table.name.name).map((meaning) => ({
    ...meaning,
    strength: meaning.strength * 0.9,
  }));
  const meanings =
    called.some(({ strength }) => strength >= 0.7) || named !== undefined
      ? called
      : [
          ...called,
          ...(isCalled(column.name, VALUE_COLUMN_WORDS) || isCalled(column.name, NUMBER_WORDS)
            ? byTable
            : []),
        ];
  const label = `${labelOf(table)}.${column.name}${named === undefined ? '' : ` of ${named.column} ${JSON.stringify(named.is)}`}`;
  return {
    table,
    column,
    relation,
    plain: elsewhere(relation, column, conditions),
    mainPlain: elsewhere(relation, column, main === undefined ? conditions : [...conditions, main]),
    label,
    meanings: withData(
      meanings.toSorted((a, b) => b.strength - a.strength),
      column,
      statistics,
    ),
    statistics,
  };
}

const NUMBER_WORDS: ReadonlySet<string> = new Set([
  'number',
  'no',
  'nr',
  'nummer',
  'numero',
  'address',
  'adres',
  'adresse',
]);

function primaryCondition(relation: Relation): { column: string; is: Plain } | undefined {
  const column = primaryColumn(relation);
  if (column === undefined) return undefined;
  const texts = [...relation.rowsOf.values()].flat().map((row) => row[column.name] ?? null);
  const yes = codesOf(column, texts).find(({ value }) => truthOf(value) === true);
  return yes === undefined ? undefined : { column: column.name, is: yes.plain };
}

/** A value of another table, as the configuration writes it. */
function elsewhere(
  relation: Relation,
  column: CatalogColumn,
  conditions: readonly { readonly column: string; readonly is: Plain }[],
): Plain {
  return { column: column.name, ...rowsPlain(relation, conditions) };
}

/** Rows of another table that belong to ours: what `row` conditions and values have in common. */
export function rowsPlain(
  { table, theirs, ours }: Relation,
  conditions: readonly { readonly [key: string]: Plain }[],
): { readonly [key: string]: Plain } {
  const [only, ...more] = conditions;
  return {
    table: tablePlain(table),
    on: { [theirs.name]: ours.name },
    ...(only !== undefined && { where: more.length === 0 ? only : { all: conditions } }),
  };
}
