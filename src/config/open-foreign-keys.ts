import type { ForeignKeyRule } from '../database/schema.js';
import type { CardField } from './checked.js';

/**
 * The foreign keys of the person table that a card can break: what it gets for them is a constant or a default, or comes from
 * the operator, whose own table has no such foreign key that would hold the value.
 */
export function openForeignKeys(
  ofPersons: readonly ForeignKeyRule[],
  ofOperators: readonly ForeignKeyRule[],
  card: readonly CardField[],
  /** Columns with a default that is the same for every row. */
  defaults: ReadonlyMap<string, string>,
): ForeignKeyRule[] {
  const sources = new Map(card.map(({ column, source }) => [column, source]));
  const isGiven = ({ own }: { own: string }) => {
    const source = sources.get(own);
    if (source === undefined) return defaults.has(own);
    return 'from' in source || source.value !== null;
  };
  return ofPersons.filter(
    (key) => key.columns.some(isGiven) && !isKeptByOperators(key, ofOperators, sources),
  );
}

function isKeptByOperators(
  { table, columns }: ForeignKeyRule,
  ofOperators: readonly ForeignKeyRule[],
  sources: ReadonlyMap<string, CardField['source']>,
): boolean {
  const given = columns.map(({ own, target }) => {
    const source = sources.get(own);
    const isPlain = source !== undefined && 'from' in source && source.from.rows === undefined;
    return isPlain ? { own: source.from.column.name, target } : undefined;
  });
  return ofOperators.some(
    (key) =>
      key.table.schema === table.schema &&
      key.table.name === table.name &&
      key.columns.length === given.length &&
      given.every((pair) =>
        key.columns.some(({ own, target }) => own === pair?.own && target === pair.target),
      ),
  );
}
