import type { Dialect } from '../database/dialect.js';
import type { Column } from '../database/schema.js';

/** Texts are compared byte by byte: most collations would take "Anna" for "anna" and "a " for "a". */
export function sameValueSql(
  sql: Dialect,
  target: Column | undefined,
  actual: string,
  expected: string,
): string {
  if (target?.family === 'text') {
    const exact = /^char(acter)?\(/.test(target.type)
      ? (value: string) => `RTRIM(${sql.text(value)})` // padded with blanks
      : (value: string) => sql.text(value);
    return sql.same(sql.keyOrder(exact(actual), target), sql.keyOrder(exact(expected), target));
  }
  return sql.same(actual, expected);
}
