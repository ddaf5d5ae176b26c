import type { Guess, Plain } from './proposal.js';
import { LOOKED_UP, type Sampler } from './sample.js';
import { type Candidate, meantBy, type Side, strengthFor } from './side.js';
import { filledShare, percent, uniqueShare } from './statistics.js';
import { foreignKeyOf } from './tables.js';
import type { Concept } from './words.js';

/** A pair of values that may identify the same human on both sides. */
export interface KeyGuess extends Guess {
  readonly name: string;
  readonly concept: Concept | undefined;
  readonly operator: Candidate;
  readonly person: Candidate;
}

export interface KeyGuesses {
  readonly keys: readonly KeyGuess[];
  /** Pairs that were considered: sentences. */
  readonly rejected: readonly string[];
}

/** What keys are called in the configuration, in the order in which they are written. */
const KEY_NAMES: readonly (readonly [Concept, string])[] = [
  ['login', 'loginName'],
  ['email', 'email'],
  ['employeeNumber', 'employeeNumber'],
  ['networkLogin', 'networkLogin'],
  ['mainframeLogin', 'mainframeLogin'],
  ['externalId', 'externalId'],
];

/** They are found on both sides, too, and are one human's alone or not: always a question. */
const PHONES = ['phone', 'mobile'] as const;

/** Of the values, so many have to be one row's alone for them to tell humans apart. */
const UNIQUE = 0.5;
/** Of the operators' values, so many are found among persons, where the data alone speaks for a key. */
const OVERLAP = 0.1;
/** Fewer values in common may be so by chance. */
const COMMON = 2;
/** Of values that are called alike, so few in common mean that they come from two worlds. */
const HARDLY_ANY = 0.02;

/**
 * Pairs of values, one of each side, that identify the same human: first by what both are called (`email` and
 * `mail_address`), then by data alone: values that tell the rows of both sides apart, and of which many of the
 * operators' are found among persons. The second kind is always a question, since numbers of telephones or badges
 * are found on both sides, too, and are passed on.
 */
export async function findKeys(
  sampler: Sampler,
  operators: Side,
  persons: Side,
  taken: { readonly operators: ReadonlySet<string>; readonly persons: ReadonlySet<string> },
): Promise<KeyGuesses> {
  const usable = (side: Side, names: ReadonlySet<string>) =>
    side.values.filter(
      (candidate) =>
        isUsable(candidate, side) && !(candidate.relation === undefined && names.has(candidate.column.name)),
    );
  const theirs = usable(persons, taken.persons);
  const ours = usable(operators, taken.operators);
  const rejected: string[] = [];
  const keys: KeyGuess[] = [];
  const doubtful: KeyGuess[] = [];
  const isFree = (candidate: Candidate) =>
    !keys.some(({ operator, person }) => operator === candidate || person === candidate);
  for (const [concept, name] of KEY_NAMES) {
    const pair = await bestPair(sampler, ours.filter(isFree), theirs.filter(isFree), concept);
    if (pair === undefined) continue;
    const { operator, person, measure } = pair;
    if (operator.statistics.filled > 0 && uniqueShare(operator.statistics) < UNIQUE) {
      rejected.push(`${operator.label} and ${person.label} are no key: ${measure.text}`);
      continue;
    }
    const key = { name, concept, operator, person, because: [measure.text] };
    if (isStrange(pair)) doubtful.push({ ...key, value: undefined });
    else keys.push({ ...key, value: plainOf(operator, person) });
  }
  for (const concept of PHONES) {
    const pair = await bestPair(sampler, ours.filter(isFree), theirs.filter(isFree), concept);
    if (pair === undefined || pair.measure.common === 0) continue;
    const { operator, person, measure } = pair;
    const what = `${operator.label} and ${person.label}`;
    if (measure.share < OVERLAP) {
      rejected.push(`${what}: ${measure.text}`);
      continue;
    }
    const question = `do ${what} identify the same human? Telephones are shared and passed on. If they do not, remove this key.`;
    keys.push({
      name: concept,
      concept,
      operator,
      person,
      value: plainOf(operator, person),
      because: [measure.text],
      question,
    });
  }
  for (const operator of ours.filter(isFree)) {
    const found = await byData(sampler, operator, theirs.filter(isFree));
    if (found === undefined) continue;
    if (found.isWeak) rejected.push(`${operator.label} and ${found.person.label}: ${found.measure.text}`);
    else
      keys.push({
        ...found,
        name: keyName(operator, keys),
        operator,
        value: plainOf(operator, found.person),
      });
  }
  const asked = doubtful
    .filter(({ operator, person }) => isFree(operator) && isFree(person))
    .map((key) => askedAbout(key, keys.length > 0));
  return { keys: [...keys, ...asked].toSorted((a, b) => placeOf(a) - placeOf(b)), rejected };
}

