import type { Layout } from '../config/layout.js';
import type { Dialect } from '../database/dialect.js';
import { consequenceOf, REASONS, type Reason } from '../model/decision.js';
import { CardRules } from './card-rules.js';
import type { Columns, Verdict } from './verdict.js';

/**
 * The verdicts, once it is known who gets a card: two new cards that a unique index allows only once do not fit.
 * Nobody can say whose the value is, hence neither gets one.
 */
export function settledSql(verdict: Verdict, layout: Layout, sql: Dialect, more: Columns = {}): string {
  const unique = new CardRules(layout, sql).uniqueValues();
  if (unique.length === 0) return verdict.select(more);
  const named = unique.map(({ values, ...rule }, number) => ({
    ...rule,
    shown: { [`value_${number}`]: rule.blamed.value },
    values: Object.fromEntries(values.map((value, index) => [`unique_${number}_${index}`, value])),
  }));
  const created = createdSql(layout, 'j', verdict.columns({}).includes('word'));
  const twins = named.map(({ values, shown, blamed, problem }) => {
    const names = Object.keys(values).map((name) => `j.${name}`);
    const isFilled = names.map((name) => `${name} IS NOT NULL`).join(' AND ');
    const misfit = [sql.literal(blamed.column), sql.text(`j.${Object.keys(shown)[0]}`), sql.literal(problem)];
    return `WHEN ${created} AND ${isFilled} AND COUNT(*) OVER (PARTITION BY ${created}, ${names.join(', ')}) > 1
             THEN ${sql.jsonArray(misfit)}`;
  });
  const columns = verdict.columns(more).map((name) => {
    if (name === 'reason')
      return `CASE WHEN t.twin IS NOT NULL THEN 'does-not-fit' ELSE t.reason END AS reason`;
    return name === 'misfit' ? 'COALESCE(t.misfit, t.twin) AS misfit' : `t.${name}`;
  });
  return `SELECT ${columns.join(', ')}
  FROM (
SELECT j.*, CASE ${twins.join('\n            ')} END AS twin
  FROM (
${verdict.select({ ...more, ...Object.assign({}, ...named.map(({ values, shown }) => ({ ...values, ...shown }))) })}
) AS j
) AS t`;
}

function createdSql({ configuration: { policies } }: Layout, alias: string, isDecided: boolean): string {
  const reasons = (Object.keys(REASONS) as Reason[]).filter(
    (reason) => consequenceOf(reason, policies).action === 'create',
  );
  const isCreated = `${alias}.reason IN (${reasons.map((reason) => `'${reason}'`).join(', ')})`;
  return isDecided ? `(${isCreated} OR ${alias}.word = 'create' AND ${alias}.reason = 'decided')` : isCreated;
}
