import type { CardField } from '../config/checked.js';
import { asColumnWrites } from '../config/comparable.js';
import type { Dialect, Misfit } from '../database/dialect.js';
import type { Column } from '../database/schema.js';
import type { Scalar } from '../model/configuration.js';
import {
  AS_BYTES,
  AS_TEXT,
  differentValuesSql,
  type Own,
  ownOf,
  type Reading,
  unreadableSql,
  valueSql,
} from './values.js';

/** What a card's column gets from the operator row `alias`, in the type of the column. */
export function cardValueSql(sql: Dialect, alias: string, field: CardField): string {
  const { target, source } = field;
  if ('value' in source) return constantSql(sql, target, source.value);
  const own = ownOf(sql, alias);
  const value = givenSql(sql, own, field);
  const { onMisfit } = source;
  if (onMisfit === 'review') return value;
  if (onMisfit === 'truncate') return target?.length == null ? value : sql.truncated(value, target.length);
  const instead = onMisfit === 'blank' ? blank(target) : onMisfit.set;
  const misfits = valueMisfits(sql, own, field).map(({ condition }) => condition);
  return misfits.length === 0
    ? value
    : `CASE WHEN ${misfits.join(' OR ')} THEN ${constantSql(sql, target, instead)} ELSE ${value} END`;
}

/** The value of a card's column as people see it, whether the operator is to give it or the card has it. */
export function shownSql(sql: Dialect, { target }: CardField, value: string): string {
  return (target?.family === 'binary' ? AS_BYTES : AS_TEXT).shown(sql, value);
}

/** How what an operator gives is read: bytes that go into a column of bytes as they are. */
export function readingFor({ target, source }: CardField): Reading {
  const isBytes = target?.family === 'binary' && 'from' in source && source.from.column.family === 'binary';
  return isBytes ? AS_BYTES : AS_TEXT;
}

/** Why what an operator gives cannot be stored, and nothing in the configuration says what to do then. */
export function misfitsOf(sql: Dialect, alias: string, field: CardField): Misfit[] {
  const { source } = field;
  if ('value' in source) return [];
  const own = ownOf(sql, alias);
  if (source.onMisfit === 'review') return valueMisfits(sql, own, field);
  if (source.onMisfit === 'truncate')
    return valueMisfits(sql, own, field).filter(({ problem }) => !problem.startsWith(TOO_LONG));
  return [];
}

function constantSql(sql: Dialect, target: Column | undefined, constant: Scalar | null): string {
  return sql.literal(constant === null || target === undefined ? constant : asColumnWrites(target, constant));
}

const blank = (target: Column | undefined) => (target?.family === 'text' && !target.nullable ? '' : null);

/** What the operator gives, in the type of the column; NULL where it cannot be that. */
function givenSql(sql: Dialect, own: Own, field: CardField): string {
  const { target, source } = field;
  if ('value' in source) throw new Error('a constant is given by the configuration');
  const value = valueSql(sql, source.from, own, readingFor(field));
  return target === undefined ? value : sql.converted(value, source.from.column, target);
}

const TOO_LONG = 'longer than';

function valueMisfits(sql: Dialect, own: Own, field: CardField): Misfit[] {
  const { target, source } = field;
  if (target === undefined || 'value' in source) return [];
  const { column, rows } = source.from;
  const reading = readingFor(field);
  const given = valueSql(sql, source.from, own, reading);
  const value = givenSql(sql, own, field);
  const isEmptyPossible = column.nullable || rows !== undefined;
  return [
    ...(rows === undefined
      ? []
      : [
          {
            condition: `${differentValuesSql(sql, column, rows, own, reading)} > 1`,
            problem: 'one of several different values',
          },
        ]),
    ...(column.family === 'binary' && reading === AS_TEXT
      ? [{ condition: unreadableSql(sql, source.from, own), problem: 'no text in UTF-8' }]
      : []),
    ...(mayNotConvert(column, target)
      ? [{ condition: `(${given} IS NOT NULL AND ${value} IS NULL)`, problem: notOf(target) }]
      : []),
    ...tooLong(sql, value, column, target),
    ...sql.unstorable(value, column, target),
    ...(!target.nullable && isEmptyPossible
      ? [{ condition: `${value} IS NULL`, problem: 'empty, but required on the card' }]
      : []),
  ];
}

const notOf = ({ type, labels }: Column) =>
  labels === undefined ? `no ${type}` : `none of ${labels.join(', ')}`;

/** A text says what it likes, and two enums need not have the same labels. */
const mayNotConvert = (from: Column, target: Column) =>
  (from.family === 'text' && target.family !== 'text') ||
  (from.family === 'enum' && target.family === 'enum' && from.type !== target.type);

function tooLong(sql: Dialect, value: string, from: Column, target: Column): Misfit[] {
  if (target.length === null || target.family !== 'text') return [];
  if (from.family === 'text' && from.length !== null && from.length <= target.length) return [];
  return [
    {
      condition: `${sql.characters(value)} > ${target.length}`,
      problem: `${TOO_LONG} ${target.length} characters`,
    },
  ];
}