/** Both sides have values, and they are none of each other's. */
function isStrange({
  operator,
  person,
  measure,
}: {
  operator: Candidate;
  person: Candidate;
  measure: Measure;
}) {
  const isKnown = operator.statistics.filled > 0 && person.statistics.filled > 0 && measure.isCounted;
  return isKnown && (measure.common === 0 || measure.share < HARDLY_ANY);
}

/** Where it is the only kind of key there is, it stays: without any, there is no configuration. */
function askedAbout(key: KeyGuess, hasOthers: boolean): KeyGuess {
  const { operator, person } = key;
  const plain = plainOf(operator, person);
  const what = `do ${operator.label} of an operator and ${person.label} of a person identify the same human? The names say so, the values do not`;
  return hasOthers
    ? {
        ...key,
        alternative: plain,
        question: `${what}: as a key, it would turn a match by another key into a contradiction. If they do, take this key in.`,
      }
    : { ...key, value: plain, question: `${what}. If they do not, name another key: it takes one at least.` };
}

const placeOf = ({ concept }: KeyGuess) => {
  const place = KEY_NAMES.findIndex(([each]) => each === concept);
  return place < 0 ? KEY_NAMES.length : place;
};

const plainOf = (operator: Candidate, person: Candidate): Plain => ({
  operator: operator.plain,
  person: person.plain,
});

/** Names, stamps, flags and references identify nobody. */
function isUsable({ column, relation, table }: Candidate, side: Side): boolean {
  if (/date|time|numeric|decimal|float|double|real|json/i.test(column.type) || column.family === 'boolean')
    return false;
  const isKeyOfRow = relation === undefined && column === side.key;
  // A key that people gave is often the login; one that the server counts is nothing outside.
  if (isKeyOfRow && column.family !== 'text') return false;
  return foreignKeyOf(table, column.name) === undefined;
}

interface Measure {
  readonly common: number;
  /** Of the operators' values that were looked up. */
  readonly share: number;
  /** False where there was nothing to look for, or it took too long. */
  readonly isCounted: boolean;
  readonly text: string;
}

async function measure(sampler: Sampler, operator: Candidate, person: Candidate): Promise<Measure> {
  const values = [...operator.statistics.values.keys()];
  // Values of other tables are known by owner, as far as their rows were read.
  const isKnown =
    person.relation !== undefined &&
    (person.column.family === 'binary' || (await sampler.of(person.table)).isWhole);
  const asked = values.slice(0, LOOKED_UP);
  const found = isKnown
    ? { asked: asked.length, found: new Set(asked.filter((value) => person.statistics.values.has(value))) }
    : await sampler.found(person.table, person.column, values);
  const common = found?.found.size ?? 0;
  const share = found === undefined || found.asked === 0 ? 0 : common / found.asked;
  const overlap =
    found === undefined
      ? 'how many are found among persons took too long to count'
      : found.asked === 0
        ? 'none to look for among persons'
        : `${percent(share)} of the operators' values are found among persons (${common} of ${found.asked})`;
  const quality = ({ statistics }: Candidate) =>
    statistics.filled === 0
      ? 'empty'
      : `${percent(filledShare(statistics))} filled, ${percent(uniqueShare(statistics))} unique`;
  const isCounted = found !== undefined && found.asked > 0;
  return {
    common,
    share,
    isCounted,
    text: `operators: ${quality(operator)}; persons: ${quality(person)}; ${overlap}`,
  };
}

