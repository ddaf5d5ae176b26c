import { isCredential, isSspLogin } from '../config/credentials.js';
import type { CatalogColumn } from '../database/catalog.js';
import type { KeyGuess } from './keys.js';
import { type Meaning, mentions, wordsOf } from './names.js';
import type { Guess, Plain } from './proposal.js';
import { normalized } from './sample.js';
import { type Candidate, type Side, strengthFor, textsOf } from './side.js';
import { percent } from './statistics.js';
import { foreignKeyOf, isSameName, labelOf } from './tables.js';
import { type Code, codesOf, MOST_CODES } from './value-words.js';
import type { Concept } from './words.js';

/** What fills one column of a new card. */
export interface CardGuess extends Guess {
  readonly column: string;
}

export interface CardGuesses {
  readonly fields: readonly CardGuess[];
  /** Columns that stay empty, or get what the server gives them. */
  readonly left: readonly string[];
  /** Required columns that nothing fills, where they are too many to ask about each. */
  readonly neutral: readonly string[];
  /** What persons have in other tables, of which onecard writes no row. */
  readonly elsewhere: readonly { readonly noun: string; readonly label: string }[];
}

/** More required columns than these get a value by their type, and one question is about all of them. */
const MOST_QUESTIONS = 8;

interface Sides {
  readonly operators: Side;
  readonly persons: Side;
  readonly keys: readonly KeyGuess[];
  /** What onecard sets by itself, or what is no matter of a card: flags and the like. */
  readonly taken: ReadonlySet<string>;
}

/**
 * The mapping, column by column of the persons: the operator's value of the same key, of the same name, of the same
 * reference, or of the same meaning, as far as the types allow. Credentials and the login of the portal are left
 * out. What is required and has no counterpart is a question, with what most persons have as a proposal.
 */
export function findCard(sides: Sides): CardGuesses {
  const { persons } = sides;
  const fields: CardGuess[] = [];
  const left: string[] = [];
  const unfilled: CatalogColumn[] = [];
  const open = [...persons.table.columns.values()].filter(
    (column) =>
      column !== persons.key && !column.isGenerated && !column.movedByServer && !sides.taken.has(column.name),
  );
  const found = fieldsFor(
    open.filter((column) => !isKeptOut(column, sides)),
    sides,
  );
  for (const column of open) {
    const field = found.get(column);
    if (field !== undefined) fields.push({ column: column.name, ...field });
    else if (isRequired(column)) unfilled.push(column);
    else left.push(column.name);
  }
  const isMany = unfilled.length > MOST_QUESTIONS;
  const constants = isMany
    ? []
    : unfilled.map((column) => ({ column: column.name, ...constantFor(column, sides) }));
  const order = [...persons.table.columns.keys()];
  return {
    fields: [...fields, ...constants].toSorted((a, b) => order.indexOf(a.column) - order.indexOf(b.column)),
    left,
    neutral: isMany ? unfilled.map(({ name }) => name) : [],
    elsewhere: valuesElsewhere(persons),
  };
}

/** Logins are left out: that a new card has none is what is wanted. */
const NOUNS: Partial<Record<Concept, string>> = {
  email: 'e-mail address',
  phone: 'telephone number',
  mobile: 'mobile number',
  employeeNumber: 'employee number',
  externalId: 'external number',
};

function valuesElsewhere({ values }: Side): CardGuesses['elsewhere'] {
  const found = values.flatMap(({ relation, label, meanings: [best] }) => {
    const noun = relation === undefined || best === undefined ? undefined : NOUNS[best.concept];
    return noun === undefined ? [] : [[label, noun] as const];
  });
  return [...new Map(found)].map(([label, noun]) => ({ label, noun }));
}

const isRequired = ({ nullable, filledByServer }: CatalogColumn) => !nullable && !filledByServer;

/** Concepts that are about the row of the person, not about the human. */
const ABOUT_THE_ROW: readonly Concept[] = ['createdAt', 'changedAt', 'lastLogin'];

