import { isCredential } from '../config/credentials.js';
import type { CatalogColumn } from '../database/catalog.js';
import { meaningsOf, mentions } from './names.js';
import type { Guess, Plain } from './proposal.js';
import { keyValueColumns, rowsPlain, type Side, textsOf } from './side.js';
import { labelOf } from './tables.js';
import { type Code, codesOf, MOST_CODES, rowsText, sayings, truthOf } from './value-words.js';
import { ACCESS_WORDS, type Concept } from './words.js';
import { yesAndNo } from './yes-and-no.js';

/** What grants something to a person, and the column that does, where it is one of the person's own. */
export interface AccessGuess extends Guess {
  readonly column: string | undefined;
}

/**
 * What lets a person log in to the portal: a flag of its own (`portal_access`), or a row elsewhere, such as one of a
 * table of portal accounts.
 */
export function findSsp(operators: Side, persons: Side): AccessGuess {
  const own = flagFor('ssp', persons, new Set());
  const row = accessRow(persons);
  if (own !== undefined && own.strength >= 0.7) return own.guess;
  if (row !== undefined) return row;
  if (own !== undefined) return own.guess;
  return missing('ssp', persons, operators);
}

/** What makes a person selectable as a caller; `taken` are columns that are something else already. */
export function findCaller(operators: Side, persons: Side, taken: ReadonlySet<string>): AccessGuess {
  const own = flagFor('caller', persons, taken);
  if (own !== undefined) return own.guess;
  return loneFlag(operators, persons, taken) ?? missing('caller', persons, operators);
}

const NAMES = { ssp: 'ssp_access', caller: 'selectable_as_caller' } as const;
const TEXTS = { ssp: 'may log in to the portal', caller: 'can be selected as a caller' } as const;

function missing(which: 'ssp' | 'caller', persons: Side, operators: Side): AccessGuess {
  const isCapital = /\p{Lu}/u.test(operators.key.name);
  const name = isCapital
    ? NAMES[which].replaceAll(/(?:^|_)(\w)/g, (_, letter: string) => letter.toUpperCase())
    : NAMES[which];
  return {
    column: undefined,
    value: { column: name, granted: true, denied: false },
    because: [`the run adds a column that is not there yet (--allow-schema-changes)`],
    question: `nothing in ${labelOf(persons.table)} says who ${TEXTS[which]}: which column or row does? If nothing does, leave this as it is.`,
  };
}

function flagFor(
  concept: Extract<Concept, 'ssp' | 'caller'>,
  persons: Side,
  taken: ReadonlySet<string>,
): { guess: AccessGuess; strength: number } | undefined {
  const found = persons.values
    .filter(({ relation, column }) => relation === undefined && !taken.has(column.name))
    .flatMap(({ column, meanings }) => {
      const meaning = meanings.find((each) => each.concept === concept);
      const codes = codesOf(column, textsOf(persons, column.name));
      const isFlag = column.family === 'boolean' || (codes.length <= 5 && column.family !== 'time');
      return meaning === undefined || meaning.strength < 0.5 || !isFlag ? [] : [{ column, meaning, codes }];
    })
    .toSorted((a, b) => b.meaning.strength - a.meaning.strength);
  const [best, ...others] = found;
  if (best === undefined) return undefined;
  const guess = flagGuess(concept, best.column, best.codes, best.meaning.isNegated);
  const also =
    others.length === 0 ? [] : [`also possible: ${others.map(({ column }) => column.name).join(', ')}`];
  return { guess: { ...guess, because: [...guess.because, ...also] }, strength: best.meaning.strength };
}