/** The candidates of both sides for a concept: the best by name, of several those with the most in common. */
async function bestPair(
  sampler: Sampler,
  ours: readonly Candidate[],
  theirs: readonly Candidate[],
  concept: Concept,
) {
  const meant = (candidates: readonly Candidate[]) =>
    candidates
      .filter(
        (candidate) => meantBy(candidate)?.concept === concept && strengthFor(candidate, concept) >= 0.5,
      )
      .toSorted((a, b) => strengthFor(b, concept) - strengthFor(a, concept))
      .slice(0, 4);
  let best: { operator: Candidate; person: Candidate; measure: Measure; points: number } | undefined;
  for (const operator of meant(ours)) {
    for (const person of meant(theirs)) {
      const measured = await measure(sampler, operator, person);
      const names = strengthFor(operator, concept) + strengthFor(person, concept);
      // One value that is found among persons says less than many values.
      const points =
        names + measured.share + filledShare(operator.statistics) + filledShare(person.statistics);
      if (best === undefined || points > best.points) best = { operator, person, measure: measured, points };
    }
  }
  return best;
}

const NEVER_KEYS: readonly (Concept | undefined)[] = [
  ...([
    'firstName',
    'lastName',
    'fullName',
    'archived',
    'active',
    'status',
    'anonymized',
    'kind',
    'group',
  ] as const),
  ...([
    'createdAt',
    'changedAt',
    'lastLogin',
    'licence',
    'primary',
    'ssp',
    'caller',
    'phone',
    'mobile',
  ] as const),
];

async function byData(sampler: Sampler, operator: Candidate, theirs: readonly Candidate[]) {
  const concept = meantBy(operator)?.concept;
  if (NEVER_KEYS.includes(concept) || operator.column.family === 'integer') return undefined;
  if (operator.statistics.values.size < COMMON || uniqueShare(operator.statistics) < UNIQUE) return undefined;
  let best: { person: Candidate; measure: Measure } | undefined;
  for (const person of theirs) {
    if (NEVER_KEYS.includes(meantBy(person)?.concept) || person.column.family === 'integer') continue;
    if (person.statistics.values.size < COMMON || uniqueShare(person.statistics) < UNIQUE) continue;
    const measured = await measure(sampler, operator, person);
    if (measured.common >= 1 && measured.common > (best?.measure.common ?? 0))
      best = { person, measure: measured };
  }
  if (best === undefined) return undefined;
  const isWeak = best.measure.common < COMMON || best.measure.share < OVERLAP;
  const other = meantBy(best.person)?.concept;
  const isSaid = concept === other && KEY_NAMES.some(([each]) => each === concept);
  const isSameName = operator.label === best.person.label;
  return {
    ...best,
    isWeak,
    concept,
    because: [best.measure.text],
    question: isSaid
      ? undefined
      : `${isSameName ? `does ${operator.label}` : `do ${operator.label} and ${best.person.label}`} identify the same human? The values say so, the name${isSameName ? ' does' : 's do'} not. If not, remove this key.`,
  };
}

/** After its column, in the manner of the others; never that of another key. */
function keyName({ label }: Candidate, keys: readonly KeyGuess[]): string {
  const words = label.split(/[^\p{L}\p{N}]+/u).filter((word) => word !== '');
  const [first = 'key', ...rest] = words;
  const base = [
    first.charAt(0).toLowerCase() + first.slice(1),
    ...rest.map((word) => word.charAt(0).toUpperCase() + word.slice(1)),
  ].join('');
  let name = base;
  for (let number = 2; keys.some((key) => key.name === name); number++) name = `${base}${number}`;
  return name;
}
