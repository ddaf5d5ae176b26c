import { isCredential } from '../config/credentials.js';
import type { CatalogColumn } from '../database/catalog.js';
import { isRequired, type Sides } from './card-sides.js';
import { type Meaning, wordsOf } from './names.js';
import type { Guess } from './proposal.js';
import { normalized } from './sample.js';
import { type Candidate, type Side, strengthFor, textsOf } from './side.js';
import { foreignKeyOf, isSameName } from './tables.js';
import { codesOf, MOST_CODES } from './value-words.js';
import type { Concept } from './words.js';

/** What fills a column, with the candidate that it comes from. */
export interface Source {
  readonly source: Candidate;
  readonly guess: Guess;
}

export function keyOrSameName(person: Candidate, sides: Sides): Source | 'unlike' | undefined {
  const { operators, keys } = sides;
  const { column } = person;
  const key = keys.find((each) => each.value !== undefined && each.person === person);
  if (key !== undefined && fits(key.operator.column, column))
    return from(key.operator, column, 'the same key on both sides', sides);
  const same = operators.values.find(
    (candidate) =>
      candidate.relation === undefined && squashed(candidate.column.name) === squashed(column.name),
  );
  if (same === undefined || !isMappable(same.column, operators) || !fits(same.column, column))
    return undefined;
  return speakAlike(same, person, sides) ? from(same, column, 'the same name', sides) : 'unlike';
}

const squashed = (name: string) => wordsOf(name).join('');

/** Not the operator's own key. */
const isMappable = (column: CatalogColumn, operators: Side) =>
  column !== operators.key && !isCredential(column.name);

/** Whether the server takes values of one as values of the other. */
function fits(source: CatalogColumn, target: CatalogColumn): boolean {
  if (target.family === 'text') return true;
  if (source.family !== 'other' || target.family !== 'other') {
    const isNumber = target.family === 'integer' || /^(numeric|decimal)/.test(target.type);
    return source.family === target.family || (source.family === 'integer' && isNumber);
  }
  const kind = ({ type }: CatalogColumn) =>
    /date|timestamp/i.test(type) ? 'date' : (/^\w+/.exec(type)?.[0] ?? type);
  return kind(source) === kind(target);
}

/** Codes, such as a status or a class, have to be the same ones on both sides. */
function speakAlike(operator: Candidate, person: Candidate, { operators, persons }: Sides): boolean {
  const concept = person.meanings[0]?.concept;
  const isInformation = person.column.family === 'text' || person.column.family === 'time';
  if (concept !== 'status' && concept !== 'kind' && isInformation) return true;
  if (concept !== undefined && MAPPED.includes(concept)) return true;
  const ours = codesOf(operator.column, textsOf(operators, operator.column.name));
  const theirs = codesOf(person.column, textsOf(persons, person.column.name));
  const isCode = concept === 'status' || concept === 'kind' || theirs.length <= person.statistics.filled / 2;
  if (!isCode || ours.length > MOST_CODES || theirs.length > MOST_CODES || theirs.length === 0) return true;
  return ours.some(({ value }) => theirs.some((code) => code.value === value));
}

/** Both refer to the same table, and no other column of either does. */
export function byReference(column: CatalogColumn, sides: Sides): Source | undefined {
  const { operators, persons } = sides;
  const foreign = foreignKeyOf(persons.table, column.name);
  if (foreign === undefined) return undefined;
  const referring = (side: Side) =>
    side.values.filter(({ relation, column: { name } }) => {
      const key = foreignKeyOf(side.table, name);
      return relation === undefined && key !== undefined && isSameName(key.table, foreign.table);
    });
  const [only, ...more] = referring(operators);
  const isAlone =
    more.length === 0 && referring(persons).length === 1 && !isSameName(foreign.table, persons.table.name);
  return only !== undefined && isAlone
    ? from(only, column, `both refer to ${foreign.table.name}`, sides)
    : undefined;
}

const MAPPED: readonly Concept[] = [
  ...(['email', 'phone', 'mobile', 'firstName', 'lastName', 'fullName', 'employeeNumber'] as const),
  ...(['networkLogin', 'mainframeLogin', 'externalId', 'archived', 'anonymized', 'active'] as const),
];

/** A middle name, or that of an account somewhere, is called a name as well. */
const isObvious = ({ concept, strength }: Meaning) =>
  strength >= (NAMES.includes(concept) ? 0.9 : 0.7) && MAPPED.includes(concept);

const NAMES: readonly Concept[] = ['firstName', 'lastName', 'fullName'];

