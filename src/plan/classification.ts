import type { Layout } from '../config/layout.js';
import type { Dialect } from '../database/dialect.js';
import { MAX_CANDIDATES } from '../model/decision.js';
import { conditionSql, flagSql, linkSql, misfitSql } from './expressions.js';

/**
 * The one classification (DESIGN §2): a query with one row per operator row, and the columns of `ClassifiedRow`.
 *
 * Each side is grouped by the value of a key *before* the sides meet: joining the rows themselves would pair
 * every card that holds a junk value with every other. What no second card holds is dropped there, so that all
 * that follows is about the few values that several cards share.
 */
export function classificationSql(layout: Layout, sql: Dialect, more: readonly string[] = []): string {
  const parts = new Classification(layout, sql);
  return `WITH ${parts.ctes().join(',\n')}\n${parts.decisions(more)}`;
}

/** The tally of all decisions, counted by the server. */
export function tallySql(layout: Layout, sql: Dialect): string {
  const parts = new Classification(layout, sql);
  return `WITH ${parts.ctes().join(',\n')}
SELECT decision, action, reason, finding, ${sql.text('COUNT(*)')} AS operators
  FROM (
${parts.decisions([])}
) AS classified
 GROUP BY decision, action, reason, finding`;
}

class Classification {
  readonly #layout: Layout;
  readonly #sql: Dialect;
  readonly #operatorTable: string;
  readonly #personTable: string;
  readonly #operatorKey: string;
  readonly #personKey: string;
  readonly #link: string;
  readonly #letters: string;

  constructor(layout: Layout, sql: Dialect) {
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
      this.#broken(),
      this.#taken(),
      this.#operatorText(),
      this.#operatorCard(),
      this.#personText(),
      this.#personCard(),
      ...this.#keys().map(({ number }) => this.#value(number)),
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

  #broken(): string {
    return `-- links to a person that does not exist
broken AS (
  SELECT DISTINCT ${this.#link} AS link FROM ${this.#operatorTable} AS o
    LEFT JOIN ${this.#personTable} AS p ON p.${this.#personKey} = ${this.#link}
   WHERE ${this.#link} IS NOT NULL AND p.${this.#personKey} IS NULL)`;
  }

