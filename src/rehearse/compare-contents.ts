import type { Trigger } from '../database/schema.js';
import { type Contents, isSameName, type TableContents } from './contents.js';

/**
 * `rows`: there are more or fewer than expected. `values`: as many, and not the same. `moved`: the same, apart from
 * volatile columns. `cards`: the journal says that there are more new cards than are found.
 */
export type DifferenceKind =
  | 'new-table'
  | 'table-gone'
  | 'unreadable'
  | 'columns-gone'
  | 'rows'
  | 'values'
  | 'moved'
  | 'cards';

export interface Difference {
  /** As people call it. */
  readonly table: string;
  readonly kind: DifferenceKind;
  /** How many rows there are more; negative for fewer. */
  readonly moreRows: number;
  /** Those that are gone, or whose values differ; empty where that is not known. */
  readonly columns: readonly string[];
  /** A sentence without its end: `incident: 12 rows more (300 → 312)`. */
  readonly message: string;
  /** The application's triggers that could have done it, as far as they were asked for. */
  readonly triggers: readonly Trigger[];
  /** Tables whose triggers this user cannot see. */
  readonly hiddenTriggers: readonly string[];
}

/**
 * What differs, table by table.
 * @param after read like `before`, so that columns that were added since do not count.
 */
export function compareContents(before: Contents, after: Contents): readonly Difference[] {
  const known = before.tables.flatMap((table) => {
    const now = after.tables.find((each) => isSameName(each.name, table.name));
    if (now !== undefined) return compareTable(table, now);
    const isThere = after.unread.includes(table.label);
    return isThere
      ? difference(table.label, 'unreadable', 'could be read before, and cannot be read any more')
      : difference(table.label, 'table-gone', 'the table is gone', { moreRows: -table.rows });
  });
  const labels = [...before.tables.map(({ label }) => label), ...before.unread];
  const added = after.tables.filter(
    ({ name, label }) =>
      !before.tables.some((each) => isSameName(each.name, name)) && !before.unread.includes(label),
  );
  return [
    ...known,
    ...before.unread
      .filter(
        (label) => !after.unread.includes(label) && !after.tables.some((table) => table.label === label),
      )
      .map((label) => difference(label, 'table-gone', 'the table is gone')),
    ...added.map(({ label, rows }) =>
      difference(label, 'new-table', `the table is new (${countOf(rows)})`, { moreRows: rows }),
    ),
    ...after.unread
      .filter((label) => !labels.includes(label))
      .map((label) => difference(label, 'new-table', 'the table is new')),
  ];
}

function compareTable(before: TableContents, after: TableContents): Difference[] {
  const { label } = before;
  const gone = after.goneColumns;
  const differences =
    gone.length === 0
      ? []
      : [
          difference(
            label,
            'columns-gone',
            `${listed('column', gone)} ${gone.length === 1 ? 'is' : 'are'} gone`,
            {
              columns: gone,
            },
          ),
        ];
  if (before.rows !== after.rows) return [...differences, rowsDiffer(label, before.rows, after.rows)];
  const columns = [...after.columns].filter(([name, sum]) => sum !== before.columns.get(name));
  const names = columns.map(([name]) => name);
  const moved = names.filter((name) => after.volatileColumns.includes(name));
  const others = names.filter((name) => !moved.includes(name));
  if (moved.length > 0) differences.push(movedBy(label, moved));
  // Without a column, all rows have other digests.
  const isSame = gone.length > 0 ? others.length === 0 : String(before.digest) === String(after.digest);
  if (!isSame) differences.push(valuesDiffer(label, before.rows, others));
  return differences;
}

function rowsDiffer(label: string, before: number, after: number): Difference {
  const more = after - before;
  const message = `${countOf(Math.abs(more))} ${more > 0 ? 'more' : 'fewer'} (${before} → ${after})`;
  return difference(label, 'rows', message, { moreRows: more });
}

function valuesDiffer(label: string, rows: number, columns: readonly string[]): Difference {
  const what =
    columns.length === 0
      ? 'values stand in other rows'
      : `values changed in ${listed('the column', columns)}`;
  return difference(label, 'values', `${countOf(rows)} as before, but ${what}`, { columns });
}

function movedBy(label: string, columns: readonly string[]): Difference {
  const message = `the application has moved ${listed('the volatile column', columns)}`;
  return difference(label, 'moved', message, { columns });
}

export function difference(
  table: string,
  kind: DifferenceKind,
  message: string,
  more: Partial<Pick<Difference, 'moreRows' | 'columns'>> = {},
): Difference {
  return {
    table,
    kind,
    moreRows: 0,
    columns: [],
    ...more,
    message: `${table}: ${message}`,
    triggers: [],
    hiddenTriggers: [],
  };
}

const countOf = (rows: number) => `${rows} ${rows === 1 ? 'row' : 'rows'}`;

/** Of a table whose every column differs, the first say enough. */
const LISTED = 8;

function listed(what: string, names: readonly string[]): string {
  const first = names.slice(0, LISTED).join(', ');
  const more = names.length > LISTED ? ` and ${names.length - LISTED} more` : '';
  return `${what}${names.length === 1 ? '' : 's'} ${first}${more}`;
}
