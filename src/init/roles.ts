import { isCredential } from '../config/credentials.js';
import type { Catalog, CatalogTable } from '../database/catalog.js';
import { calledAfter, isCalledAfter } from './called-after.js';
import { isIn, meaningsOf, mentions, runsOf, wordsOf } from './names.js';
import { commonPrefix, foreignKeyOf, isSameName, keyOf, labelOf, mayHoldKeys } from './tables.js';
import {
  ACCESSORY_WORDS,
  ASKER_WORDS,
  CALL_WORDS,
  type Concept,
  OPERATOR_WORDS,
  PERSON_WORDS,
} from './words.js';

/** The two tables that hold humans, with what speaks for them. */
export interface Roles {
  readonly operators: RoleGuess;
  readonly persons: RoleGuess;
}

export interface RoleGuess {
  readonly table: CatalogTable;
  readonly because: readonly string[];
  /** Other tables that came close. */
  readonly others: readonly CatalogTable[];
}

interface Judged {
  readonly table: CatalogTable;
  readonly words: readonly string[];
  readonly operator: Points;
  readonly person: Points;
}

interface Points {
  readonly points: number;
  readonly reasons: readonly string[];
}

/**
 * Which two tables hold the operators and the persons: the pair with the most points.
 *
 * A table gets points for each role: for its name (3 for a word that names that role alone, 1 for one that names
 * others as well, -4 where a word says that it is about something else, such as `agent_role`), for each column that
 * humans have (name, e-mail, login, telephone: 1 each, 4 at most), and for columns of that role alone. A pair gets
 * points for a foreign key from one to the other (6), or a column that is called like one (3), and for columns of
 * the same name (half a point each, 3 at most). Calls that refer to one as caller and to the other otherwise add 2
 * for each.
 *
 * @param given tables that the user has named.
 * @returns undefined where no two tables look like humans.
 */
export function findRoles(
  { tables }: Catalog,
  given: { readonly operators?: CatalogTable | undefined; readonly persons?: CatalogTable | undefined },
): Roles | undefined {
  const prefix = commonPrefix(tables);
  const judged = tables
    .filter((table) => keyOf(table) !== undefined)
    .map((table) => judge(table, tables, prefix));
  const isChosen = (role: 'operators' | 'persons') => (candidate: Judged) =>
    given[role] === undefined
      ? candidate[role === 'operators' ? 'operator' : 'person'].points >= 2
      : candidate.table === given[role];
  const pairs = judged
    .filter(isChosen('operators'))
    .flatMap((operators) =>
      judged
        .filter(isChosen('persons'))
        .filter((persons) => persons !== operators)
        .map((persons) => judgePair(operators, persons)),
    )
    .toSorted((a, b) => b.points - a.points);
  const [best] = pairs;
  if (best === undefined || (best.points < MINIMUM && !(given.operators && given.persons))) return undefined;
  const close = pairs.filter(({ points }) => points > best.points - CLOSE);
  const others = (role: 'operators' | 'persons') => [
    ...new Set(close.map((pair) => pair[role].table).filter((table) => table !== best[role].table)),
  ];
  return {
    operators: {
      table: best.operators.table,
      because: [...best.operators.operator.reasons, ...best.reasons],
      others: others('operators'),
    },
    persons: { table: best.persons.table, because: best.persons.person.reasons, others: others('persons') },
  };
}

/** Less than this is no evidence for anything. */
const MINIMUM = 7;
/** A pair with so many points less could be meant as well. */
const CLOSE = 2;

function judge(table: CatalogTable, tables: readonly CatalogTable[], prefix: string | undefined): Judged {
  const words = wordsOf(table.name.name).filter((word, index) => index > 0 || word !== prefix);
  const human = humanColumns(table);
  const called = calledFrom(table, tables);
  const columns = human.points > 0 ? [`columns of humans: ${human.columns.join(', ')}`] : [];
  const total = (parts: readonly Points[]): Points => ({
    points: parts.reduce((sum, { points }) => sum + points, 0),
    reasons: parts.flatMap(({ reasons }) => reasons),
  });
  const humans = { points: human.points, reasons: columns };
  const extended = tables.find((other) => isExtended(other, table, prefix));
  const accessory = extended === undefined ? NOTHING : { points: -3, reasons: [] };
  // Without a single column of a human, a table is none of the two, whatever it is called.
  if (human.points === 0) return { table, words, operator: NOTHING, person: NOTHING };
  return {
    table,
    words,
    operator: total([
      nameSays(words, OPERATOR_WORDS, PERSON_WORDS, 'operator'),
      humans,
      columnsSay(table, { lastLogin: 1, apiAccount: 1, kind: 0.5 }),
      hasCredential(table),
      called.asOther,
      accessory,
    ]),
    person: total([
      nameSays(words, PERSON_WORDS, OPERATOR_WORDS, 'person'),
      humans,
      columnsSay(table, { ssp: 1.5, caller: 1.5 }),
      called.asCaller,
      accessory,
    ]),
  };
}

/** `user_account` beside `user`, to which it refers: it is about those users. */
function isExtended(other: CatalogTable, table: CatalogTable, prefix: string | undefined): boolean {
  const words = (each: CatalogTable) =>
    wordsOf(each.name.name)
      .filter((word, index) => index > 0 || word !== prefix)
      .map((word) => word.replace(/s$/, ''));
  const [base, whole] = [words(other), words(table)];
  return (
    other !== table &&
    base.length > 0 &&
    base.length < whole.length &&
    base.every((word, index) => word === whole[index]) &&
    [...table.columns.keys()].some((column) => calledAfter(column, other) >= 2)
  );
}