function isKeptOut(column: CatalogColumn, { persons }: Sides): boolean {
  if (isCredential(column.name) || isPortalLogin(column, persons)) return true;
  const own = ownCandidate(persons, column);
  const about = ABOUT_THE_ROW.find((concept) => own !== undefined && strengthFor(own, concept) >= 0.7);
  // Since when a human is known is information like any other, where the server does not fill it.
  const isKnownSince = about === 'createdAt' && column.family === 'time' && !column.filledByServer;
  return about !== undefined && !isKnownSince && !isRequired(column);
}

const PORTAL: ReadonlySet<string> = new Set(['ssp', 'portal', 'web', 'selfservice', 'portail', 'portaal']);

/** By its name, or since the password is beside it. */
function isPortalLogin({ name }: CatalogColumn, persons: Side): boolean {
  if (isSspLogin(name)) return true;
  const own = persons.values.find(({ relation, column }) => relation === undefined && column.name === name);
  if (own === undefined || own.meanings[0]?.concept !== 'login' || strengthFor(own, 'login') < 0.7)
    return false;
  return mentions(name, PORTAL) || [...persons.table.columns.keys()].some((other) => isCredential(other));
}

const ownCandidate = ({ values }: Side, { name }: CatalogColumn) =>
  values.find(({ relation, column }) => relation === undefined && column.name === name);

/**
 * What fills each column, the most obvious sources first: a column of the operator that one column of the person has
 * already fills a second one only where that is required, and asked.
 */
function fieldsFor(columns: readonly CatalogColumn[], sides: Sides): Map<CatalogColumn, Guess> {
  const fields = new Map<CatalogColumn, Guess>();
  const used = new Map<string, string>();
  const told = columns.flatMap((column) => {
    const person = ownCandidate(sides.persons, column);
    return person === undefined ? [] : [{ column, person, strength: person.meanings[0]?.strength ?? 0 }];
  });
  const strongest = told.toSorted((a, b) => b.strength - a.strength);
  const keep = (column: CatalogColumn, found: Source | undefined) => {
    if (found === undefined || fields.has(column)) return;
    const source = JSON.stringify(found.source.mainPlain);
    const other = used.get(source);
    if (other !== undefined && !isRequired(column)) return;
    const again =
      other === undefined || found.guess.question !== undefined
        ? undefined
        : `${found.source.label} fills ${other} already: is it right for ${column.name}, too?`;
    fields.set(column, again === undefined ? found.guess : { ...found.guess, question: again });
    if (other === undefined) used.set(source, column.name);
  };
  const unlike = new Set<CatalogColumn>();
  for (const { column, person } of told) {
    const same = keyOrSameName(person, sides);
    if (same === 'unlike') unlike.add(column);
    else keep(column, same ?? byReference(column, sides));
  }
  const rest = strongest.filter(({ column }) => !unlike.has(column));
  for (const { column, person } of rest) keep(column, byMeaning(person, sides));
  for (const { column, person } of rest) keep(column, wholeName(person, sides));
  for (const { column } of rest) keep(column, byLikeName(column, sides));
  return fields;
}

/** What fills a column, with the candidate that it comes from. */
interface Source {
  readonly source: Candidate;
  readonly guess: Guess;
}

function keyOrSameName(person: Candidate, sides: Sides): Source | 'unlike' | undefined {
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
function byReference(column: CatalogColumn, sides: Sides): Source | undefined {
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

function byMeaning(person: Candidate, sides: Sides): Source | undefined {
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
function wholeName(person: Candidate, sides: Sides): Source | undefined {
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
function byLikeName(column: CatalogColumn, sides: Sides): Source | undefined {
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

/** So many persons have a value that is usual. */
const USUAL = 0.66;

function constantFor(column: CatalogColumn, { persons, keys }: Sides): Guess {
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
