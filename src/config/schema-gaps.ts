import type { ForeignKeyRule, Table } from '../database/schema.js';
import type { Configuration, TableName } from '../model/configuration.js';
import { nearest } from './nearest.js';
import { isSameTable } from './references.js';

/** A column the configuration names and the database lacks, which a run adds. */
export interface SchemaGap {
  readonly table: Required<TableName>;
  readonly column: string;
  readonly holds: 'link' | 'ssp' | 'caller';
  /** A column that may have been meant: a misspelt link would take every linked operator for one without. */
  readonly meant: string | undefined;
}

/** What is missing of the link and of the two flags. */
export function findGaps(
  { operators: o, persons: p }: Configuration,
  operators: Table,
  persons: Table,
  foreignKeys: readonly ForeignKeyRule[],
): SchemaGap[] {
  const flags = (['ssp', 'caller'] as const).flatMap((holds): SchemaGap[] => {
    const flag = p[holds];
    if ('row' in flag || persons.columns.has(flag.column)) return [];
    const meant = nearest(flag.column, persons.columns.keys());
    return [{ table: persons.name, column: flag.column, holds, meant }];
  });
  if (operators.columns.has(o.link)) return flags;
  const toPersons = foreignKeys.find(
    ({ table, columns }) => isSameTable(table, persons.name) && columns.length === 1,
  );
  const meant = toPersons?.columns[0]?.own ?? nearest(o.link, operators.columns.keys());
  return [{ table: operators.name, column: o.link, holds: 'link', meant }, ...flags];
}
