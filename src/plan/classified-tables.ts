import type { Layout } from '../config/layout.js';
import type { Dialect } from '../database/dialect.js';
import type { Decided } from './decided.js';
import { conditionSql, flagSql, linkSql } from './expressions.js';

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

  keys() {
    return this.layout.configuration.match.keys.map((key, index) => ({ ...key, number: index + 1 }));
  }

  /** What an anonymized card holds is no key, nor are those of archived persons where the policy says so. */
  keyless(alias: 'o' | 'p'): string {
    const { operators, persons, policies } = this.layout.configuration;
    if (alias === 'o') return flagSql(this.sql, 'o', operators.anonymized);
    const ignored =
      policies.archivedPersons === 'ignore' ? ` OR ${flagSql(this.sql, 'p', persons.archived)}` : '';
    return `(${flagSql(this.sql, 'p', persons.anonymized)}${ignored})`;
  }

  outside(): string {
    const { operators } = this.layout.configuration;
    const sql = this.sql;
    const rows = operators.rows === undefined ? 'TRUE' : conditionSql(sql, 'o', operators.rows);
    return `WHEN NOT ${rows} THEN 'not-an-operator'
              WHEN ${flagSql(sql, 'o', operators.apiAccount)} THEN 'api-account'
              WHEN ${flagSql(sql, 'o', operators.excluded)} THEN 'excluded'`;
  }

  /** Where the policies skip archived and anonymized operators. */
  skipped(): string {
    const { policies, operators } = this.layout.configuration;
    const skip = (policy: 'archivedOperators' | 'anonymizedOperators', reason: 'archived' | 'anonymized') =>
      policies[policy] === 'skip'
        ? [`WHEN ${flagSql(this.sql, 'o', operators[reason])} THEN '${reason}'`]
        : [];
    return [...skip('archivedOperators', 'archived'), ...skip('anonymizedOperators', 'anonymized')].join(
      '\n       ',
    );
  }

  ignored(): string[] {
    return ['', ...this.layout.configuration.match.ignoreValues].map(this.sql.literal);
  }
}
