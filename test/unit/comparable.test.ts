import { expect, it } from 'vitest';
import { asColumnWrites, fits } from '../../src/config/comparable.js';
import type { Column, TypeFamily } from '../../src/database/schema.js';

const column = (family: TypeFamily, type: string): Column => ({
  name: 'c',
  type,
  baseType: type,
  family,
  labels: family === 'enum' ? ['nl', 'en'] : undefined,
  length: null,
  nullable: true,
  filledByServer: false,
  isGenerated: false,
  movedByServer: false,
  collation: null,
  keySource: undefined,
});

it.each([
  ['boolean', 'tinyint(1)', 2, true, 2],
  ['boolean', 'tinyint(1)', 1, true, true],
  ['boolean', 'tinyint(1)', 128, false],
  ['boolean', 'boolean', 0, true, false],
  ['integer', 'int(10) unsigned', -1, false],
  ['integer', 'int(10) unsigned', 4294967295, true, 4294967295],
  ['integer', 'integer', 99999999999, false],
  ['integer', 'bigint', '9007199254740993', true, '9007199254740993'],
  ['decimal', 'numeric(6,2)', 10000, false],
  ['time', 'timestamp', '2026-13-45', false],
  ['time', 'date', '2026-02-29', false],
  ['time', 'date', '2028-02-29', true, '2028-02-29'],
  ['enum', 'tongue', 'NL', false],
  ['enum', 'tongue', 'nl', true, 'nl'],
] as const)(
  'a constant for a column of the family %s, %s: %j fits: %j',
  (family, type, constant, isFit, written?: unknown) => {
    expect(fits(column(family, type), constant)).toBe(isFit);
    if (isFit) expect(asColumnWrites(column(family, type), constant)).toBe(written);
  },
);
