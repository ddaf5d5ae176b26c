import type { Catalog, CatalogColumn, CatalogTable } from '../database/catalog.js';
import type { Row } from '../database/session.js';
import { calledAfter, isCalledAfter } from './called-after.js';
import { isCalled, isIn, meaningsOf, mentions, wordsOf } from './names.js';
import { normalized, type Sampler } from './sample.js';
import { statisticsOf, uniqueShare } from './statistics.js';
import { foreignKeyOf, isSameName, labelOf, mayHoldKeys } from './tables.js';
import {
  ACCESS_WORDS,
  CALL_WORDS,
  type Concept,
  OPERATOR_WORDS,
  OWNER_TYPE_WORDS,
  PERSON_WORDS,
  VALUE_COLUMN_WORDS,
} from './words.js';

/** Rows of another table that belong to a row of ours. */
export interface Relation {
  readonly table: CatalogTable;
  /** Their column, and the one of ours whose value it has. */
  readonly theirs: CatalogColumn;
  readonly ours: CatalogColumn;
  readonly because: string;
  /** Where rows of several kinds of owners share that table: the column that tells them apart, and our value. */
  readonly ownerType: { readonly column: string; readonly is: string } | undefined;
  /** The rows of each owner, by the value of `ours` as keys are compared. */
  readonly rowsOf: ReadonlyMap<string, readonly Row[]>;
}

/** The table of one side with its key. */
export interface Owner {
  readonly role: 'operators' | 'persons';
  readonly table: CatalogTable;
  readonly key: CatalogColumn;
}

/**
 * Tables with rows that belong to rows of ours: by a foreign key in either direction, or by a column that is called
 * after our table or after an owner in general, and whose values are keys of ours.
 */
export async function findRelations(
  catalog: Catalog,
  sampler: Sampler,
  owner: Owner,
  other: Owner,
): Promise<Relation[]> {
  const relations: Relation[] = [];
  for (const table of catalog.tables) {
    if (table === owner.table || table === other.table || !isOfInterest(table)) continue;
    const links = [...linksTo(table, owner, other), ...(await linksFrom(sampler, owner, table))];
    for (const link of links) {
      const relation = await measured(sampler, owner, table, link);
      if (relation !== undefined) relations.push(relation);
    }
  }
  return relations;
}

interface Link {
  readonly theirs: CatalogColumn;
  readonly ours: CatalogColumn;
  readonly isDeclared: boolean;
  readonly because: string;
}

function linksTo(table: CatalogTable, { table: own, key, role }: Owner, other: Owner): Link[] {
  return [...table.columns.values()].flatMap((theirs): Link[] => {
    const foreign = foreignKeyOf(table, theirs.name);
    if (foreign !== undefined) {
      const ours = own.columns.get(foreign.columns[0]?.target ?? '');
      return isSameName(foreign.table, own.name) && ours !== undefined
        ? [{ theirs, ours, isDeclared: true, because: `the foreign key ${labelOf(table)}.${theirs.name}` }]
        : [];
    }
    if (!mayHoldKeys(theirs, key) || !isOwnerColumn(theirs.name, own, role)) return [];
    // Counted keys of both sides are the same numbers: the name decides.
    if (calledAfter(theirs.name, other.table) > calledAfter(theirs.name, own)) return [];
    const because = `the values of ${labelOf(table)}.${theirs.name} are keys of ${labelOf(own)}`;
    return [{ theirs, ours: key, isDeclared: false, because }];
  });
}

const GENERAL_OWNERS: ReadonlySet<string> = new Set([
  ...['owner', 'parent', 'object', 'entity', 'item', 'record', 'foreign', 'ref', 'holder', 'subject'],
  ...['eigenaar', 'besitzer', 'proprietaire', 'objet', 'objekt'],
]);

function isOwnerColumn(column: string, own: CatalogTable, role: Owner['role']): boolean {
  const words = wordsOf(column);
  const human = role === 'operators' ? OPERATOR_WORDS : PERSON_WORDS;
  return (
    isCalledAfter(column, own) ||
    (words.length <= 2 &&
      words.some((word) => isIn(human.sure, word) || isIn(human.unsure, word) || GENERAL_OWNERS.has(word)))
  );
}

/** A table of so few columns may be one of tags. */
const FEW_COLUMNS = 5;

/** Calls and the like refer to humans by the thousand: of their columns, none is a value of one. */
function isOfInterest(table: CatalogTable): boolean {
  const { name } = table.name;
  if (mentions(name, CALL_WORDS) || table.kind === 'foreign table') return false;
  if (table.columns.size <= FEW_COLUMNS || mentions(name, ACCESS_WORDS)) return true;
  return [...table.columns.keys()].some((column) => {
    const [best] = meaningsOf(column, name);
    return (
      isCalled(column, VALUE_COLUMN_WORDS, name) ||
      (best !== undefined && best.strength >= 0.7 && REACHING.includes(best.concept))
    );
  });
}

