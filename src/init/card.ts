import { isCredential } from '../config/credentials.js';
import type { CatalogColumn } from '../database/catalog.js';
import { constantFor } from './card-constants.js';
import { isPortalLogin, isRequired, type Sides } from './card-sides.js';
import { byLikeName, byMeaning, byReference, keyOrSameName, type Source, wholeName } from './card-sources.js';
import type { Guess } from './proposal.js';
import { type Side, strengthFor } from './side.js';
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
