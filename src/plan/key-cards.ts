import type { CheckedKey, CheckedValue } from '../config/checked.js';
import type { Dialect } from '../database/dialect.js';
import type { ClassifiedTables } from './classified-tables.js';
import { belongsSql, deniedSql, ELSEWHERE, ownOf, readableSql } from './values.js';

/** The keys of each card as text, trimmed and lower-cased: in the card itself, or in rows of another table. */
export class KeyCards {
  readonly #of: ClassifiedTables;
  readonly #sql: Dialect;

  constructor(of: ClassifiedTables) {
    this.#of = of;
    this.#sql = of.sql;
  }

  /** Named queries: `operator_card`, `person_card`, and of keys that lie elsewhere `operator_value_N` and `person_value_N`. */
  ctes(): string[] {
    return [this.#operatorCard(), this.#personCard(), ...this.#valuesElsewhere()];
  }

  #operatorCard(): string {
    return `-- the keys of every operator row as text, trimmed and lower-cased
operator_card AS ${this.#sql.inlined}(
  SELECT o.${this.#of.operatorKey} AS operator, ${this.#of.link} AS link,
         CASE ${this.#of.outside()} END AS outside${this.#keyColumns('o')}
    FROM ${this.#of.operatorTable} AS o${this.#of.letters})`;
  }

  #personCard(): string {
    const sql = this.#sql;
    const unsure = this.#of.keys().flatMap(({ person, number }) => {
      if (person.rows !== undefined) return [];
      const value = readableSql(sql, `p.${sql.identifier(person.column.name)}`, person.column);
      return `,\n         ${sql.asNumber(sql.unsure(value))} AS unsure_${number}`;
    });
    return `-- the keys of every person
person_card AS ${sql.inlined}(
  SELECT p.${this.#of.personKey} AS person, ${this.#generated()} AS generated, ${this.#of.keyless('p')} AS keyless${this.#keyColumns('p')}${unsure.join('')}
    FROM ${this.#of.personTable} AS p${this.#of.letters})`;
  }

  /**
   * raw_N: what the column holds; key_N: how it is compared, ignored values still among them. Of a key that lies
   * elsewhere, the columns by which its rows are found.
   */
  #keyColumns(alias: 'o' | 'p'): string {
    const sql = this.#sql;
    const own = ownOf(sql, alias);
    return this.#of
      .keys()
      .map(({ number, ...sides }) => {
        const value = alias === 'o' ? sides.operator : sides.person;
        if (value.rows !== undefined)
          return value.rows.on
            .map(({ ours }, index) => `,\n         ${own(ours.name)} AS on_${number}_${index + 1}`)
            .join('');
        const text = readableSql(sql, own(value.column.name), value.column);
        return `,
         ${text} AS raw_${number},
         CASE WHEN ${this.#of.keyless(alias)} THEN NULL ELSE ${sql.normalized(text)} END AS key_${number}`;
      })
      .join('');
  }

  /** Of a key that lies elsewhere: each value of a card once, however often and in whatever spelling it is there. */
  #valuesElsewhere(): string[] {
    return this.#of
      .keys()
      .flatMap((key) => [
        ...(key.operator.rows === undefined ? [] : [this.#operatorValue(key)]),
        ...(key.person.rows === undefined ? [] : [this.#personValue(key)]),
      ]);
  }

  #operatorValue({ number, operator }: CheckedKey): string {
    return `operator_value_${number} AS ${this.#sql.materialized}(
  SELECT u.operator, u.link, u.outside, 1 AS raw_${number}, MIN(u.text) AS key_${number}
    FROM (SELECT o.${this.#of.operatorKey} AS operator, ${this.#of.link} AS link,
                 CASE ${this.#of.outside()} END AS outside, ${this.#elsewhere('o', operator)}) AS u
   GROUP BY u.operator, u.link, u.outside, ${this.#sql.fingerprint('u.text')})`;
  }

  #personValue({ number, person }: CheckedKey): string {
    return `person_value_${number} AS ${this.#sql.materialized}(
  SELECT u.person, 1 AS raw_${number}, MIN(u.text) AS key_${number}, MAX(u.unsure) AS unsure_${number}
    FROM (SELECT p.${this.#of.personKey} AS person, ${this.#elsewhere('p', person)}) AS u
   GROUP BY u.person, ${this.#sql.fingerprint('u.text')})`;
  }

  /** The rest of a SELECT of the values that a card has in rows of another table, as they are compared. */
  #elsewhere(alias: 'o' | 'p', { column, rows }: CheckedValue): string {
    if (rows === undefined) throw new Error('the value lies in the row itself');
    const sql = this.#sql;
    const value = readableSql(sql, `${ELSEWHERE}.${sql.identifier(column.name)}`, column);
    return `${sql.asNumber(sql.unsure(value))} AS unsure, ${sql.normalized(value)} AS text
            FROM ${alias === 'o' ? this.#of.operatorTable : this.#of.personTable} AS ${alias}
            JOIN ${sql.table(rows.table.name)} AS ${ELSEWHERE} ON ${belongsSql(sql, rows, ownOf(sql, alias))}${this.#of.letters}
           WHERE ${value} IS NOT NULL AND NOT ${this.#of.keyless(alias)}`;
  }

  /** Where the values of a key are: one for each card in the card itself, else any number. */
  operatorsWith(number: number): string {
    return this.#of.keys()[number - 1]?.operator.rows === undefined
      ? 'operator_card'
      : `operator_value_${number}`;
  }

  personsWith(number: number): string {
    return this.#of.keys()[number - 1]?.person.rows === undefined ? 'person_card' : `person_value_${number}`;
  }

  /** A generated card: no access to the SSP, and no caller. */
  #generated(): string {
    const { ssp, caller } = this.#of.layout.person;
    const own = ownOf(this.#sql, 'p');
    return [ssp, caller].map((flag) => deniedSql(this.#sql, own, flag)).join(' AND ');
  }
}
