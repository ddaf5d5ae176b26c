import type { Layout } from '../config/layout.js';
import type { Dialect } from '../database/dialect.js';
import { type Action, type Decision, MAX_CANDIDATES, REASONS, type Reason } from '../model/decision.js';
import type { Policies } from '../model/policies.js';
import { conditionSql, flagSql, linkSql, misfitSql } from './expressions.js';

/**
 * The one classification (DESIGN §2): a query with one row per operator row, and the columns of `ClassifiedRow`.
 *
 * Each side is grouped by the value of a key *before* the sides meet: joining the rows themselves would pair
 * every card that holds a junk value with every other. What no second card holds is dropped there, so that all
 * that follows is about the few values that several cards share. To normalise a key costs as much as to read
 * its row, hence each one is evaluated where it is grouped, and once more where its value is looked up.
 */
export function classificationSql(layout: Layout, sql: Dialect, more: readonly string[] = []): string {
  const parts = new Classification(layout, sql, true);
  return `WITH ${parts.ctes().join(',\n')}
SELECT j.*, ${parts.consequences('j')}
  FROM (
${parts.judged(more)}
) AS j`;
}

/** The tally of all decisions, counted by the server; operators with a finding one by one, by their keys. */
export function tallySql(layout: Layout, sql: Dialect): string {
  const parts = new Classification(layout, sql, false);
  return `WITH ${parts.ctes().join(',\n')}
SELECT ${parts.consequences('t')}, t.reason, t.finding, t.operator, ${sql.text('t.operators')} AS operators
  FROM (
SELECT j.reason, j.finding, j.operator, COUNT(*) AS operators
  FROM (
SELECT j.reason, j.finding, CASE WHEN j.finding IS NOT NULL THEN ${sql.text('j.operator')} END AS operator
  FROM (
${parts.judged([])}
) AS j
) AS j
 GROUP BY j.reason, j.finding, j.operator
) AS t`;
}

const DECISIONS: Partial<Record<Reason, Decision>> = {
  'not-an-operator': 'skip',
  'api-account': 'skip',
  excluded: 'skip',
  archived: 'skip',
  anonymized: 'skip',
  linked: 'linked',
  match: 'match',
  'no-candidate': 'create',
};

/** What follows from a reason. */
export function consequenceOf(reason: Reason, { onMatch }: Policies): { decision: Decision; action: Action } {
  const decision = DECISIONS[reason] ?? 'review';
  if (decision === 'create') return { decision, action: 'create' };
  return { decision, action: decision === 'match' && onMatch !== 'review' ? onMatch : 'none' };
}

/** Every key of the operator that hits anybody hits one and the same person. */
const ONLY_CANDIDATE = 's.persons = 1 AND s.first_person = s.last_person';

class Classification {
  readonly #layout: Layout;
  readonly #sql: Dialect;
  readonly #operatorTable: string;
  readonly #personTable: string;
  readonly #operatorKey: string;
  readonly #personKey: string;
  readonly #link: string;
  readonly #letters: string;
  readonly #withEvidence: boolean;

  constructor(layout: Layout, sql: Dialect, withEvidence: boolean) {
    this.#withEvidence = withEvidence;
    this.#layout = layout;
    this.#sql = sql;
    this.#operatorTable = sql.table(layout.operators.name);
    this.#personTable = sql.table(layout.persons.name);
    this.#operatorKey = sql.identifier(layout.configuration.operators.key);
    this.#personKey = sql.identifier(layout.configuration.persons.key);
    this.#link = linkSql(sql, layout, 'o');
    this.#letters = sql.letters === undefined ? '' : ' CROSS JOIN letter AS l';
  }

  ctes(): string[] {
    const sql = this.#sql;
    return [
      ...(sql.letters === undefined
        ? []
        : [`-- how letters beyond ASCII are lower-cased\nletter AS ${sql.inlined}(${sql.letters})`]),
      this.#operatorCard(),
      this.#personCard(),
      this.#brokenOperator(),
      this.#broken(),
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

  #keys() {
    return this.#layout.configuration.match.keys.map((key, index) => ({ ...key, number: index + 1 }));
  }

  /** One arm for each key. */
  #arms(arm: (number: number) => string): string {
    return this.#keys()
      .map(({ number }) => arm(number))
      .join('\n   UNION ALL\n  ');
  }