function flagGuess(
  which: 'ssp' | 'caller',
  column: CatalogColumn,
  codes: readonly Code[],
  isNegated: boolean,
): AccessGuess {
  const [yes, no] = yesAndNo(column, codes);
  const texts = codes
    .map(({ value, count }) => `${value === null ? 'NULL' : JSON.stringify(value)} (${rowsText(count)})`)
    .join(', ');
  const because = [`${column.name} holds ${texts || 'nothing yet'}`];
  const flag = (granted: Plain, denied: Plain): Plain => ({ column: column.name, granted, denied });
  if (yes !== undefined && no !== undefined) {
    const odd = codes.filter(({ value }) => value !== null && truthOf(value) === undefined);
    return {
      column: column.name,
      value: isNegated ? flag(no, yes) : flag(yes, no),
      because,
      question:
        odd.length === 0
          ? undefined
          : `which value of ${column.name} means that a person ${TEXTS[which]}, and which that it does not?`,
    };
  }
  const filled = codes.filter(({ value }) => value !== null);
  const [first, second = first] = filled;
  return {
    column: column.name,
    value: flag(first?.plain ?? true, second?.plain ?? false),
    because,
    question: `which value of ${column.name} means that a person ${TEXTS[which]}, and which that it does not?`,
  };
}

/** The only flag of persons that nothing else explains, and that operators have not. */
function loneFlag(operators: Side, persons: Side, taken: ReadonlySet<string>): AccessGuess | undefined {
  const flags = persons.values.filter(
    ({ relation, column }) =>
      relation === undefined &&
      column.family === 'boolean' &&
      !taken.has(column.name) &&
      !operators.table.columns.has(column.name) &&
      !meaningsOf(column.name, persons.table.name.name).some(({ strength }) => strength >= 0.7),
  );
  const [only, ...more] = flags;
  if (only === undefined || more.length > 0) return undefined;
  const guess = flagGuess(
    'caller',
    only.column,
    codesOf(only.column, textsOf(persons, only.column.name)),
    false,
  );
  return {
    ...guess,
    question: `does ${only.column.name} say who ${TEXTS.caller}? It is the only flag of ${labelOf(persons.table)} that nothing else explains.`,
  };
}

/** A row that means access: of a table of accounts or logins, with a login name or a credential. */
function accessRow(persons: Side): AccessGuess | undefined {
  const relation = persons.relations.find(({ table }) => {
    const columns = [...table.columns.keys()];
    const logsIn = columns.some(
      (name) =>
        isCredential(name) ||
        meaningsOf(name, table.name.name).some(
          ({ concept, strength }) => concept === 'login' && strength >= 0.7,
        ),
    );
    return mentions(table.name.name, ACCESS_WORDS) && logsIn;
  });
  if (relation === undefined || keyValueColumns(relation) !== undefined) return undefined;
  const open = openRows(relation.table.columns.values(), [...relation.rowsOf.values()].flat());
  const conditions = [
    ...(relation.ownerType === undefined ? [] : [relation.ownerType]),
    ...(open === undefined ? [] : [open.condition]),
  ];
  return {
    column: undefined,
    value: { row: rowsPlain(relation, conditions) },
    because: [
      `a row of ${labelOf(relation.table)} is a login; it belongs to a person by ${relation.because}`,
      ...(open === undefined ? [] : [open.because]),
    ],
    question: open?.doubt,
  };
}

/** The condition under which such a row is in force. */
function openRows(
  columns: Iterable<CatalogColumn>,
  rows: readonly { readonly [column: string]: string | null }[],
) {
  for (const column of columns) {
    const [meaning] = meaningsOf(column.name);
    if (meaning === undefined || meaning.strength < 0.7) continue;
    if (meaning.concept !== 'active' && meaning.concept !== 'status' && meaning.concept !== 'archived')
      continue;
    const codes = codesOf(
      column,
      rows.map((row) => row[column.name] ?? null),
    );
    if (codes.length > MOST_CODES) continue;
    const texts = codes.map(({ value, count }) => `${JSON.stringify(value)} (${rowsText(count)})`).join(', ');
    const because = `${column.name} holds ${texts}`;
    const [yes, no] = yesAndNo(column, codes);
    const told = meaning.concept === 'archived' ? no : yes;
    const live = codes.find((code) => sayings(code).includes('live'));
    if (meaning.concept !== 'status' && told !== undefined)
      return { condition: { column: column.name, is: told }, because, doubt: undefined };
    if (live !== undefined) {
      const unknown = codes.filter((code) => code.value !== null && sayings(code).length === 0);
      return {
        condition: { column: column.name, is: live.plain },
        because,
        doubt:
          unknown.length === 0
            ? undefined
            : `which values of ${column.name} mean that the login is in force?`,
      };
    }
  }
  return undefined;
}
