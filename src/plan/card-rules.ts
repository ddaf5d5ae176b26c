import { cardColumns } from '../config/card-fields.js';
import type { CardField } from '../config/checked.js';
import type { Layout } from '../config/layout.js';
import type { Dialect } from '../database/dialect.js';
import type { UniqueRule } from '../database/schema.js';
import { cardValueSql } from './card-values.js';

/** Why a whole card cannot be stored: by what the person table demands of its rows. */
export interface RuleMisfit {
  /** SQL about the operator row. */
  readonly condition: string;
  /** The column to blame: the first of those that the operator fills, or a constant. */
  readonly field: CardField;
  readonly problem: string;
}

/** What may be on one card alone. */
export interface UniqueValues {
  readonly field: CardField;
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
    return this.#uniques().map(({ rule, field }) => {
      const card = this.#card(rule.columns);
      const values = rule.expressions.map((expression) => this.#sql.evaluated(expression, card));
      const { where } = rule;
      return {
        field,
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
      const field = this.#blamed(columns);
      if (field === undefined || !columns.every((column) => this.#isKnown(column))) return [];
      const holds = this.#sql.evaluated(expression, this.#card(columns));
      return [{ condition: `NOT COALESCE(${holds}, TRUE)`, field, problem: `breaks the check ${name}` }];
    });
  }

  #foreignKeys(): RuleMisfit[] {
    const sql = this.#sql;
    return this.#layout.openForeignKeys.flatMap((key) => {
      const own = key.columns.map((column) => column.own);
      const field = this.#blamed(own);
      if (field === undefined) return [];
      const card = this.#card(own);
      const filled = [...card.values()].map((value) => `${value} IS NOT NULL`);
      const pairs = key.columns.map(
        (column) => `r.${sql.identifier(column.target)} = ${card.get(column.own)}`,
      );
      return [
        {
          condition: `(${filled.join(' AND ')}
              AND NOT EXISTS (SELECT 1 FROM ${sql.table(key.table)} AS r WHERE ${pairs.join(' AND ')}))`,
          field,
          problem: `not in ${key.table.name}`,
        },
      ];
    });
  }

  /** Another person has it already. */
  #taken(): RuleMisfit[] {
    const sql = this.#sql;
    return this.#uniques().map(({ rule, field }) => {
      const card = this.#card(rule.columns);
      const same = rule.expressions.map((expression) => `${expression} = ${sql.evaluated(expression, card)}`);
      const both = rule.where === undefined ? [] : [rule.where, sql.evaluated(rule.where, card)];
      return {
        condition: `EXISTS (SELECT 1 FROM ${sql.table(this.#layout.persons.name)} AS u WHERE ${[...same, ...both].join(' AND ')})`,
        field,
        problem: `another person has the same, and ${rule.name} allows it once`,
      };
    });
  }

  /** Those that a card can break; a new key is never that of another. */
  #uniques(): { rule: UniqueRule; field: CardField }[] {
    const { key } = this.#layout.configuration.persons;
    return this.#layout.rules.uniques.flatMap((rule) => {
      const field = this.#blamed(rule.columns);
      const isKnown = rule.columns.every((column) => column !== key && this.#isKnown(column));
      return field !== undefined && isKnown ? [{ rule, field }] : [];
    });
  }

  #blamed(columns: readonly string[]): CardField | undefined {
    const fields = columns.flatMap((column) => this.#fields.get(column) ?? []);
    const filled = fields.filter(
      ({ target, source }) => target !== undefined && ('from' in source || source.value !== null),
    );
    return filled.find(({ source }) => 'from' in source) ?? filled[0];
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
