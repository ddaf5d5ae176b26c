import type { CheckedCondition, CheckedKey } from '../config/checked.js';
import type { Layout } from '../config/layout.js';
import type { Dialect } from '../database/dialect.js';
import type { Decided } from './decided.js';
import { linkSql } from './expressions.js';
import { conditionSql, flagSql, ownOf } from './values.js';

/** The two tables in SQL, as every part of the classification names them: the operator row `o`, the person row `p`. */
export class ClassifiedTables {
  readonly layout: Layout;
  readonly sql: Dialect;
  readonly operatorTable: string;
  readonly personTable: string;
  readonly operatorKey: string;
  readonly personKey: string;
  readonly link: string;
  readonly letters: string;
  /** Undefined where nobody has decided anything. */
  readonly decided: Decided | undefined;

  constructor(layout: Layout, sql: Dialect, decided: Decided | undefined) {
    this.layout = layout;
    this.sql = sql;
    this.decided = decided;
    this.operatorTable = sql.table(layout.operators.name);
    this.personTable = sql.table(layout.persons.name);
    this.operatorKey = sql.identifier(layout.configuration.operators.key);
    this.personKey = sql.identifier(layout.configuration.persons.key);
    this.link = linkSql(sql, layout, 'o');
    this.letters = sql.letters === undefined ? '' : ' CROSS JOIN letter AS l';
  }

  keys(): readonly CheckedKey[] {
    return this.layout.keys;
  }

  /** What an anonymized card holds is no key, nor are those of archived persons where the policy says so. */
  keyless(alias: 'o' | 'p'): string {
    const { operator, person, configuration } = this.layout;
    const flag = (condition: CheckedCondition | undefined) =>
      flagSql(this.sql, ownOf(this.sql, alias), condition);
    if (alias === 'o') return flag(operator.anonymized);
    const ignored = configuration.policies.archivedPersons === 'ignore' ? ` OR ${flag(person.archived)}` : '';
    return `(${flag(person.anonymized)}${ignored})`;
  }

  outside(): string {
    const { operator } = this.layout;
    const sql = this.sql;
    const own = ownOf(sql, 'o');
    const rows = operator.rows === undefined ? 'TRUE' : conditionSql(sql, own, operator.rows);
    return `WHEN NOT ${rows} THEN 'not-an-operator'
              WHEN ${flagSql(sql, own, operator.apiAccount)} THEN 'api-account'
              WHEN ${flagSql(sql, own, operator.excluded)} THEN 'excluded'`;
  }

  /** Where the policies skip archived and anonymized operators. */
  skipped(): string {
    const { policies } = this.layout.configuration;
    const skip = (policy: 'archivedOperators' | 'anonymizedOperators', reason: 'archived' | 'anonymized') =>
      policies[policy] === 'skip'
        ? [`WHEN ${flagSql(this.sql, ownOf(this.sql, 'o'), this.layout.operator[reason])} THEN '${reason}'`]
        : [];
    return [...skip('archivedOperators', 'archived'), ...skip('anonymizedOperators', 'anonymized')].join(
      '\n       ',
    );
  }

  ignored(): string[] {
    return ['', ...this.layout.configuration.match.ignoreValues].map(this.sql.literal);
  }
}
