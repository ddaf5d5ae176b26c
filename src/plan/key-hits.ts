import type { Dialect } from '../database/dialect.js';
import { MAX_CANDIDATES } from '../model/decision.js';
import type { ClassifiedTables } from './classified-tables.js';
import { decidedCtes } from './decided.js';
import { KeyCards } from './key-cards.js';

/** What the keys of both sides come to: the named queries (CTEs) of the classification, `summary` the last of them. */
export class KeyHits {
  readonly #of: ClassifiedTables;
  readonly #sql: Dialect;
  readonly #withEvidence: boolean;
  readonly #cards: KeyCards;

  constructor(of: ClassifiedTables, withEvidence: boolean) {
    this.#of = of;
    this.#sql = of.sql;
    this.#withEvidence = withEvidence;
    this.#cards = new KeyCards(of);
  }

  ctes(): string[] {
    const sql = this.#sql;
    return [
      ...(sql.letters === undefined
        ? []
        : [`-- how letters beyond ASCII are lower-cased\nletter AS ${sql.inlined}(${sql.letters})`]),
      ...this.#cards.ctes(),
      this.#brokenOperator(),
      this.#broken(),
      ...(this.#of.decided === undefined ? [] : decidedCtes(this.#of, this.#of.decided)),
      this.#taken(),
      ...this.#shared(),
      this.#brokenValue(),
      this.#member(),
      this.#rankedMember(),
      this.#crowd(),
      this.#hit(),
      this.#summary(),
    ];
  }

  /** One arm for each key. */
  #arms(arm: (number: number) => string): string {
    return this.#of
      .keys()
      .map(({ number }) => arm(number))
      .join('\n   UNION ALL\n  ');
  }