const NOTHING: Points = { points: 0, reasons: [] };

type RoleWords = typeof OPERATOR_WORDS;

function nameSays(
  words: readonly string[],
  own: RoleWords,
  others: RoleWords,
  role: 'operator' | 'person',
): Points {
  const whole = words.join('');
  const runs = runsOf(words).map(({ text }) => text);
  const says = (list: ReadonlySet<string>) => runs.find((run) => isIn(list, run));
  const say = (word: string) => [`its name says ${JSON.stringify(word)}, a word for ${role}s`];
  if (isIn(own.sure, whole)) return { points: 3, reasons: say(whole) };
  if (words.some((word) => isIn(ACCESSORY_WORDS, word))) return { points: -4, reasons: [] };
  const sure = says(own.sure);
  if (sure !== undefined) return { points: 2.5, reasons: say(sure) };
  if (says(others.sure) !== undefined) return { points: -2, reasons: [] };
  const unsure = says(own.unsure);
  return unsure === undefined ? NOTHING : { points: 1, reasons: say(unsure) };
}

const HUMAN: readonly Concept[] = [
  'email',
  'login',
  'firstName',
  'lastName',
  'fullName',
  'phone',
  'mobile',
  'employeeNumber',
];

function humanColumns(table: CatalogTable): { points: number; columns: string[] } {
  const found = new Map<Concept, string>();
  for (const column of table.columns.values()) {
    const [best] = column.family === 'text' ? meaningsOf(column.name, table.name.name) : [];
    const isHuman = best !== undefined && best.strength >= 0.7 && HUMAN.includes(best.concept);
    if (isHuman && !found.has(best.concept)) found.set(best.concept, column.name);
  }
  return { points: Math.min(4, found.size), columns: [...found.values()] };
}

/** Tables with several columns that humans have. */
export const humanTables = ({ tables }: Catalog) => tables.filter((table) => humanColumns(table).points >= 3);

function columnsSay(table: CatalogTable, wanted: Partial<Record<Concept, number>>): Points {
  const found = new Map<Concept, string>();
  for (const column of table.columns.values()) {
    const [best] = meaningsOf(column.name, table.name.name);
    if (best !== undefined && best.strength >= 0.5 && wanted[best.concept] !== undefined)
      found.set(best.concept, column.name);
  }
  return {
    points: [...found.keys()].reduce((sum, concept) => sum + (wanted[concept] ?? 0), 0),
    reasons: [...found.values()].map((column) => `it has ${column}`),
  };
}

function hasCredential(table: CatalogTable): Points {
  const has = [...table.columns.keys()].some((name) => isCredential(name));
  return has ? { points: 0.5, reasons: [] } : NOTHING;
}

/** What calls refer to: as whoever asks, or in another way. */
function calledFrom(
  target: CatalogTable,
  tables: readonly CatalogTable[],
): { asCaller: Points; asOther: Points } {
  let asCaller = NOTHING;
  let asOther = NOTHING;
  for (const table of tables.filter(({ name }) => mentions(name.name, CALL_WORDS))) {
    for (const column of table.columns.keys()) {
      const isDeclared = table.foreignKeys.some(
        ({ columns, table: referred }) =>
          isSameName(referred, target.name) && columns.some(({ own }) => own === column),
      );
      const strength = calledAfter(column, target);
      const isOfAnother = tables.some((other) => calledAfter(column, other) > strength);
      if (!isDeclared && (strength < 2 || isOfAnother)) continue;
      const reasons = [`${labelOf(table)}.${column} ${isDeclared ? 'refers to it' : 'is called after it'}`];
      if (mentions(column, ASKER_WORDS)) asCaller = { points: 2, reasons };
      else asOther = { points: 2, reasons };
    }
  }
  return { asCaller, asOther };
}

function judgePair(operators: Judged, persons: Judged) {
  const parts = [linked(operators.table, persons.table), alike(operators.table, persons.table)];
  const points = parts.reduce(
    (sum, part) => sum + part.points,
    operators.operator.points + persons.person.points,
  );
  return { operators, persons, points, reasons: parts.flatMap(({ reasons }) => reasons) };
}

function linked(operators: CatalogTable, persons: CatalogTable): Points {
  const key = operators.foreignKeys.find(({ table }) => isSameName(table, persons.name));
  if (key !== undefined) {
    const columns = key.columns.map(({ own }) => own).join(', ');
    return { points: 6, reasons: [`its column ${columns} refers to ${labelOf(persons)}`] };
  }
  const personKey = keyOf(persons);
  const named = [...operators.columns.values()].find(
    (column) =>
      personKey !== undefined &&
      mayHoldKeys(column, personKey) &&
      foreignKeyOf(operators, column.name) === undefined &&
      isCalledAfter(column.name, persons),
  );
  return named === undefined
    ? NOTHING
    : { points: 3, reasons: [`its column ${named.name} is called after ${labelOf(persons)}`] };
}

function alike(one: CatalogTable, other: CatalogTable): Points {
  const names = [...one.columns.keys()].filter(
    (name) => other.columns.has(name) && !['id', 'key'].includes(name.toLowerCase()),
  );
  const shown = names.slice(0, 5).join(', ');
  return names.length === 0
    ? NOTHING
    : {
        points: Math.min(3, names.length / 2),
        reasons: [
          `both have ${shown}${names.length > 5 ? ` and ${names.length - 5} more columns of the same name` : ''}`,
        ],
      };
}
