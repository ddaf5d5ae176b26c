import { isConvertible } from '../database/conversion.js';
import type { Column, Table, TypeFamily } from '../database/schema.js';
import { OnecardError } from '../errors.js';
import type { CardSource, Configuration, Scalar } from '../model/configuration.js';
import type { CardField } from './checked.js';
import { fits } from './comparable.js';
import { isCredential, isSspLogin } from './credentials.js';
import type { Layout } from './layout.js';
import { nearest } from './nearest.js';
import type { Resolver } from './resolver.js';

/** What fills a new card: the mapping, and then what `unmapped` says of all other columns. */
export async function cardFields(
  find: Resolver,
  configuration: Configuration,
  operators: Table,
  persons: Table,
): Promise<CardField[]> {
  const mapped: CardField[] = [];
  for (const { column, source } of configuration.card) {
    const target = find.column(['card', column], persons, column);
    const checked = await checkSource(find, ['card', column], operators, source);
    if (target === undefined || checked === undefined) continue;
    refuseUnstorable(find, ['card', column], target, checked);
    mapped.push({ column, target, source: checked });
  }
  configuration.unmapped.except.forEach((column, index) => {
    find.column(['unmapped', 'except', index], persons, column);
  });
  return [...mapped, ...unmappedFields(configuration, operators, persons)];
}

async function checkSource(
  find: Resolver,
  path: readonly PropertyKey[],
  operators: Table,
  source: CardSource,
): Promise<CardField['source'] | undefined> {
  if ('value' in source) return source;
  const from = await find.value([...path, 'from'], operators, source.from);
  return from && { from, onMisfit: source.onMisfit };
}

/** What no value could ever be stored in, or not this one. */
function refuseUnstorable(
  find: Resolver,
  path: readonly PropertyKey[],
  target: Column,
  source: CardField['source'],
): void {
  const column = `the column ${target.name}`;
  if (target.isGenerated) find.note(path, `${column} is computed by the server: leave it out`);
  else if ('value' in source) {
    const { value } = source;
    if (value !== null) refuseConstant(find, [...path, 'value'], target, value);
    if (value === null && !target.nullable) find.note([...path, 'value'], `${column} must not be NULL`);
  } else {
    const { from, onMisfit } = source;
    if (!isConvertible(from.column, target))
      find.note(
        [...path, 'from'],
        `${from.column.name} is ${from.column.type}, and ${column} is ${target.type}: one cannot be stored in the other`,
      );
    if (onMisfit === 'truncate' && (target.family !== 'text' || target.length === null))
      find.note([...path, 'onMisfit'], `${column} is ${target.type}, which nothing is too long for`);
    if (onMisfit === 'blank' && !target.nullable && target.family !== 'text')
      find.note(
        [...path, 'onMisfit'],
        `${column} is ${target.type} and must not be NULL: it cannot be blank`,
      );
    if (typeof onMisfit === 'object')
      refuseConstant(find, [...path, 'onMisfit', 'set'], target, onMisfit.set);
  }
}

function refuseConstant(find: Resolver, path: readonly PropertyKey[], target: Column, value: Scalar): void {
  const length = [...String(value)].length;
  if (!fits(target, value))
    find.note(path, `the column ${target.name} is ${target.type}, which ${JSON.stringify(value)} is not`);
  else if (target.family === 'text' && target.length !== null && length > target.length)
    find.note(path, `the column ${target.name} holds ${target.length} characters, and this has ${length}`);
}

function unmappedFields(configuration: Configuration, operators: Table, persons: Table): CardField[] {
  const { unmapped } = configuration;
  const settled = new Set([...configuration.card.map(({ column }) => column), ...ownColumns(configuration)]);
  const left = [...persons.columns.values()].filter((column) => !settled.has(column.name));
  return left.flatMap((target): CardField[] => {
    const { name } = target;
    const from = operators.columns.get(name);
    if (unmapped.sameName === 'copy' && from !== undefined && isCopied(configuration, from, target))
      return [
        { column: name, target, source: { from: { column: from, rows: undefined }, onMisfit: 'review' } },
      ];
    const neutral = NEUTRAL[target.family];
    if (unmapped.required === 'neutral' && isRequired(target) && neutral !== undefined)
      return [{ column: name, target, source: { value: neutral } }];
    return [];
  });
}

/** What onecard sets by itself: the key and the flags. */
function ownColumns({ persons: { key, ssp, caller } }: Configuration): string[] {
  return [key, ...[ssp, caller].flatMap((flag) => ('column' in flag ? [flag.column] : []))];
}

/** General information alone: neither what identifies a row or opens a door, nor what the server keeps up. */
function isCopied(
  { operators, unmapped, volatileColumns }: Configuration,
  from: Column,
  target: Column,
): boolean {
  const { name } = target;
  return (
    !isCredential(name) &&
    !isSspLogin(name) &&
    ![operators.key, operators.link, ...unmapped.except, ...volatileColumns.persons].includes(name) &&
    !target.isGenerated &&
    !target.movedByServer &&
    from.family === target.family
  );
}

/** Empty for each type that has such a value, and no date that anybody was born or hired at. */
const NEUTRAL: Readonly<Partial<Record<TypeFamily, Scalar>>> = {
  text: '',
  boolean: false,
  integer: 0,
  decimal: 0,
  // The first day that every type and time zone can hold.
  time: '1970-01-02',
};

const isRequired = (column: Column) => !column.nullable && !column.filledByServer;

/** A card's columns in the order in which they are filled: what the operator gives, and what is denied. */
export function cardColumns({
  card,
  person: { ssp, caller },
}: Pick<Layout, 'card' | 'person'>): readonly CardField[] {
  const denied = [ssp, caller].flatMap((flag): CardField[] =>
    'row' in flag ? [] : [{ column: flag.column, target: flag.found, source: { value: flag.denied } }],
  );
  return [...card, ...denied];
}

/** Columns that the mapping does not name, and the operator's columns of the same name fill. */
export function copiedColumns({ card, configuration }: Layout): ReadonlySet<string> {
  const mapped = new Set(configuration.card.map(({ column }) => column));
  const copied = card.filter(({ column, source }) => 'from' in source && !mapped.has(column));
  return new Set(copied.map(({ column }) => column));
}

/** A required column that nothing fills would fail every insert: said before the first write, all at once. */
export function refuseUnfilled(layout: Layout): void {
  const filled = new Set([
    layout.configuration.persons.key,
    ...cardColumns(layout).map((field) => field.column),
  ]);
  const unfilled = [...layout.persons.columns.values()].filter(
    (column) => isRequired(column) && !filled.has(column.name),
  );
  if (unfilled.length === 0) return;
  const names = unfilled.map((column) => column.name);
  // A misspelt column counts as one to be added, while the one that is meant stays empty.
  const misspelt = layout.gaps
    .filter(({ holds }) => holds !== 'link')
    .map(({ column, holds }) => ({
      option: `persons.${holds}.column`,
      column,
      close: nearest(column, names),
    }))
    .find(({ close }) => close !== undefined);
  throw new OnecardError(
    `A new card would leave ${unfilled.length} required column${unfilled.length === 1 ? '' : 's'} of ${layout.persons.name.name} empty: ${names.join(', ')}.`,
    {
      remedy: misspelt
        ? `${layout.configuration.placeOf(misspelt.option.split('.'))}${misspelt.option} names ${misspelt.column}, which does not exist: did you mean ${misspelt.close}?`
        : 'Say under "card" where each value comes from, {from: column} or {value: constant}; "unmapped: {required: neutral}" gives them neutral values.',
    },
  );
}
