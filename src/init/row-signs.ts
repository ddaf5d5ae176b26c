import type { CatalogColumn, CatalogTable } from '../database/catalog.js';
import type { Row } from '../database/session.js';
import { meaningsOf } from './names.js';
import type { Relation } from './relations.js';
import { keyValueColumns, namesIn, rowsPlain } from './side.js';
import { CONCEPTS, NOUNS, type Purpose, SAYINGS, type Sign } from './sign.js';
import { labelOf } from './tables.js';
import { type Code, codesOf, counted, MOST_CODES, rowsText, sayings, shown, truthOf } from './value-words.js';
import type { Concept } from './words.js';

/** A preference such as `is_group` with the value 1. */
export function pairSigns(relation: Relation, purpose: Purpose): Sign[] {
  const pairs = keyValueColumns(relation);
  if (pairs === undefined) return [];
  const rows = [...relation.rowsOf.values()].flat();
  return namesIn(relation, pairs).flatMap((name): Sign[] => {
    const [best] = meaningsOf(name);
    if (best === undefined || best.strength < 0.7 || !CONCEPTS[purpose].includes(best.concept)) return [];
    if (best.concept === 'kind' || best.concept === 'status' || best.concept === 'active') return [];
    const own = rows.filter((row: Row) => row[pairs.name.name] === name);
    const codes = codesOf(
      { ...pairs.value, family: 'text' },
      own.map((row) => row[pairs.value.name] ?? null),
    );
    const yes = codes.find(({ value }) => truthOf(value) === true);
    const no = codes.find(({ value }) => truthOf(value) === false);
    const isNamed = { column: pairs.name.name, is: name };
    const other = codes.filter((code) => code !== yes && code !== no);
    const value =
      yes !== undefined && other.length === 0
        ? [isNamed, { column: pairs.value.name, is: yes.value }]
        : no !== undefined
          ? [isNamed, { column: pairs.value.name, isNot: no.value }]
          : [isNamed];
    const holds = `${labelOf(relation.table)} has ${rowsText(own.length)} with ${pairs.name.name} ${JSON.stringify(name)}: ${counted(codes)}`;
    return [
      {
        condition: { row: rowsPlain(relation, value) },
        because: holds,
        isSure: true,
        doubt: other.length === 0 ? undefined : `${holds}: which of these values mean ${NOUNS[purpose]}?`,
      },
    ];
  });
}

/** The different values of a column in these rows, with the words behind numbers where there are any. */
export type CodesOfColumn = (
  table: CatalogTable,
  column: CatalogColumn,
  rows: readonly Row[],
) => Promise<{ readonly codes: readonly Code[]; readonly hasMeanings: boolean }>;

const NO_TAGS: readonly Concept[] = ['email', 'login', 'networkLogin', 'phone', 'mobile', 'employeeNumber'];

/** Rows such as the tag "demo", or a role "API". */
export async function tagSigns(
  codesOfColumn: CodesOfColumn,
  relation: Relation,
  purpose: Purpose,
): Promise<Sign[]> {
  const { table, theirs, rowsOf } = relation;
  const rows = [...rowsOf.values()].flat();
  const signs: Sign[] = [];
  for (const column of table.columns.values()) {
    if (column === theirs || (column.family !== 'text' && column.family !== 'integer')) continue;
    if (meaningsOf(column.name, table.name.name).some(({ concept }) => NO_TAGS.includes(concept))) continue;
    const { codes, hasMeanings } = await codesOfColumn(table, column, rows);
    if (codes.length > MOST_CODES || (column.family === 'integer' && !hasMeanings)) continue;
    const told = codes.filter((code) => sayings(code).includes(SAYINGS[purpose]));
    const [first, ...more] = told;
    if (first === undefined) continue;
    const variants = more.length === 0 ? '' : ` (there is also ${more.map(shown).join(', ')})`;
    signs.push({
      condition: { row: rowsPlain(relation, [{ column: column.name, is: first.plain }]) },
      because: `${rowsText(first.count)} of ${labelOf(table)} with ${column.name} ${shown(first)}${variants}`,
      isSure: false,
      doubt: `does ${column.name} ${shown(first)} in ${labelOf(table)} tell ${NOUNS[purpose]}${variants}?`,
    });
  }
  return signs;
}
