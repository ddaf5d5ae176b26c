import type { Misfit } from './dialect.js';
import type { Column } from './schema.js';

interface Range {
  readonly least: bigint;
  readonly greatest: bigint;
}

/** Bits of each integer type, as servers name them. */
const BITS: Readonly<Record<string, bigint>> = {
  tinyint: 8n,
  smallint: 16n,
  mediumint: 24n,
  int: 32n,
  integer: 32n,
  bigint: 64n,
};

/** Of `smallint`, `int(10) unsigned`, `numeric(6,2)`; undefined where the type has no bounds that matter. */
export function rangeOf({ family, type }: Column): Range | undefined {
  if (family === 'integer' || family === 'boolean') {
    const bits = BITS[/^[a-z]+/.exec(type)?.[0] ?? ''];
    if (bits === undefined) return undefined;
    return type.includes('unsigned')
      ? { least: 0n, greatest: 2n ** bits - 1n }
      : { least: -(2n ** (bits - 1n)), greatest: 2n ** (bits - 1n) - 1n };
  }
  const digits = precisionOf(type);
  if (digits === undefined) return undefined;
  const greatest = 10n ** BigInt(digits.whole) - 1n;
  return { least: type.includes('unsigned') ? 0n : -greatest, greatest };
}

/** Digits before and after the point: `numeric(6,2)`, `decimal(6,2) unsigned`. */
function precisionOf(type: string): { whole: number; scale: number } | undefined {
  const [, precision, scale = '0'] = /^(?:numeric|decimal)\((\d+)(?:,(\d+))?\)/.exec(type) ?? [];
  return precision === undefined
    ? undefined
    : { whole: Number(precision) - Number(scale), scale: Number(scale) };
}

const isNumber = ({ family }: Column) => family === 'integer' || family === 'decimal';

/** Where a number is beyond what its column can hold, or would be rounded. */
export function numberMisfits(value: string, from: Column, target: Column): Misfit[] {
  if (!isNumber(target) || from.family === 'boolean') return [];
  const range = rangeOf(target);
  const given = isNumber(from) ? rangeOf(from) : undefined;
  const isWithin =
    range === undefined ||
    (given !== undefined && given.least >= range.least && given.greatest <= range.greatest);
  const scale = target.family === 'integer' ? 0 : precisionOf(target.type)?.scale;
  const mayRound =
    scale !== undefined &&
    from.family !== 'integer' &&
    scale < (precisionOf(from.type)?.scale ?? Number.POSITIVE_INFINITY);
  return [
    ...(isWithin
      ? []
      : [
          {
            condition: `${value} NOT BETWEEN ${range.least} AND ${range.greatest}${scale ? `.${'9'.repeat(scale)}` : ''}`,
            problem: `not between ${range.least} and ${range.greatest}`,
          },
        ]),
    ...(mayRound
      ? [
          {
            condition: `${value} <> ROUND(${value}, ${scale})`,
            problem: scale === 0 ? 'no whole number' : `more than ${scale} digits after the point`,
          },
        ]
      : []),
  ];
}

/** What a text has to look like to be a number of that type. */
export const NUMBER_FORM: Readonly<Record<'integer' | 'decimal', string>> = {
  integer: '^[+-]?[0-9]{1,30}$',
  decimal: '^[+-]?[0-9]{1,30}([.][0-9]{1,30})?$',
};

export const UUID_FORM = '^[0-9a-fA-F]{8}-([0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}$';