export function byMeaning(person: Candidate, sides: Sides): Source | undefined {
  const [meaning] = person.meanings;
  if (meaning === undefined || !isObvious(meaning)) return undefined;
  const { concept } = meaning;
  const isFlag = concept === 'archived' || concept === 'anonymized' || concept === 'active';
  const candidates = sides.operators.values
    .filter(
      (candidate) => isMappable(candidate.column, sides.operators) && fits(candidate.column, person.column),
    )
    .filter(
      ({ relation, meanings }) => meanings[0]?.concept === concept && (!isFlag || relation === undefined),
    )
    .filter(({ meanings }) => !isFlag || meanings[0]?.isNegated === meaning.isNegated)
    .filter((candidate) => strengthFor(candidate, concept) >= 0.7)
    .toSorted(
      (a, b) =>
        strengthFor(b, concept) - strengthFor(a, concept) || b.statistics.filled - a.statistics.filled,
    );
  const [best, ...others] = candidates;
  if (best === undefined) return undefined;
  const { source, guess } = from(best, person.column, 'both say the same by their names', sides);
  const also = others.length === 0 ? [] : [`also possible: ${others.map(({ label }) => label).join(', ')}`];
  return { source, guess: { ...guess, because: [...guess.because, ...also] } };
}

/** A name in one column on one side, and in two on the other. */
export function wholeName(person: Candidate, sides: Sides): Source | undefined {
  const [meaning] = person.meanings;
  if (meaning === undefined || !isObvious(meaning)) return undefined;
  const { concept } = meaning;
  const named = (wanted: Concept) =>
    sides.operators.values.find(
      (candidate) => candidate.relation === undefined && candidate.meanings[0]?.concept === wanted,
    );
  const source =
    concept === 'fullName'
      ? (named('lastName') ?? named('firstName'))
      : concept === 'lastName'
        ? named('fullName')
        : undefined;
  if (source === undefined || !fits(source.column, person.column)) return undefined;
  const hasFirstName = sides.persons.values.some(
    ({ relation, meanings }) => relation === undefined && meanings[0]?.concept === 'firstName',
  );
  if (concept === 'fullName' && hasFirstName)
    return from(source, person.column, 'beside the first name it is the family name', sides);
  const { guess } = from(source, person.column, 'the only name there is', sides);
  const question =
    concept === 'fullName'
      ? `is the family name enough for ${person.label}? Operators have their name in several columns.`
      : `is the whole name right for ${person.label}? Operators have their name in one column.`;
  return {
    source,
    guess: { ...guess, question: [question, guess.question].filter((text) => text !== undefined).join(' ') },
  };
}

const EMPTY_WORDS: ReadonlySet<string> = new Set([
  'id',
  'no',
  'nr',
  'code',
  'number',
  'name',
  'key',
  'ref',
  'num',
  'nummer',
  'naam',
  'is',
  'has',
]);

/** `unit` and `unit_no`: the same word beside words that say nothing. */
export function byLikeName(column: CatalogColumn, sides: Sides): Source | undefined {
  const core = (name: string) =>
    wordsOf(name)
      .filter((word) => !EMPTY_WORDS.has(word))
      .join('');
  const wanted = core(column.name);
  const like = sides.operators.values.filter(
    (candidate) =>
      candidate.relation === undefined &&
      wanted !== '' &&
      core(candidate.column.name) === wanted &&
      isMappable(candidate.column, sides.operators) &&
      candidate.column.family === column.family,
  );
  const [only, ...more] = like;
  if (only === undefined || more.length > 0) return undefined;
  const { guess } = from(only, column, 'nearly the same name', sides);
  const question = [`is ${only.label} of an operator the ${column.name} of a person?`, guess.question]
    .filter((text) => text !== undefined)
    .join(' ');
  return { source: only, guess: { ...guess, question } };
}

function from(source: Candidate, target: CatalogColumn, why: string, sides: Sides): Source {
  const value = { from: source.mainPlain };
  const tooLong = longerThan(source, target, sides);
  const missing = isRequired(target) ? withoutValue(source, sides) : 0;
  const lacking =
    missing > 0
      ? [`required, and ${missing} of ${source.statistics.rows} operators have none: they go to review`]
      : [];
  const guess: Guess = {
    value,
    because: [why, ...lacking],
    question:
      tooLong === 0
        ? undefined
        : `${tooLong === 1 ? 'one operator has' : `${tooLong} operators have`} more than ${target.length} characters here, and would go to review: is it better to cut them (onMisfit: truncate), or to leave them out (blank)?`,
    alternative: tooLong === 0 ? undefined : { ...value, onMisfit: 'truncate' },
  };
  return { source, guess };
}

/** Operators without any value; what `match.ignoreValues` lists is one here. */
function withoutValue({ column, relation }: Candidate, { operators }: Sides): number {
  if (relation === undefined) return textsOf(operators, column.name).filter((text) => text === null).length;
  return operators.sample.rows.filter((owner) =>
    (relation.rowsOf.get(normalized(owner[relation.ours.name] ?? null)) ?? []).every(
      (row) => (row[column.name] ?? null) === null,
    ),
  ).length;
}

function longerThan(
  { column, relation }: Candidate,
  { family, length }: CatalogColumn,
  { operators }: Sides,
): number {
  if (family !== 'text' || length === null || (column.length !== null && column.length <= length)) return 0;
  const isTooLong = (text: string | null | undefined) =>
    text !== null && text !== undefined && [...text].length > length;
  if (relation === undefined) return textsOf(operators, column.name).filter(isTooLong).length;
  return operators.sample.rows.filter((owner) =>
    (relation.rowsOf.get(normalized(owner[relation.ours.name] ?? null)) ?? []).some((row) =>
      isTooLong(row[column.name]),
    ),
  ).length;
}
