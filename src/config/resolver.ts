import type { Database } from '../database/database.js';
import type { Column, Table } from '../database/schema.js';
import type { Condition, Flag, OtherRows, Scalar, TableName, Value } from '../model/configuration.js';
import type { CheckedCondition, CheckedFlag, CheckedRows, CheckedValue } from './checked.js';
import { fits } from './comparable.js';
import { nearest } from './nearest.js';

type Path = readonly PropertyKey[];

/** A problem with one option: a sentence without its end. */
export interface NotFound {
  readonly path: Path;
  readonly text: string;
}

/**
 * Finds what the configuration names. What is not there is noted, and stands in the result as `undefined`, so
 * that all problems are found at once.
 */
export class Resolver {
  readonly problems: NotFound[] = [];
  readonly #database: Database;
  readonly #tables = new Map<string, Table | undefined>();
  #names: readonly string[] | undefined;

  constructor(database: Database) {
    this.#database = database;
  }

  /** Every table that was found, once. */
  tables(): Table[] {
    return [...this.#tables.values()].filter((table) => table !== undefined);
  }

  note(path: Path, text: string): undefined {
    this.problems.push({ path, text });
    return undefined;
  }

  async table(path: Path, name: TableName): Promise<Table | undefined> {
    const key = JSON.stringify([name.schema ?? null, name.name]);
    if (!this.#tables.has(key)) this.#tables.set(key, await this.#database.inspect(name));
    const table = this.#tables.get(key);
    if (table !== undefined) return table;
    const label = name.schema === undefined ? name.name : `${name.schema}.${name.name}`;
    this.#names ??= await this.#database.tableNames();
    const close = nearest(label, this.#names);
    return this.note(
      path,
      `there is no table ${label}, or this user may not see it${close === undefined ? '' : `; did you mean ${close}?`}`,
    );
  }

  column(path: Path, table: Table, name: string): Column | undefined {
    return table.columns.get(name) ?? this.note(path, noSuch(table, name));
  }

  async value(path: Path, table: Table, { column: name, rows }: Value): Promise<CheckedValue | undefined> {
    if (rows === undefined) {
      const column = this.column(path, table, name);
      return column && { column, rows: undefined };
    }
    const found = await this.rows(path, table, rows);
    const column = found && this.column([...path, 'column'], found.table, name);
    return column && { column, rows: found };
  }

  /** Those that are found. */
  async values(path: Path, table: Table, values: readonly Value[]): Promise<CheckedValue[]> {
    const found = [];
    for (const [index, value] of values.entries())
      found.push(await this.value([...path, index], table, value));
    return found.filter((value) => value !== undefined);
  }

  async rows(
    path: Path,
    table: Table,
    { table: name, on, where }: OtherRows,
  ): Promise<CheckedRows | undefined> {
    const other = await this.table([...path, 'table'], name);
    if (other === undefined) return undefined;
    const pairs = on.flatMap(({ theirs, ours }) => {
      const pair = {
        theirs: this.column([...path, 'on', theirs], other, theirs),
        ours: this.column([...path, 'on', theirs], table, ours),
      };
      return pair.theirs && pair.ours ? [{ theirs: pair.theirs, ours: pair.ours }] : [];
    });
    const condition = where && (await this.condition([...path, 'where'], other, where));
    return { table: other, on: pairs, where: condition };
  }

  async flag(path: Path, table: Table, flag: Flag): Promise<CheckedFlag | undefined> {
    if ('row' in flag) {
      const row = await this.rows([...path, 'row'], table, flag.row);
      return row && { row };
    }
    const found = table.columns.get(flag.column);
    if (found !== undefined) {
      this.#constant([...path, 'granted'], found, flag.granted);
      this.#constant([...path, 'denied'], found, flag.denied);
    }
    return { ...flag, found };
  }

  async condition(path: Path, table: Table, condition: Condition): Promise<CheckedCondition | undefined> {
    if ('all' in condition) return { all: await this.#conditions([...path, 'all'], table, condition.all) };
    if ('any' in condition) return { any: await this.#conditions([...path, 'any'], table, condition.any) };
    if ('not' in condition) {
      const not = await this.condition([...path, 'not'], table, condition.not);
      return not && { not };
    }
    if ('row' in condition) {
      const row = await this.rows([...path, 'row'], table, condition.row);
      return row && { row };
    }
    const column = this.column([...path, 'column'], table, condition.column);
    if (column === undefined) return undefined;
    if ('is' in condition) this.#constant([...path, 'is'], column, condition.is);
    if ('isNot' in condition) this.#constant([...path, 'isNot'], column, condition.isNot);
    // A flag reads as true or t on one server and as 1 on the other.
    if ('matches' in condition && column.family === 'boolean')
      this.note(
        [...path, 'matches'],
        `the column ${column.name} is ${column.type}, and a pattern is about text`,
      );
    if ('in' in condition)
      condition.in.forEach((constant, index) => {
        this.#constant([...path, 'in', index], column, constant);
      });
    return { ...condition, column };
  }

  async #conditions(path: Path, table: Table, parts: readonly Condition[]): Promise<CheckedCondition[]> {
    const found = [];
    for (const [index, part] of parts.entries())
      found.push(await this.condition([...path, index], table, part));
    return found.filter((part) => part !== undefined);
  }

  #constant(path: Path, column: Column, constant: Scalar): void {
    if (!fits(column, constant))
      this.note(
        path,
        `the column ${column.name} is ${column.type}, which ${JSON.stringify(constant)} is not`,
      );
  }
}

function noSuch(table: Table, column: string): string {
  const close = nearest(column, table.columns.keys());
  return `the table ${table.name.name} has no column ${column}${close === undefined ? '' : `; did you mean ${close}?`}`;
}
