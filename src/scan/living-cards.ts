import type { Layout } from '../config/layout.js';
import type { Dialect } from '../database/dialect.js';
import { conditionSql, flagSql } from '../plan/expressions.js';

/** Holds for a human operator `o` with values of its own: replaced ones say nothing about anybody. */
export function humanOperatorSql(sql: Dialect, { configuration }: Layout): string {
  const { rows, apiAccount, excluded, anonymized } = configuration.operators;
  const flags = [apiAccount, excluded, anonymized].map((flag) => `NOT ${flagSql(sql, 'o', flag)}`);
  return [rows === undefined ? 'TRUE' : conditionSql(sql, 'o', rows), ...flags].join(' AND ');
}

/** The same of a person `p`, as far as the policy lets it be a candidate. */
export function candidatePersonSql(sql: Dialect, { configuration }: Layout): string {
  const { persons, policies } = configuration;
  const archived = policies.archivedPersons === 'ignore' ? persons.archived : undefined;
  return [persons.anonymized, archived].map((flag) => `NOT ${flagSql(sql, 'p', flag)}`).join(' AND ');
}
