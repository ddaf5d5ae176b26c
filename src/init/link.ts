import type { CatalogColumn } from '../database/catalog.js';
import { isCalledAfter } from './called-after.js';
import { isIn, meaningsOf, mentions, wordsOf } from './names.js';
import type { Guess } from './proposal.js';
import type { Sampler } from './sample.js';
import type { Side } from './side.js';
import { filledShare, percent } from './statistics.js';
import { foreignKeyOf, isSameName, labelOf, mayHoldKeys } from './tables.js';
import { OTHER_HUMAN_WORDS, PERSON_WORDS } from './words.js';

/**
 * The operator's column that refers to its person: by a foreign key, or by its name where what it holds are keys of
 * persons. A column for somebody else, such as `manager_id`, is none. Where there is none, a name for a new one.
 */
export async function findLink(sampler: Sampler, operators: Side, persons: Side): Promise<Guess> {
  const possible: { column: CatalogColumn; points: number; because: string }[] = [];
  const rejected: string[] = [];
  for (const { column, relation, statistics } of operators.values) {
    if (relation !== undefined) continue;
    const foreign = foreignKeyOf(operators.table, column.name);
    const isDeclared = foreign !== undefined && isSameName(foreign.table, persons.table.name);
    if (isDeclared) {
      const target = foreign.columns[0]?.target;
      const obstacle =
        column === operators.key
          ? `it is the key of ${labelOf(operators.table)} itself`
          : target === persons.key.name
            ? undefined
            : `by its ${target}, not by its key`;
      if (obstacle !== undefined) {
        rejected.push(`${column.name} refers to ${labelOf(persons.table)}, but ${obstacle}`);
        continue;
      }
    }
    if (column === operators.key || !mayHoldKeys(column, persons.key)) continue;
    const isNamed = isLinkName(column.name, persons);
    if ((foreign !== undefined && !isDeclared) || !(isDeclared || isNamed)) continue;
    if (!isNamed && mentions(column.name, OTHER_HUMAN_WORDS)) {
      rejected.push(`${column.name} refers to ${labelOf(persons.table)}, but by its name to somebody else`);
      continue;
    }
    const values = [...statistics.values.keys()];
    const found = await sampler.found(persons.table, persons.key, values);
    const share = found === undefined || found.asked === 0 ? undefined : found.found.size / found.asked;
    if (!isDeclared && share !== undefined && share < 0.5) {
      rejected.push(
        `${column.name} is called so, but ${percent(share)} of its values are keys of ${labelOf(persons.table)}`,
      );
      continue;
    }
    const why = isDeclared ? `a foreign key to ${labelOf(persons.table)}` : `called after persons`;
    const data =
      share === undefined
        ? 'empty so far'
        : `${percent(filledShare(statistics))} filled, ${percent(share)} of the values are keys of ${labelOf(persons.table)}`;
    possible.push({ column, points: (isDeclared ? 2 : 0) + (isNamed ? 1 : 0), because: `${why}; ${data}` });
  }
  const [best, ...others] = possible.toSorted((a, b) => b.points - a.points);
  if (best === undefined) return newLink(operators, persons, rejected);
  const rivals = others.filter(({ points }) => points === best.points).map(({ column }) => column.name);
  return {
    value: best.column.name,
    because: [
      best.because,
      ...others.map(({ column, because }) => `also possible: ${column.name}, ${because}`),
      ...rejected,
    ],
    question: rivals.length === 0 ? undefined : `is it ${best.column.name}, or ${rivals.join(' or ')}?`,
  };
}

function isLinkName(column: string, persons: Side): boolean {
  if (isCalledAfter(column, persons.table)) return true;
  // Such as an employee number.
  if ((meaningsOf(column)[0]?.strength ?? 0) >= 0.9) return false;
  const words = wordsOf(column);
  return (
    words.length <= 3 &&
    words.some((word) => isIn(PERSON_WORDS.sure, word)) &&
    !mentions(column, OTHER_HUMAN_WORDS)
  );
}

/** In the manner of the tables: `contact_id`, or `ContactId` beside names with capitals. */
function newLink(operators: Side, persons: Side, rejected: readonly string[]): Guess {
  const words = wordsOf(persons.table.name.name);
  const last = words.at(-1) ?? 'person';
  const base = [...words.slice(0, -1), last.length > 3 ? last.replace(/s$/, '') : last];
  const isCapital = /\p{Lu}/u.test(operators.key.name);
  const parts = [...base, 'id'].map((word) =>
    isCapital ? `${word.charAt(0).toUpperCase()}${word.slice(1)}` : word,
  );
  let name = parts.join(isCapital ? '' : '_');
  while (operators.table.columns.has(name)) name = `card_${name}`;
  const reasons = [...rejected, ...compositeKeys(operators, persons)];
  return {
    value: name,
    because: [
      reasons.length > 0
        ? `${reasons.join('; ')}: the run adds this one (--allow-schema-changes)`
        : `no column of ${labelOf(operators.table)} refers to ${labelOf(persons.table)}: the run adds this one (--allow-schema-changes)`,
    ],
    question: undefined,
  };
}

const compositeKeys = ({ table }: Side, persons: Side): string[] =>
  table.foreignKeys
    .filter(({ columns, table: target }) => columns.length > 1 && isSameName(target, persons.table.name))
    .map(
      ({ columns }) =>
        `${columns.map(({ own }) => own).join(', ')} refer to ${labelOf(persons.table)} together, and a link is one column`,
    );