const REACHING: readonly Concept[] = [
  'email',
  'login',
  'networkLogin',
  'mainframeLogin',
  'employeeNumber',
  'phone',
  'mobile',
];

/**
 * A column of ours that refers to one row of theirs, such as that of the default e-mail address. Where several of
 * ours refer to the same row, such as that of their branch, it is not about one human.
 */
async function linksFrom(sampler: Sampler, { table: own }: Owner, table: CatalogTable): Promise<Link[]> {
  const { rows } = await sampler.of(own);
  return own.foreignKeys.flatMap(({ table: referred, columns }): Link[] => {
    const [pair, ...more] = columns;
    const ours = own.columns.get(pair?.own ?? '');
    const theirs = table.columns.get(pair?.target ?? '');
    if (!isSameName(referred, table.name) || more.length > 0 || ours === undefined) return [];
    const isAboutOne = uniqueShare(statisticsOf(rows.map((row) => [row[ours.name] ?? null]))) >= OURS;
    return isAboutOne && theirs !== undefined
      ? [{ theirs, ours, isDeclared: true, because: `the foreign key ${labelOf(own)}.${ours.name}` }]
      : [];
  });
}

/** Nearly all of what such a column holds has to be ours, where no foreign key sees to that. */
const OURS = 0.9;

async function measured(
  sampler: Sampler,
  owner: Owner,
  table: CatalogTable,
  link: Link,
): Promise<Relation | undefined> {
  const sample = await sampler.of(table);
  const rowsOf = groupedBy(sample.rows, link.theirs.name);
  const relation = { table, theirs: link.theirs, ours: link.ours, because: link.because };
  if (link.isDeclared) return { ...relation, ownerType: undefined, rowsOf };
  const whole = await shareOfOurs(sampler, owner, rowsOf);
  const ownerType = findOwnerType(table, owner);
  if (ownerType !== undefined) {
    const value = bestOwnerType(sample.rows, ownerType, owner);
    const rows = sample.rows.filter((row) => row[ownerType.name] === value);
    const byOwner = groupedBy(rows, link.theirs.name);
    if (value === undefined || (await shareOfOurs(sampler, owner, byOwner)) < OURS) return undefined;
    return { ...relation, ownerType: { column: ownerType.name, is: value }, rowsOf: byOwner };
  }
  return whole >= OURS ? { ...relation, ownerType: undefined, rowsOf } : undefined;
}

function groupedBy(rows: readonly Row[], column: string): Map<string, Row[]> {
  const groups = new Map<string, Row[]>();
  for (const row of rows) {
    const key = normalized(row[column] ?? null);
    if (key === '') continue;
    const group = groups.get(key) ?? [];
    groups.set(key, group);
    group.push(row);
  }
  return groups;
}

async function shareOfOurs(sampler: Sampler, { table, key }: Owner, rowsOf: ReadonlyMap<string, unknown>) {
  const found = await sampler.found(table, key, [...rowsOf.keys()]);
  return found === undefined || found.asked === 0 ? 0 : found.found.size / found.asked;
}

function findOwnerType(table: CatalogTable, { key }: Owner): CatalogColumn | undefined {
  const isGeneral = [...table.columns.values()].some(({ name }) =>
    wordsOf(name).some((word) => GENERAL_OWNERS.has(word)),
  );
  if (!isGeneral) return undefined;
  return [...table.columns.values()].find(
    (column) => column !== key && column.family === 'text' && isCalled(column.name, OWNER_TYPE_WORDS),
  );
}

/** Of a column such as owner_type, the value that is called after our table or our role. */
function bestOwnerType(
  rows: readonly Row[],
  { name }: CatalogColumn,
  { table, role }: Owner,
): string | undefined {
  const values = [...new Set(rows.map((row) => row[name]))].filter((value) => typeof value === 'string');
  const human = role === 'operators' ? OPERATOR_WORDS : PERSON_WORDS;
  return (
    values.find((value) => isCalledAfter(value, table)) ??
    values.find((value) => wordsOf(value).some((word) => isIn(human.sure, word)))
  );
}

/** Whether a table is about the same humans one to one: its rows have at most one for each owner. */
export const isOneToOne = ({ rowsOf }: Relation) => [...rowsOf.values()].every((rows) => rows.length <= 1);

/** A column that marks one of several rows as the main one. */
export function primaryColumn({ table }: Relation): CatalogColumn | undefined {
  return [...table.columns.values()].find(
    ({ name, family }) =>
      (family === 'boolean' || family === 'integer') &&
      meaningsOf(name, table.name.name).some(
        ({ concept, strength }) => concept === 'primary' && strength >= 0.7,
      ),
  );
}
