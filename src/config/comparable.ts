import { rangeOf } from '../database/numbers.js';
import type { Column } from '../database/schema.js';
import type { Scalar } from '../model/configuration.js';

const INTEGER = /^-?\d+$/;
const DECIMAL = /^-?\d+(\.\d+)?$/;
/** A date, a time of day, or both. */
const TIME = /^\d{4}-\d\d-\d\d([T ]\d\d:\d\d\S*)?$|^\d\d:\d\d\S*$/;
const UUID = /^[0-9a-f]{8}-?([0-9a-f]{4}-?){3}[0-9a-f]{12}$/i;

/** Whether a constant of the configuration is one that a column of this type can hold. */
export function fits(column: Column, constant: Scalar): boolean {
  const { family, labels } = column;
  const text = String(constant);
  switch (family) {
    case 'boolean':
      // A tinyint(1) of MySQL is a number that means a flag, most of the time.
      if (typeof constant === 'boolean' || constant === 0 || constant === 1) return true;
      return column.type.startsWith('tinyint') && isInRange(column, text);
    case 'integer':
      return typeof constant === 'boolean' || (INTEGER.test(text) && isInRange(column, text));
    case 'decimal':
      return typeof constant === 'boolean' || (DECIMAL.test(text) && isInRange(column, text));
    case 'uuid':
      return UUID.test(text);
    case 'enum':
      return labels?.includes(text) ?? true;
    case 'time':
      return TIME.test(text) && isDay(text);
    default:
      return true;
  }
}

function isInRange(column: Column, text: string): boolean {
  if (!DECIMAL.test(text)) return false;
  const range = rangeOf(column);
  const [whole = ''] = text.split('.');
  return range === undefined || (BigInt(whole) >= range.least && BigInt(whole) <= range.greatest);
}

/** The calendar has it. */
function isDay(text: string): boolean {
  const [day] = /^\d{4}-\d\d-\d\d/.exec(text) ?? [];
  if (day === undefined) return true;
  const date = new Date(`${day}T00:00:00Z`);
  return !Number.isNaN(date.getTime()) && date.toISOString().startsWith(day);
}

/** The constant as its column writes it: flags are booleans in some schemas and numbers in others. */
export function asColumnWrites({ family }: Pick<Column, 'family'>, constant: Scalar): Scalar {
  switch (family) {
    case 'boolean':
      return typeof constant === 'boolean' || !(constant === 0 || constant === 1) ? constant : constant === 1;
    case 'integer':
    case 'decimal':
      return typeof constant === 'boolean' ? Number(constant) : constant;
    default:
      return typeof constant === 'string' ? constant : String(constant);
  }
}
