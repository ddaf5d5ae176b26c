import { cardColumns } from '../config/card-fields.js';
import type { CardField } from '../config/checked.js';
import type { Layout } from '../config/layout.js';
import type { Dialect } from '../database/dialect.js';
import type { UniqueRule } from '../database/schema.js';
import { cardValueSql, shownSql } from './card-values.js';

/** Why a whole card cannot be stored: by what the person table demands of its rows. */
export interface RuleMisfit {
  /** SQL about the operator row. */
  readonly condition: string;
  readonly blamed: Blamed;
  readonly problem: string;
}

/** The column to blame: the first of those that the operator fills, else a constant, else a default. */
interface Blamed {
  readonly column: string;
  /** SQL of what it would get, as text. */
  readonly value: string;
}

/** What may be on one card alone. */
export interface UniqueValues {
  readonly blamed: Blamed;
  readonly problem: string;
  /** SQL about the operator row; all of them together. */
  readonly values: readonly string[];
}

/** What the person table demands, held against a card before there is one, by the server itself. */
export class CardRules {
  readonly #layout: Layout;
  readonly #sql: Dialect;
  readonly #fields: ReadonlyMap<string, CardField>;

  constructor(layout: Layout, sql: Dialect) {
    this.#layout = layout;
    this.#sql = sql;
    this.#fields = new Map(cardColumns(layout).map((field) => [field.column, field]));
  }

  misfits(): RuleMisfit[] {
    return [...this.#checks(), ...this.#foreignKeys(), ...this.#taken()];
  }

  /** For each unique index that a card can break: what may be on one card alone; NULL where nothing is. */
  uniqueValues(): readonly UniqueValues[] {
    return this.#uniques().map(({ rule, blamed }) => {
      const card = this.#card(rule.columns);
      const values = rule.expressions.map((expression) => this.#sql.evaluated(expression, card));
      const { where } = rule;
      return {
        blamed,
        problem: `another operator's card would have the same, and ${rule.name} allows it once`,
        values:
          where === undefined
            ? values
            : values.map((value) => `CASE WHEN ${this.#sql.evaluated(where, card)} THEN ${value} END`),
      };
    });
  }

  #checks(): RuleMisfit[] {
    return this.#layout.rules.checks.flatMap(({ name, expression, columns }) => {
      const blamed = this.#blamed(columns);
      if (blamed === undefined || !columns.every((column) => this.#isKnown(column))) return [];
      const holds = this.#sql.evaluated(expression, this.#card(columns));
      return [{ condition: `NOT COALESCE(${holds}, TRUE)`, blamed, problem: `breaks the check ${name}` }];
    });
  }

  #foreignKeys(): RuleMisfit[] {
    const sql = this.#sql;
    return this.#layout.openForeignKeys.flatMap((key) => {
      const own = key.columns.map((column) => column.own);
      const blamed = this.#blamed(own);
      if (blamed === undefined) return [];
      const card = this.#card(own);
      const filled = [...card.values()].map((value) => `${value} IS NOT NULL`);
      const pairs = key.columns.map(
        (column) => `r.${sql.identifier(column.target)} = ${card.get(column.own)}`,
      );
      return [
        {
          condition: `(${filled.join(' AND ')}
              AND NOT EXISTS (SELECT 1 FROM ${sql.table(key.table)} AS r WHERE ${pairs.join(' AND ')}))`,
          blamed,
          problem: `not in ${key.table.name}`,
        },
      ];
    });
  }

  /** Another person has it already. */
  #taken(): RuleMisfit[] {
    const sql = this.#sql;
    return this.#uniques().map(({ rule, blamed }) => {
      const card = this.#card(rule.columns);
      const same = rule.expressions.map((expression) => `${expression} = ${sql.evaluated(expression, card)}`);
      const both = rule.where === undefined ? [] : [rule.where, sql.evaluated(rule.where, card)];
      return {
        condition: `EXISTS (SELECT 1 FROM ${sql.table(this.#layout.persons.name)} AS u WHERE ${[...same, ...both].join(' AND ')})`,
        blamed,
        problem: `another person has the same, and ${rule.name} allows it once`,
      };
    });
  }

  /** Those that a card can break; a new key is never that of another. */
  #uniques(): { rule: UniqueRule; blamed: Blamed }[] {
    const { key } = this.#layout.configuration.persons;
    return this.#layout.rules.uniques.flatMap((rule) => {
      const blamed = this.#blamed(rule.columns);
      const isKnown = rule.columns.every((column) => column !== key && this.#isKnown(column));
      return blamed !== undefined && isKnown ? [{ rule, blamed }] : [];
    });
  }

  #blamed(columns: readonly string[]): Blamed | undefined {
    const sql = this.#sql;
    const fields = columns.flatMap((column) => this.#fields.get(column) ?? []);
    const filled = fields.filter(
      ({ target, source }) => target !== undefined && ('from' in source || source.value !== null),
    );
    const field = filled.find(({ source }) => 'from' in source) ?? filled[0];
    if (field !== undefined)
      return { column: field.column, value: shownSql(sql, field, cardValueSql(sql, 'o', field)) };
    const { defaults } = this.#layout.rules;
    const left = columns.find((column) => !this.#fields.has(column) && defaults.has(column));
    return left === undefined ? undefined : { column: left, value: sql.text(defaults.get(left) ?? 'NULL') };
  }

  /** What the server fills by itself, anew for each row, is known when it is there. */
  #isKnown(column: string): boolean {
    const { persons, rules } = this.#layout;
    const isFilled = persons.columns.get(column)?.filledByServer === true;
    return this.#fields.has(column) || rules.defaults.has(column) || !isFilled;
  }

  /** What these columns of the card will hold. */
  #card(columns: readonly string[]): Map<string, string> {
    const { persons, rules } = this.#layout;
    return new Map(
      columns.map((name) => {
        const field = this.#fields.get(name);
        const value =
          field === undefined ? (rules.defaults.get(name) ?? 'NULL') : cardValueSql(this.#sql, 'o', field);
        const column = persons.columns.get(name);
        return [name, column === undefined ? value : this.#sql.asColumn(value, column)];
      }),
    );
  }
}
