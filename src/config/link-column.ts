import { rangeOf } from '../database/numbers.js';
import type { Column, ForeignKeyRule, Table } from '../database/schema.js';
import type { Configuration } from '../model/configuration.js';
import { isSameTable } from './references.js';

/** A link that leads elsewhere, or that cannot hold the key of every person. */
export function problemOfLink(
  { operators: { link: name } }: Configuration,
  operators: Table,
  persons: Table,
  key: Column,
  foreignKeys: readonly ForeignKeyRule[],
): string | undefined {
  const link = operators.columns.get(name);
  if (link === undefined) return undefined;
  const elsewhere = foreignKeys.find(
    ({ table, columns }) =>
      columns.length === 1 && columns[0]?.own === name && !isSameTable(table, persons.name),
  );
  if (elsewhere !== undefined)
    return `the column ${name} refers to ${elsewhere.table.name}, and not to ${persons.name.name}`;
  return holdsAll(link, key)
    ? undefined
    : `the column ${name} is ${link.type}, which cannot hold every ${key.name} of ${persons.name.name}: that is ${key.type}`;
}

/** Whether each value of one column can be stored in another as it is. */
function holdsAll(target: Column, from: Column): boolean {
  if (target.family === 'text')
    return (
      target.length === null ||
      (from.family === 'text' ? from.length !== null && from.length <= target.length : true)
    );
  if (target.family !== from.family && !(isWhole(target) && isWhole(from))) return false;
  const [range, needed] = [rangeOf(target), rangeOf(from)];
  if (range === undefined || needed === undefined) return true;
  // Keys are positive, whatever their type could hold.
  return needed.greatest <= range.greatest;
}

const isWhole = ({ family }: Column) => family === 'integer' || family === 'decimal';
