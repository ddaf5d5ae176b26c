import type { CardField, CheckedFlag } from '../config/checked.js';
import { isCredential, isSspLogin } from '../config/credentials.js';
import type { Layout } from '../config/layout.js';
import type { Dialect } from '../database/dialect.js';
import { shownSql } from '../plan/card-values.js';
import { conditionSql, deniedSql, ownOf } from '../plan/values.js';

/** A field of a person that a closer look shows. */
export interface CardFieldNow {
  readonly name: string;
  /** A value may be personal; neither true and false are, nor `granted` and `denied`. */
  readonly holds: 'value' | 'truth' | 'grant';
}

/** They, in the order of the values that `cardSql` gives. */
export function cardFieldsNow(layout: Layout): readonly CardFieldNow[] {
  return [
    ...shown(layout).map(
      ({ column, target }): CardFieldNow => ({
        name: column,
        holds: target?.family === 'boolean' ? 'truth' : 'value',
      }),
    ),
    ...flags(layout).map(({ name }): CardFieldNow => ({ name, holds: 'grant' })),
  ];
}

/** What a person holds in these fields, as a JSON array of texts. */
export function cardSql(sql: Dialect, layout: Layout, alias: string): string {
  const own = ownOf(sql, alias);
  return sql.jsonArray([
    ...shown(layout).map((field) => shownSql(sql, field, own(field.column))),
    ...flags(layout).map(({ flag }) => flagStateSql(sql, flag, alias)),
  ]);
}

/**
 * What the operator gives, and constants of the mapping. A column that looks like a credential can be among these,
 * with an empty constant, while on a card that people made it holds more than that.
 */
function shown({ card, configuration }: Layout): CardField[] {
  const mapped = new Set(configuration.card.map(({ column }) => column));
  return card.filter(({ column, target, source }) => {
    if (target === undefined || isCredential(column) || isSspLogin(column)) return false;
    return 'from' in source || (mapped.has(column) && source.value !== null && source.value !== '');
  });
}

function flags({ person: { ssp, caller } }: Layout): { name: string; flag: CheckedFlag }[] {
  const named = (name: string, flag: CheckedFlag) => {
    if ('row' in flag) return [{ name, flag }];
    return flag.found === undefined ? [] : [{ name: flag.column, flag }];
  };
  return [...named('ssp', ssp), ...named('caller', caller)];
}

/** `granted`, `denied`, or what else the column holds. */
function flagStateSql(sql: Dialect, flag: CheckedFlag, alias: string): string {
  const own = ownOf(sql, alias);
  const denied = deniedSql(sql, own, flag);
  if ('row' in flag || flag.found === undefined)
    return `CASE WHEN ${denied} THEN 'denied' ELSE 'granted' END`;
  const granted = conditionSql(sql, own, { column: flag.found, is: flag.granted });
  return `CASE WHEN ${denied} THEN 'denied' WHEN ${granted} THEN 'granted' ELSE ${sql.text(own(flag.found.name))} END`;
}
