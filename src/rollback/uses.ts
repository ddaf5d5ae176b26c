import type { Layout } from '../config/layout.js';
import { isSameTable, labelOf, type Reference } from '../config/references.js';
import type { Dialect } from '../database/dialect.js';

/**
 * What refers to the card of the change `c`, the person `p`, as one text; NULL for nothing. Counted reference by
 * reference, each by its index, where there is one.
 */
export function usesSql(sql: Dialect, layout: Layout, references: readonly Reference[]): string {
  const counts = references.map((reference) => {
    const label = sql.literal(`${labelOf(reference, layout)} (`);
    const rows = `CASE COUNT(*) WHEN 1 THEN ' row)' ELSE ' rows)' END`;
    return `(SELECT CONCAT(${label}, COUNT(*), ${rows})
                 FROM ${sql.table(reference.table)} AS r
                WHERE ${refersSql(sql, layout, reference)}
               HAVING COUNT(*) > 0)`;
  });
  return counts.length === 0 ? 'NULL' : `NULLIF(CONCAT_WS(', ', ${counts.join(',\n               ')}), '')`;
}

function refersSql(sql: Dialect, layout: Layout, { table, columns }: Reference): string {
  const { operators, persons } = layout.configuration;
  const pairs = columns.map((each) => {
    const own = `r.${sql.identifier(each.own)}`;
    if ('target' in each) return `${own} = p.${sql.identifier(each.target)}`;
    if (!('holds' in each)) return `${own} = ${sql.asKey('c.person', each.column)}`;
    const held = `p.${sql.identifier(each.holds.name)}`;
    const isHeld = each.holds.family === 'text' ? ` AND ${held} <> ''` : '';
    return `${sql.joined({ expression: own, column: each.column }, { expression: held, column: each.holds })}${isHeld}`;
  });
  // The link of the operator at hand is what is taken back, and a card may refer to itself.
  const isLink = columns.some(({ own }) => own === operators.link);
  if (isSameTable(table, layout.operators.name) && isLink)
    pairs.push(`r.${sql.identifier(operators.key)} <> ${sql.asKey('c.operator', layout.operatorKey)}`);
  if (isSameTable(table, layout.persons.name))
    pairs.push(`r.${sql.identifier(persons.key)} <> p.${sql.identifier(persons.key)}`);
  return pairs.join(' AND ');
}
