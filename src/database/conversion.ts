import { NUMBER_FORM, UUID_FORM } from './numbers.js';
import type { Column, TypeFamily } from './schema.js';

/** To each family, from which others a value can be converted; everything can be written as a text. */
const SOURCES: Readonly<Record<TypeFamily, readonly TypeFamily[]>> = {
  text: ['boolean', 'integer', 'decimal', 'uuid', 'time', 'binary', 'enum', 'other'],
  boolean: ['integer', 'decimal', 'text'],
  integer: ['boolean', 'decimal', 'text'],
  decimal: ['boolean', 'integer', 'text'],
  uuid: ['text'],
  time: [],
  binary: [],
  enum: ['text'],
  other: [],
};

/** Whether values of one column can be stored in another at all; single ones may still not fit. */
export function isConvertible(from: Column, target: Column): boolean {
  if (from.family === 'other' || from.family === 'time')
    return target.family === 'text' || from.type === target.type || isWider(from, target);
  return from.family === target.family || SOURCES[target.family].includes(from.family);
}

/** The same kind of date or time, whatever its precision. */
function isWider(from: Column, target: Column): boolean {
  const kind = ({ type }: Column) => type.replace(/\(.*?\)/, '').replace(/^datetime/, 'timestamp');
  return from.family === 'time' && target.family === 'time' && kind(from) === kind(target);
}

/** What each server says in its own way. */
export interface ConversionVerbs {
  text(expression: string): string;
  /** Whether a text looks like that: a pattern that all servers read alike. */
  hasForm(text: string, pattern: string): string;
  asUuid(text: string): string;
  /** A text that is one of the labels. */
  asEnum(text: string, column: Column): string;
  literal(text: string): string;
}

/** A value of one column in the type of another; NULL where it cannot be that. */
export function convertedBy(
  verbs: ConversionVerbs,
  expression: string,
  from: Column,
  target: Column,
): string {
  if (from.family === target.family && (from.family !== 'enum' || from.type === target.type))
    return expression;
  switch (target.family) {
    case 'text':
      if (from.family === 'binary') return expression; // read as text already
      if (from.family === 'boolean')
        return `CASE WHEN ${expression} THEN 'true' WHEN NOT ${expression} THEN 'false' END`;
      return verbs.text(expression);
    case 'boolean':
      if (from.family !== 'text') return `${expression} <> 0`;
      return `CASE WHEN ${verbs.hasForm(expression, '^(true|t|1)$')} THEN TRUE WHEN ${verbs.hasForm(expression, '^(false|f|0)$')} THEN FALSE END`;
    case 'integer':
    case 'decimal': {
      if (from.family === 'boolean')
        return `CASE WHEN ${expression} THEN 1 WHEN NOT ${expression} THEN 0 END`;
      if (from.family !== 'text') return expression;
      const type = target.family === 'integer' ? 'DECIMAL(30, 0)' : 'DECIMAL(60, 30)';
      return `CASE WHEN ${verbs.hasForm(expression, NUMBER_FORM[target.family])} THEN CAST(${expression} AS ${type}) END`;
    }
    case 'enum': {
      const label = verbs.text(expression);
      const labels = (target.labels ?? []).map(verbs.literal).join(', ');
      return `CASE WHEN ${label} IN (${labels}) THEN ${verbs.asEnum(label, target)} END`;
    }
    case 'uuid':
      return `CASE WHEN ${verbs.hasForm(expression, UUID_FORM)} THEN ${verbs.asUuid(expression)} END`;
    default:
      return expression;
  }
}
