import type { CheckedKey, CheckedValue } from '../config/checked.js';
import type { Dialect } from '../database/dialect.js';
import type { ClassifiedTables } from './classified-tables.js';
import { LAPSED } from './decided.js';
import { misfitSql, nameSql } from './expressions.js';
import { ELSEWHERE, fieldSql, type Own, ownOf, readableSql, rowsSql } from './values.js';

/** Further columns of a classification, over `o`, `s` and `p`: name → SQL. */
export type Columns = Readonly<Record<string, string>>;

/** Every key of the operator that hits anybody hits one and the same person. */
const ONLY_CANDIDATE = 's.persons = 1 AND s.first_person = s.last_person';

/** What is decided about each operator row, and why: a SELECT over the hits of its keys. */
export class Verdict {
  readonly #of: ClassifiedTables;
  readonly #sql: Dialect;
  readonly #withEvidence: boolean;
  readonly #own: Own;

  constructor(of: ClassifiedTables, withEvidence: boolean) {
    this.#of = of;
    this.#sql = of.sql;
    this.#withEvidence = withEvidence;
    this.#own = ownOf(of.sql, 'o');
  }

  /** The names of what `select` selects. */
  columns(more: Columns): string[] {
    const evidence = this.#withEvidence ? ['person', 'evidence', 'detail', 'misfit', 'name'] : [];
    const word = this.#of.decided === undefined ? [] : ['word'];
    return ['operator', 'reason', 'finding', ...word, ...evidence, ...Object.keys(more)];
  }

