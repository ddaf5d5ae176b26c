import type { Layout } from '../config/layout.js';
import type { Dialect } from '../database/dialect.js';
import { conditionSql, flagSql, ownOf } from '../plan/values.js';

/** Holds for a human operator `o` with values of its own: replaced ones say nothing about anybody. */
export function humanOperatorSql(sql: Dialect, { operator }: Layout): string {
  const { rows, apiAccount, excluded, anonymized } = operator;
  const own = ownOf(sql, 'o');
  const flags = [apiAccount, excluded, anonymized].map((flag) => `NOT ${flagSql(sql, own, flag)}`);
  return [rows === undefined ? 'TRUE' : conditionSql(sql, own, rows), ...flags].join(' AND ');
}

/** The same of a person `p`, as far as the policy lets it be a candidate. */
export function candidatePersonSql(sql: Dialect, { configuration, person }: Layout): string {
  const archived = configuration.policies.archivedPersons === 'ignore' ? person.archived : undefined;
  const own = ownOf(sql, 'p');
  return [person.anonymized, archived].map((flag) => `NOT ${flagSql(sql, own, flag)}`).join(' AND ');
}