  #taken(): string {
    return `-- persons that any operator row whatsoever is linked to
taken AS (
  SELECT DISTINCT ${this.#link} AS person FROM ${this.#operatorTable} AS o WHERE ${this.#link} IS NOT NULL)`;
  }

  #outside(): string {
    const { operators } = this.#layout.configuration;
    const sql = this.#sql;
    const rows = operators.rows === undefined ? 'TRUE' : conditionSql(sql, 'o', operators.rows);
    return `CASE WHEN NOT ${rows} THEN 'not-an-operator'
              WHEN ${flagSql(sql, 'o', operators.apiAccount)} THEN 'api-account'
              WHEN ${flagSql(sql, 'o', operators.excluded)} THEN 'excluded' END`;
  }

  #operatorText(): string {
    const sql = this.#sql;
    const columns = this.#keys().map(
      ({ number, operator }) =>
        `,\n         ${sql.normalized(`o.${sql.identifier(operator)}`)} AS text_${number}`,
    );
    return `-- the keys of every operator row as text, trimmed and lower-cased
operator_text AS ${sql.inlined}(
  SELECT o.${this.#operatorKey} AS operator, ${this.#link} AS link,
         ${flagSql(sql, 'o', this.#layout.configuration.operators.anonymized)} AS anonymized,
         ${this.#outside()} AS outside${columns.join('')}
    FROM ${this.#operatorTable} AS o${this.#letters})`;
  }

  #operatorCard(): string {
    return `-- the same without empty and ignored values; who still looks for a person contends for it
operator_card AS ${this.#sql.inlined}(
  SELECT t.operator, t.outside, ${this.#sql.asNumber(`t.outside IS NULL AND (t.link IS NULL OR b.link IS NOT NULL)`)} AS contender${this.#valuesOf('t')}
    FROM operator_text AS t LEFT JOIN broken AS b ON b.link = t.link)`;
  }

  #personText(): string {
    const sql = this.#sql;
    const { persons, policies } = this.#layout.configuration;
    const ignored = policies.archivedPersons === 'ignore' ? ` OR ${flagSql(sql, 'p', persons.archived)}` : '';
    const columns = this.#keys().map(({ number, person }) => {
      const value = `p.${sql.identifier(person)}`;
      return `,\n         ${sql.normalized(value)} AS text_${number}, ${sql.asNumber(sql.unsure(value))} AS unsure_${number}, ${value} AS raw_${number}`;
    });
    return `-- the keys of every person
person_text AS ${sql.inlined}(
  SELECT p.${this.#personKey} AS person, ${this.#generated()} AS generated,
         ${flagSql(sql, 'p', persons.anonymized)}${ignored} AS anonymized${columns.join('')}
    FROM ${this.#personTable} AS p${this.#letters})`;
  }

  #personCard(): string {
    const kept = this.#keys()
      .map(({ number }) => `, t.unsure_${number}, t.raw_${number}`)
      .join('');
    return `person_card AS ${this.#sql.inlined}(
  SELECT t.person, t.generated${kept}${this.#valuesOf('t')}
    FROM person_text AS t)`;
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

  /** key_N: the text where it counts as a key; filled: one bit for each key that has a value. */
  #valuesOf(alias: string): string {
    const ignored = ['', ...this.#layout.configuration.match.ignoreValues].map((value) =>
      this.#sql.literal(value),
    );
    const empty = (number: number) =>
      `${alias}.anonymized OR ${alias}.text_${number} IN (${ignored.join(', ')})`;
    const keys = this.#keys().map(
      ({ number }) =>
        `,\n         CASE WHEN ${empty(number)} THEN NULL ELSE ${alias}.text_${number} END AS key_${number}`,
    );
    const bits = this.#keys().map(
      ({ number }) =>
        `CASE WHEN ${empty(number)} OR ${alias}.text_${number} IS NULL THEN 0 ELSE ${2 ** (number - 1)} END`,
    );
    return `${keys.join('')},\n         ${bits.join(' + ')} AS filled`;
  }

  #value(number: number): string {
    const value = (alias: string) => this.#sql.fingerprint(`${alias}.key_${number}`);
    return `-- values of the key "${this.#keys()[number - 1]?.name}" that concern more than one card
value_${number} AS ${this.#sql.materialized}(
  SELECT value, SUM(operator) AS operators, SUM(contender) AS contenders, SUM(person) AS persons
    FROM (SELECT ${value('o')} AS value, 1 AS operator, o.contender, 0 AS person
            FROM operator_card AS o WHERE o.outside IS NULL OR o.outside = 'excluded'
           UNION ALL
          SELECT ${value('p')}, 0, 0, 1 FROM person_card AS p) AS card
   WHERE value IS NOT NULL
   GROUP BY value
  HAVING SUM(operator) > 0 AND COUNT(*) > 1)`;
  }

  #member(): string {
    const arms = this.#keys().map(
      ({
        number,
      }) => `SELECT p.person, ${number} AS key_number, v.value, v.contenders, p.unsure_${number} AS unsure
    FROM person_card AS p JOIN value_${number} AS v ON v.value = ${this.#sql.fingerprint(`p.key_${number}`)}`,
    );
    return `-- persons that hold such a value
member AS (
  ${arms.join('\n   UNION ALL\n  ')})`;
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
    return `-- who holds a value: how many, how many of them free, and the first of them
crowd AS (
  SELECT m.key_number, m.value, COUNT(*) AS persons, MIN(m.person_text) AS person, MAX(m.unsure) AS unsure,
         SUM(${sql.asNumber('t.person IS NULL')}) AS free, MIN(m.contention) AS contention,
         CASE WHEN COUNT(*) > 1 THEN ${sql.joinJson(first, 'm.place')} END AS people
    FROM ranked_member AS m LEFT JOIN taken AS t ON t.person = m.person
   GROUP BY m.key_number, m.value)`;
  }

  #hit(): string {
    const arms = this.#keys().map(
      ({
        number,
      }) => `SELECT o.operator, ${number} AS key_number, v.value, v.operators, o.filled, o.key_${number} AS text
    FROM operator_card AS o JOIN value_${number} AS v ON v.value = ${this.#sql.fingerprint(`o.key_${number}`)}
   WHERE o.outside IS NULL`,
    );
    return `-- human operators that hold such a value
hit AS (
  ${arms.join('\n   UNION ALL\n  ')})`;
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
  SELECT h.operator, COUNT(c.persons) AS hits, MAX(c.persons) AS persons, MAX(h.operators) AS operators,
         MIN(c.person) AS first_person, MAX(c.person) AS last_person, MAX(c.free) AS free,
         MAX(c.contention) AS contention, MAX(c.unsure) AS unsure, MAX(h.filled) AS filled,
         SUM(CASE WHEN c.persons IS NULL THEN 0 ELSE CASE h.key_number ${powers.join(' ')} END END) AS shared,
         ${sql.joinJson(evidence, 'h.key_number')} AS evidence
    FROM hit AS h LEFT JOIN crowd AS c ON c.key_number = h.key_number AND c.value = h.value
   GROUP BY h.operator)`;
  }

  decisions(more: readonly string[]): string {
    const sql = this.#sql;
    const { configuration } = this.#layout;
    const { policies } = configuration;
    const name = configuration.operators.name.map(
      (column) => `NULLIF(${sql.text(`o.${sql.identifier(column)}`)}, '')`,
    );
    return `SELECT j.*,
       CASE WHEN j.reason IN ('not-an-operator', 'api-account', 'excluded', 'archived', 'anonymized') THEN 'skip'
            WHEN j.reason = 'no-candidate' THEN 'create'
            WHEN j.reason IN ('linked', 'match') THEN j.reason
            ELSE 'review' END AS decision,
       CASE WHEN j.reason = 'no-candidate' THEN 'create'
            WHEN j.reason = 'match' THEN ${sql.literal(policies.onMatch === 'review' ? 'none' : policies.onMatch)}
            ELSE 'none' END AS action
  FROM (
SELECT o.${this.#operatorKey} AS operator, ${this.#reason()} AS reason,
       CASE WHEN g.generated AND s.free > 0 THEN 'possible-duplicate' END AS finding,
       CASE WHEN ${this.#outside()} IS NOT NULL OR b.link IS NOT NULL THEN NULL
            WHEN ${this.#link} IS NOT NULL THEN ${sql.text(this.#link)}
            WHEN ${this.#unsure()} THEN NULL
            WHEN s.persons = 1 AND s.first_person = s.last_person THEN s.first_person END AS person,
       s.evidence, ${this.#detail()} AS detail, ${this.#misfit()} AS misfit,
       CONCAT_WS(' ', ${name.join(', ')}) AS name${more.map((column) => `,\n       ${column}`).join('')}
  FROM ${this.#operatorTable} AS o
  LEFT JOIN broken AS b ON b.link = ${this.#link}
  LEFT JOIN summary AS s ON s.operator = o.${this.#operatorKey}
  LEFT JOIN person_card AS g ON g.person = ${this.#link}
  LEFT JOIN person_card AS p ON p.person = ${sql.asKey('CASE WHEN s.persons = 1 AND s.first_person = s.last_person THEN s.first_person END', this.#layout.personKey)}
) AS j`;
  }

  #reason(): string {
    const { policies, operators } = this.#layout.configuration;
    const sql = this.#sql;
    const skip = (policy: 'archivedOperators' | 'anonymizedOperators', reason: 'archived' | 'anonymized') =>
      policies[policy] === 'skip' ? `WHEN ${flagSql(sql, 'o', operators[reason])} THEN '${reason}'` : '';
    const cases = [
      `WHEN ${this.#outside()} IS NOT NULL THEN ${this.#outside()}`,
      `WHEN b.link IS NOT NULL THEN 'broken-link'`,
      `WHEN ${this.#link} IS NOT NULL THEN 'linked'`,
      skip('archivedOperators', 'archived'),
      skip('anonymizedOperators', 'anonymized'),
      `WHEN ${this.#unsure()} THEN 'unsure-key'`,
      `WHEN s.persons > 1 THEN 'ambiguous'`,
      `WHEN s.first_person <> s.last_person THEN 'conflict'`,
      `WHEN s.persons = 1 AND s.free = 0 THEN 'taken'`,
      policies.onContradiction === 'review'
        ? `WHEN s.persons = 1 AND ${this.#contradicts()} THEN 'contradiction'`
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

  /** Both have a value in a key, and it is not the same: bits of both sides that are not among the shared. */
  #contradicts(): string {
    return '(s.filled & p.filled) <> (s.shared & p.filled)';
  }

  /** An anonymized operator has no keys, hence no unsure ones. */
  #unsure(): string {
    const sql = this.#sql;
    const own = this.#keys().map(({ operator }) => sql.unsure(`o.${sql.identifier(operator)}`));
    const anonymized = flagSql(sql, 'o', this.#layout.configuration.operators.anonymized);
    return `COALESCE(NOT ${anonymized} AND (s.unsure = 1 OR ${own.join(' OR ')}), FALSE)`;
  }

  #misfit(): string {
    return misfitSql(this.#sql, this.#layout, 'o');
  }

  /** What a reader needs to see of two cards that differ: the keys of both, and where they differ. */
  #detail(): string {
    const sql = this.#sql;
    const operator = this.#keys().map((key) => sql.text(`o.${sql.identifier(key.operator)}`));
    const person = this.#keys().map(({ number }) => sql.text(`p.raw_${number}`));
    return `CASE WHEN b.link IS NOT NULL THEN ${sql.jsonArray([sql.text('b.link')])}
            WHEN s.persons = 1 AND ${this.#contradicts()}
            THEN ${sql.jsonArray(['(s.filled & p.filled) - (s.shared & p.filled)', ...operator, ...person])} END`;
  }
}