  #operatorCard(): string {
    return `-- the keys of every operator row as text, trimmed and lower-cased
operator_card AS ${this.#sql.inlined}(
  SELECT o.${this.#operatorKey} AS operator, ${this.#link} AS link,
         CASE ${this.#outside()} END AS outside${this.#keyColumns('o')}
    FROM ${this.#operatorTable} AS o${this.#letters})`;
  }

  #personCard(): string {
    const sql = this.#sql;
    const unsure = this.#keys().map(
      ({ person, number }) =>
        `,\n         ${sql.asNumber(sql.unsure(`p.${sql.identifier(person)}`))} AS unsure_${number}`,
    );
    return `-- the keys of every person
person_card AS ${sql.inlined}(
  SELECT p.${this.#personKey} AS person, ${this.#generated()} AS generated, ${this.#keyless('p')} AS keyless${this.#keyColumns('p')}${unsure.join('')}
    FROM ${this.#personTable} AS p${this.#letters})`;
  }

  /** raw_N: what the column holds; key_N: how it is compared, ignored values still among them. */
  #keyColumns(alias: 'o' | 'p'): string {
    const sql = this.#sql;
    return this.#keys()
      .map(({ number, operator, person }) => {
        const value = `${alias}.${sql.identifier(alias === 'o' ? operator : person)}`;
        return `,
         ${value} AS raw_${number},
         CASE WHEN ${this.#keyless(alias)} THEN NULL ELSE ${sql.normalized(value)} END AS key_${number}`;
      })
      .join('');
  }

  /** What an anonymized card holds is no key, nor are those of archived persons where the policy says so. */
  #keyless(alias: 'o' | 'p'): string {
    const { operators, persons, policies } = this.#layout.configuration;
    if (alias === 'o') return flagSql(this.#sql, 'o', operators.anonymized);
    const ignored =
      policies.archivedPersons === 'ignore' ? ` OR ${flagSql(this.#sql, 'p', persons.archived)}` : '';
    return `(${flagSql(this.#sql, 'p', persons.anonymized)}${ignored})`;
  }

  #outside(): string {
    const { operators } = this.#layout.configuration;
    const sql = this.#sql;
    const rows = operators.rows === undefined ? 'TRUE' : conditionSql(sql, 'o', operators.rows);
    return `WHEN NOT ${rows} THEN 'not-an-operator'
              WHEN ${flagSql(sql, 'o', operators.apiAccount)} THEN 'api-account'
              WHEN ${flagSql(sql, 'o', operators.excluded)} THEN 'excluded'`;
  }

  /** A generated card: no access to the SSP, and no caller. */
  #generated(): string {
    const sql = this.#sql;
    const { ssp, caller } = this.#layout.configuration.persons;
    const flags = [ssp, caller].map((flag) =>
      this.#layout.persons.columns.has(flag.column)
        ? conditionSql(sql, 'p', { column: flag.column, is: flag.denied })
        : 'FALSE',
    );
    return flags.join(' AND ');
  }

  #brokenOperator(): string {
    return `-- operators that are linked to a person that does not exist
broken_operator AS ${this.#sql.materialized}(
  SELECT o.* FROM operator_card AS o LEFT JOIN ${this.#personTable} AS p ON p.${this.#personKey} = o.link
   WHERE o.link IS NOT NULL AND p.${this.#personKey} IS NULL)`;
  }

  #broken(): string {
    return `broken AS (
  SELECT DISTINCT link FROM broken_operator)`;
  }

  #taken(): string {
    return `-- persons that any operator row whatsoever is linked to
taken AS (
  SELECT DISTINCT ${this.#link} AS person FROM ${this.#operatorTable} AS o WHERE ${this.#link} IS NOT NULL)`;
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
    return this.#keys().map(
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
            ${this.#cards(number, operator, `, NULL, p.person, 0, p.unsure_${number}`)}) AS c) AS c) AS c
   WHERE alike > 1 AND value NOT IN (${this.#ignored().join(', ')})
  WINDOW same AS (PARTITION BY value)`;
  }

  #value(number: number): string {
    const ignored = this.#ignored().map(this.#sql.fingerprint);
    return `SELECT value, SUM(is_operator) AS operators, SUM(is_contender) AS contenders
    FROM (${this.#cards(number)}) AS card
   GROUP BY value
  HAVING COUNT(value) > 1 AND SUM(is_operator) > 0 AND value NOT IN (${ignored.join(', ')})`;
  }

  /** All cards with a value, those of groups and API accounts left out; linked operators do not contend. */
  #cards(number: number, ofOperator = '', ofPerson = ''): string {
    const { fingerprint, asNumber } = this.#sql;
    const counts = `COALESCE(o.outside, 'excluded') = 'excluded'`;
    return `SELECT CASE WHEN ${counts} THEN ${fingerprint(`o.key_${number}`)} END AS value, 1 AS is_operator,
                   ${asNumber('o.outside IS NULL AND o.link IS NULL')} AS is_contender${ofOperator}
              FROM operator_card AS o WHERE o.raw_${number} IS NOT NULL
             UNION ALL
            SELECT ${fingerprint(`p.key_${number}`)}, 0, 0${ofPerson} FROM person_card AS p WHERE p.raw_${number} IS NOT NULL`;
  }

  #ignored(): string[] {
    return ['', ...this.#layout.configuration.match.ignoreValues].map(this.#sql.literal);
  }

  #brokenValue(): string {
    const { fingerprint } = this.#sql;
    return `-- a broken link contends, too
broken_value AS (
  SELECT key_number, value, COUNT(*) AS contenders
    FROM (
  ${this.#arms(
    (number) =>
      `SELECT ${number} AS key_number, ${fingerprint(`b.key_${number}`)} AS value FROM broken_operator AS b WHERE b.outside IS NULL`,
  )}) AS b
   GROUP BY key_number, value)`;
  }

  #member(): string {
    const found =
      this.#sql.materialized === ''
        ? this.#arms(
            (
              number,
            ) => `SELECT p.person, ${number} AS key_number, v.value, v.contenders, p.unsure_${number} AS unsure
    FROM person_card AS p JOIN value_${number} AS v ON v.value = ${this.#sql.fingerprint(`p.key_${number}`)}`,
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
    FROM operator_card AS o JOIN value_${number} AS v ON v.value = ${this.#sql.fingerprint(`o.key_${number}`)}
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
    const powers = this.#keys().map(({ number }) => `WHEN ${number} THEN ${2 ** (number - 1)}`);
    return `-- all that was found about an operator, in one row
summary AS (
  SELECT h.operator, ${sql.materialized === '' ? `${sql.digest('h.operator')} AS digest, ` : ''}COUNT(c.persons) AS hits, MAX(c.persons) AS persons, MAX(h.operators) AS operators,
         MIN(c.person) AS first_person, MAX(c.person) AS last_person, MAX(c.free) AS free,
         MAX(c.contention) AS contention, MAX(c.unsure) AS unsure,
         SUM(CASE WHEN c.persons IS NULL THEN 0 ELSE CASE h.key_number ${powers.join(' ')} END END) AS shared${this.#withEvidence ? `,\n         ${sql.joinJson(evidence, 'h.key_number')} AS evidence` : ''}
    FROM hit AS h LEFT JOIN crowd AS c ON c.key_number = h.key_number AND c.value = h.value
   GROUP BY h.operator)`;
  }

  /** Both have a value in a key, and it is not the same: bits of both sides that are not among the shared. */
  #differing(): string {
    const operator = this.#filled(
      this.#keyless('o'),
      this.#keys().map((key) => `o.${this.#sql.identifier(key.operator)}`),
    );
    // Not p.key_N: PostgreSQL would compute the keys of all persons before it joins a few of them.
    const person = this.#filled(
      'p.keyless',
      this.#keys().map(({ number }) => `p.raw_${number}`),
    );
    return `((${operator})
           & (${person})) - s.shared`;
  }

  /** One bit for each key that has a value. */
  #filled(keyless: string, values: readonly string[]): string {
    const ignored = this.#ignored().join(', ');
    const bits = values.map(
      (value, index) =>
        `CASE WHEN COALESCE(${this.#sql.normalized(value)} IN (${ignored}), TRUE) THEN 0 ELSE ${2 ** index} END`,
    );
    return `CASE WHEN ${keyless} THEN 0 ELSE ${bits.join('\n           + ')} END`;
  }

  /** The simple form of CASE looks the reason up once: servers repeat the expression for each name. */
  consequences(alias: string): string {
    const { policies } = this.#layout.configuration;
    const cases = (of: 'decision' | 'action') =>
      Object.keys(REASONS)
        .map((reason) => `WHEN '${reason}' THEN '${consequenceOf(reason as Reason, policies)[of]}'`)
        .join(' ');
    return `CASE ${alias}.reason ${cases('decision')} END AS decision,
       CASE ${alias}.reason ${cases('action')} END AS action`;
  }

  judged(more: readonly string[]): string {
    const sql = this.#sql;
    const name = this.#layout.configuration.operators.name.map(
      (column) => `NULLIF(${sql.text(`o.${sql.identifier(column)}`)}, '')`,
    );
    const columns = [
      `CASE WHEN ${this.#link} IS NOT NULL
            THEN CASE WHEN b.link IS NULL AND CASE ${this.#outside()} END IS NULL THEN ${sql.text(this.#link)} END
            WHEN ${ONLY_CANDIDATE} AND NOT ${this.#unsure()} THEN s.first_person END AS person`,
      's.evidence',
      `${this.#detail()} AS detail`,
      `${this.#misfit()} AS misfit`,
      `CONCAT_WS(' ', ${name.join(', ')}) AS name`,
      ...more,
    ];
    return `SELECT o.${this.#operatorKey} AS operator, ${this.#reason()} AS reason,
       CASE WHEN ${this.#link} IS NOT NULL AND p.generated AND s.free > 0 THEN 'possible-duplicate' END AS finding${this.#withEvidence ? columns.map((column) => `,\n       ${column}`).join('') : ''}
  FROM ${this.#operatorTable} AS o${this.#letters}
  LEFT JOIN broken AS b ON b.link = ${this.#link}
  LEFT JOIN summary AS s ON ${this.#sameOperator()}
  -- the person it is linked to, or else the only candidate
  LEFT JOIN person_card AS p
    ON p.person = COALESCE(${this.#link}, ${sql.asKey(`CASE WHEN ${ONLY_CANDIDATE} THEN s.first_person END`, this.#layout.personKey)})${sql.evaluatedOnce}`;
  }

  /** MariaDB searches a table of its own with texts in it by a number ten times as fast as by a text. */
  #sameOperator(): string {
    const sql = this.#sql;
    const key = `o.${this.#operatorKey}`;
    if (sql.materialized !== '') return `s.operator = ${key}`;
    const text = (operator: string) => sql.keyOrder(operator, this.#layout.operatorKey);
    return `s.digest = ${sql.digest(key)} AND ${text('s.operator')} = ${text(key)}`;
  }

  #reason(): string {
    const { policies, operators } = this.#layout.configuration;
    const sql = this.#sql;
    const skip = (policy: 'archivedOperators' | 'anonymizedOperators', reason: 'archived' | 'anonymized') =>
      policies[policy] === 'skip' ? `WHEN ${flagSql(sql, 'o', operators[reason])} THEN '${reason}'` : '';
    const cases = [
      this.#outside(),
      `WHEN b.link IS NOT NULL THEN 'broken-link'`,
      `WHEN ${this.#link} IS NOT NULL THEN 'linked'`,
      skip('archivedOperators', 'archived'),
      skip('anonymizedOperators', 'anonymized'),
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

  /** An anonymized operator has no keys, hence no unsure ones. */
  #unsure(): string {
    const sql = this.#sql;
    const own = this.#keys().map(({ operator }) => sql.text(`o.${sql.identifier(operator)}`));
    return `COALESCE(NOT ${this.#keyless('o')} AND (s.unsure = 1 OR ${sql.unsure(`CONCAT_WS(' ', ${own.join(', ')})`)}), FALSE)`;
  }

  #misfit(): string {
    return misfitSql(this.#sql, this.#layout, 'o');
  }

  /** What a reader needs to see of two cards that differ: the keys of both, and where they differ. */
  #detail(): string {
    const sql = this.#sql;
    const operator = this.#keys().map((key) => sql.text(`o.${sql.identifier(key.operator)}`));
    const person = this.#keys().map(({ number }) => sql.text(`p.raw_${number}`));
    return `CASE WHEN b.link IS NOT NULL THEN ${sql.jsonArray([sql.text(this.#link)])}
            WHEN ${this.#link} IS NULL AND ${ONLY_CANDIDATE} AND ${this.#differing()} > 0
            THEN ${sql.jsonArray([this.#differing(), ...operator, ...person])} END`;
  }
}