  select(more: Columns): string {
    const sql = this.#sql;
    const columns = [
      `CASE WHEN ${this.#of.link} IS NOT NULL
            THEN CASE WHEN b.link IS NULL AND CASE ${this.#of.outside()} END IS NULL THEN ${sql.text(this.#of.link)} END
            ${this.#ifDecided(`WHEN d.word = 'link' THEN ${sql.text('d.person')}\n            `)}WHEN ${ONLY_CANDIDATE} AND NOT ${this.#unsure()} THEN s.first_person END AS person`,
      's.evidence',
      `${this.#detail()} AS detail`,
      `${this.#misfit()} AS misfit`,
      `${nameSql(sql, this.#own, this.#of.layout.operator.name)} AS name`,
    ];
    const selected = [
      ...(this.#withEvidence ? columns : []),
      ...Object.entries(more).map(([name, expression]) => `${expression} AS ${name}`),
    ];
    return `SELECT o.${this.#of.operatorKey} AS operator, ${this.#reason()} AS reason,
       CASE WHEN ${this.#of.link} IS NOT NULL AND p.generated AND s.free > 0${this.#ifDecided(` AND COALESCE(d.word, '') <> 'create'`)} THEN 'possible-duplicate' END AS finding${this.#ifDecided(', d.word')}${selected.map((column) => `,\n       ${column}`).join('')}
  FROM ${this.#of.operatorTable} AS o${this.#of.letters}
  LEFT JOIN broken AS b ON b.link = ${this.#of.link}
  LEFT JOIN summary AS s ON ${this.#sameOperator('s')}${this.#ifDecided(`\n  LEFT JOIN decided AS d ON ${this.#sameOperator('d')}`)}
  -- the person it is linked to, or else the only candidate
  LEFT JOIN person_card AS p
    ON p.person = COALESCE(${this.#of.link}, ${this.#ifDecided(`CASE WHEN d.word = 'link' THEN d.person END, `)}${sql.asKey(`CASE WHEN ${ONLY_CANDIDATE} THEN s.first_person END`, this.#of.layout.personKey)})${sql.evaluatedOnce}`;
  }

  /** MariaDB searches a table of its own with texts in it by a number ten times as fast as by a text. */
  #sameOperator(alias: 's' | 'd'): string {
    const sql = this.#sql;
    const key = `o.${this.#of.operatorKey}`;
    if (sql.materialized !== '') return `${alias}.operator = ${key}`;
    const text = (operator: string) => sql.keyOrder(operator, this.#of.layout.operatorKey);
    return `${alias}.digest = ${sql.digest(key)} AND ${text(`${alias}.operator`)} = ${text(key)}`;
  }

  #reason(): string {
    const { policies } = this.#of.layout.configuration;
    const cases = [
      this.#of.outside(),
      `WHEN b.link IS NOT NULL THEN 'broken-link'`,
      `WHEN ${this.#of.link} IS NOT NULL THEN 'linked'`,
      this.#of.skipped(),
      this.#ifDecided(`WHEN d.word = 'create' AND ${this.#misfit()} IS NOT NULL THEN 'does-not-fit'`),
      this.#ifDecided(`WHEN d.word = '${LAPSED}' THEN 'lapsed'`),
      this.#ifDecided(`WHEN d.word IS NOT NULL THEN 'decided'`),
      `WHEN ${this.#unsure()} THEN 'unsure-key'`,
      `WHEN s.persons > 1 THEN 'ambiguous'`,
      `WHEN s.first_person <> s.last_person THEN 'conflict'`,
      `WHEN s.persons = 1 AND s.free = 0 THEN 'taken'`,
      policies.onContradiction === 'review'
        ? `WHEN s.persons = 1 AND ${this.#differing()} > 0 THEN 'contradiction'`
        : '',
      `WHEN s.persons = 1 AND s.contention > s.hits THEN 'contested'`,
      policies.onMatch === 'create'
        ? `WHEN s.persons = 1 AND ${this.#misfit()} IS NOT NULL THEN 'does-not-fit'`
        : '',
      `WHEN s.persons = 1 THEN 'match'`,
      policies.onSharedKey === 'review' ? `WHEN s.operators > 1 THEN 'shared-key'` : '',
      `WHEN ${this.#misfit()} IS NOT NULL THEN 'does-not-fit'`,
    ];
    return `CASE ${cases.filter(Boolean).join('\n       ')}\n       ELSE 'no-candidate' END`;
  }

  /** SQL that is about what humans have decided; nothing where they have not. */
  #ifDecided(text: string): string {
    return this.#of.decided === undefined ? '' : text;
  }

  /** An anonymized operator has no keys, hence no unsure ones. */
  #unsure(): string {
    const sql = this.#sql;
    const own = this.#of.keys().map(({ operator }) => fieldSql(sql, operator, this.#own));
    return `COALESCE(NOT ${this.#of.keyless('o')} AND (s.unsure = 1 OR ${sql.unsure(`CONCAT_WS(' ', ${own.join(', ')})`)}), FALSE)`;
  }

  #misfit(): string {
    return misfitSql(this.#sql, this.#of.layout, 'o');
  }

  /** What a reader needs to see of two cards that differ: the keys of both, and where they differ. */
  #detail(): string {
    const sql = this.#sql;
    const operator = this.#of.keys().map((key) => fieldSql(sql, key.operator, this.#own));
    const person = this.#of.keys().map((key) => personFieldSql(sql, key));
    return `CASE WHEN b.link IS NOT NULL THEN ${sql.jsonArray([sql.text(this.#of.link)])}${this.#ifDecided(`
            WHEN ${this.#of.link} IS NULL AND d.word IS NOT NULL THEN ${sql.jsonArray(['d.word', 'd.who', 'd.note'])}`)}
            WHEN ${this.#of.link} IS NULL AND ${ONLY_CANDIDATE} AND ${this.#differing()} > 0
            THEN ${sql.jsonArray([this.#differing(), ...operator, ...person])} END`;
  }

  /** Both have a value in a key, and it is not the same: bits of both sides that are not among the shared. */
  #differing(): string {
    const operator = this.#filled(this.#of.keyless('o'), (key) =>
      this.#hasValue(
        key.operator,
        readableSql(this.#sql, this.#own(key.operator.column.name), key.operator.column),
        this.#own,
      ),
    );
    // Not p.key_N: PostgreSQL would compute the keys of all persons before it joins a few of them.
    const person = this.#filled('p.keyless', (key) =>
      this.#hasValue(key.person, `p.raw_${key.number}`, inPersonCard(key)),
    );
    return `((${operator})
           & (${person})) - s.shared`;
  }

  /** One bit for each key that has a value. */
  #filled(keyless: string, hasValue: (key: CheckedKey) => string): string {
    const bits = this.#of
      .keys()
      .map((key) => `CASE WHEN ${hasValue(key)} THEN ${2 ** (key.number - 1)} ELSE 0 END`);
    return `CASE WHEN ${keyless} THEN 0 ELSE ${bits.join('\n           + ')} END`;
  }

  #hasValue({ column, rows }: CheckedValue, raw: string, own: Own): string {
    const sql = this.#sql;
    const ignored = this.#of.ignored().join(', ');
    const counts = (value: string) => `NOT COALESCE(${sql.normalized(value)} IN (${ignored}), TRUE)`;
    if (rows === undefined) return counts(raw);
    const value = readableSql(sql, `${ELSEWHERE}.${sql.identifier(column.name)}`, column);
    return `EXISTS (SELECT 1 ${rowsSql(sql, rows, own)} AND ${counts(value)})`;
  }
}

/** In the named query `person_card`: the columns by which rows elsewhere are found, in their order. */
function inPersonCard({ number, person }: CheckedKey): Own {
  const names = person.rows?.on.map(({ ours }) => ours.name) ?? [];
  return (column) => `p.on_${number}_${names.indexOf(column) + 1}`;
}

/** A person's key as one text, where `p` is the named query `person_card`. */
export function personFieldSql(sql: Dialect, key: CheckedKey): string {
  return key.person.rows === undefined
    ? sql.text(`p.raw_${key.number}`)
    : fieldSql(sql, key.person, inPersonCard(key));
}