  #brokenOperator(): string {
    return `-- operators that are linked to a person that does not exist
broken_operator AS ${this.#sql.materialized}(
  SELECT o.* FROM operator_card AS o LEFT JOIN ${this.#of.personTable} AS p ON p.${this.#of.personKey} = o.link
   WHERE o.link IS NOT NULL AND p.${this.#of.personKey} IS NULL)`;
  }

  #broken(): string {
    return `broken AS (
  SELECT DISTINCT link FROM broken_operator)`;
  }

  #taken(): string {
    const decided =
      this.#of.decided === undefined
        ? ''
        : `\n   UNION\n  SELECT d.person FROM decided AS d WHERE d.word = 'link'`;
    return `-- persons that any operator row whatsoever is linked to${decided && ', or is going to be'}
taken AS (
  SELECT DISTINCT ${this.#of.link} AS person FROM ${this.#of.operatorTable} AS o WHERE ${this.#of.link} IS NOT NULL${decided})`;
  }

  /** What several cards share: found in one pass by a server that keeps a CTE, else grouped for each reader. */
  #shared(): string[] {
    if (this.#sql.materialized !== '') {
      return [
        `-- cards that share a value; to compare small digests of the values first takes half the time
sharer AS ${this.#sql.materialized}(
  ${this.#arms((number) => this.#sharer(number))})`,
      ];
    }
    return this.#of
      .keys()
      .map(
        ({ number, name }) =>
          `-- values of the key "${name}" that concern more than one card\nvalue_${number} AS (\n  ${this.#value(number)})`,
      );
  }

  #sharer(number: number): string {
    const operator = `, o.operator, NULL AS person, ${this.#sql.asNumber('o.outside IS NULL')} AS is_human, NULL AS unsure`;
    return `SELECT ${number} AS key_number, value, operator, person, is_human, unsure, COUNT(*) OVER same AS cards,
         SUM(is_operator) OVER same AS operators, SUM(is_contender) OVER same AS contenders
    FROM (SELECT c.*, COUNT(*) OVER (PARTITION BY digest) AS alike
            FROM (SELECT c.*, ${this.#sql.digest('value')} AS digest FROM (
            ${this.#holders(number, operator, `, NULL, p.person, 0, p.unsure_${number}`)}) AS c) AS c) AS c
   WHERE alike > 1 AND value NOT IN (${this.#of.ignored().join(', ')})
  WINDOW same AS (PARTITION BY value)`;
  }

  #value(number: number): string {
    const ignored = this.#of.ignored().map(this.#sql.fingerprint);
    return `SELECT value, SUM(is_operator) AS operators, SUM(is_contender) AS contenders
    FROM (${this.#holders(number)}) AS card
   GROUP BY value
  HAVING COUNT(value) > 1 AND SUM(is_operator) > 0 AND value NOT IN (${ignored.join(', ')})`;
  }

  /** All cards with a value, those of groups and API accounts left out; linked operators do not contend. */
  #holders(number: number, ofOperator = '', ofPerson = ''): string {
    const { fingerprint, asNumber } = this.#sql;
    const counts = `COALESCE(o.outside, 'excluded') = 'excluded'`;
    return `SELECT CASE WHEN ${counts} THEN ${fingerprint(`o.key_${number}`)} END AS value, 1 AS is_operator,
                   ${asNumber('o.outside IS NULL AND o.link IS NULL')} AS is_contender${ofOperator}
              FROM ${this.#cards.operatorsWith(number)} AS o WHERE o.raw_${number} IS NOT NULL
             UNION ALL
            SELECT ${fingerprint(`p.key_${number}`)}, 0, 0${ofPerson} FROM ${this.#cards.personsWith(number)} AS p WHERE p.raw_${number} IS NOT NULL`;
  }

  #brokenValue(): string {
    const { fingerprint } = this.#sql;
    return `-- a broken link contends, too
broken_value AS (
  SELECT key_number, value, COUNT(*) AS contenders
    FROM (
  ${this.#arms(
    (number) =>
      `SELECT ${number} AS key_number, ${fingerprint(`b.key_${number}`)} AS value FROM ${this.#brokenWith(number)} WHERE b.outside IS NULL`,
  )}) AS b
   GROUP BY key_number, value)`;
  }

  #brokenWith(number: number): string {
    const values = this.#cards.operatorsWith(number);
    return values === 'operator_card'
      ? 'broken_operator AS b'
      : `${values} AS b JOIN broken AS x ON x.link = b.link`;
  }

  #member(): string {
    const found =
      this.#sql.materialized === ''
        ? this.#arms(
            (
              number,
            ) => `SELECT p.person, ${number} AS key_number, v.value, v.contenders, p.unsure_${number} AS unsure
    FROM ${this.#cards.personsWith(number)} AS p JOIN value_${number} AS v ON v.value = ${this.#sql.fingerprint(`p.key_${number}`)}`,
          )
        : `SELECT person, key_number, value, contenders, unsure FROM sharer WHERE person IS NOT NULL AND operators > 0`;
    return `-- persons that share a value with an operator
member AS (
  SELECT s.person, s.key_number, s.value, s.contenders + COALESCE(b.contenders, 0) AS contenders, s.unsure
    FROM (${found}) AS s
    LEFT JOIN broken_value AS b ON b.key_number = s.key_number AND b.value = s.value)`;
  }

  #rankedMember(): string {
    return `-- their place within the value, and how many contenders reach them by all their values together
ranked_member AS (
  SELECT m.*, ${this.#sql.text('m.person')} AS person_text,
         SUM(m.contenders) OVER (PARTITION BY m.person) AS contention,
         ROW_NUMBER() OVER (PARTITION BY m.key_number, m.value ORDER BY ${this.#sql.text('m.person')}) AS place
    FROM member AS m)`;
  }

  #crowd(): string {
    const sql = this.#sql;
    const first = `CASE WHEN m.place <= ${MAX_CANDIDATES} THEN ${sql.jsonText('m.person_text')} END`;
    const people = `,\n         CASE WHEN COUNT(*) > 1 THEN ${sql.joinJson(first, 'm.place')} END AS people`;
    return `-- who holds a value: how many, how many of them free, and the first of them
crowd AS (
  SELECT m.key_number, m.value, COUNT(*) AS persons, MIN(m.person_text) AS person, MAX(m.unsure) AS unsure,
         SUM(${sql.asNumber('t.person IS NULL')}) AS free, MIN(m.contention) AS contention${this.#withEvidence ? people : ''}
    FROM ranked_member AS m LEFT JOIN taken AS t ON t.person = m.person
   GROUP BY m.key_number, m.value)`;
  }

  #hit(): string {
    const found =
      this.#sql.materialized === ''
        ? this.#arms(
            (
              number,
            ) => `SELECT o.operator, ${number} AS key_number, v.value, v.operators${this.#withEvidence ? `, o.key_${number} AS text` : ''}
    FROM ${this.#cards.operatorsWith(number)} AS o JOIN value_${number} AS v ON v.value = ${this.#sql.fingerprint(`o.key_${number}`)}
   WHERE o.outside IS NULL`,
          )
        : `SELECT operator, key_number, value, operators, value AS text FROM sharer WHERE is_human = 1 AND cards > 1`;
    return `-- human operators that share a value with any card
hit AS (
  ${found})`;
  }

  #summary(): string {
    const sql = this.#sql;
    const evidence = sql.jsonArray([
      'h.key_number',
      'h.text',
      'h.operators',
      'c.persons',
      'c.person',
      'c.people',
    ]);
    const powers = this.#of.keys().map(({ number }) => `WHEN ${number} THEN ${2 ** (number - 1)}`);
    return `-- all that was found about an operator, in one row
summary AS (
  SELECT h.operator, ${sql.materialized === '' ? `${sql.digest('h.operator')} AS digest, ` : ''}COUNT(c.persons) AS hits, ${this.#mostPersons()} AS persons, MAX(h.operators) AS operators,
         MIN(c.person) AS first_person, MAX(c.person) AS last_person, MAX(c.free) AS free,
         MAX(c.contention) AS contention, MAX(c.unsure) AS unsure,
         BIT_OR(CASE WHEN c.persons IS NULL THEN 0 ELSE CASE h.key_number ${powers.join(' ')} END END) AS shared${this.#withEvidence ? `,\n         ${sql.joinJson(evidence, 'h.key_number')} AS evidence` : ''}
    FROM hit AS h LEFT JOIN crowd AS c ON c.key_number = h.key_number AND c.value = h.value
   GROUP BY h.operator)`;
  }

  /** The persons whom one key alone hits: by one value, or by several that the operator has. */
  #mostPersons(): string {
    const several = this.#of
      .keys()
      .filter(({ operator }) => operator.rows !== undefined)
      .map(({ number }) => `COUNT(DISTINCT CASE h.key_number WHEN ${number} THEN c.person END)`);
    return several.length === 0 ? 'MAX(c.persons)' : `GREATEST(MAX(c.persons), ${several.join(', ')})`;
  }
}
