import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { type SampleKind, STANDARD_SIZE, sampleRows, sampleSchema } from '../../fixtures/sample/index.js';

const kinds: SampleKind[] = ['postgres', 'mysql'];
const NOBODY = { operators: 0, persons: 0, junk: 0 };

const expectations = readFileSync(new URL('../../fixtures/sample/expected.csv', import.meta.url), 'utf8')
  .trimEnd()
  .split('\n')
  .slice(1);

const expectedOperators = expectations.map((line) => line.slice(0, line.indexOf(',')));

/** The keys of the rows that an INSERT … VALUES into this table writes. */
function castKeys(kind: SampleKind, table: string): string[] {
  const statements = [...sampleRows(kind, NOBODY)];
  const insert = statements.find((statement) => new RegExp(`^INSERT INTO .${table}. `).test(statement)) ?? '';
  return [...insert.matchAll(/^ {2}\('(0[a-f]0{6}-[^']+)'/gm)].map(([, key]) => key ?? '');
}

describe.each(kinds)('the sample on %s', (kind) => {
  it('is the same every time', () => {
    expect([...sampleRows(kind, STANDARD_SIZE)]).toEqual([...sampleRows(kind, STANDARD_SIZE)]);
  });

  it('has an expectation for every operator of the cast', () => {
    const cast = expectedOperators.filter((operator) => operator.startsWith('0a'));
    expect(castKeys(kind, 'operator').toSorted()).toEqual(cast.toSorted());
  });

  it('never uses a person number twice', () => {
    const persons = castKeys(kind, 'person');
    expect(new Set(persons).size).toBe(persons.length);
  });

  it('bounds the rows of one statement, however many there are', () => {
    const regular = [...sampleRows(kind, { operators: 350_000, persons: 0, junk: 0 })].filter((statement) =>
      statement.includes('LIMIT 100000'),
    );
    expect(regular).toHaveLength(4);
  });
});

it('leaves a large load on PostgreSQL with the indexes and foreign keys of the schema', () => {
  const large = [...sampleRows('postgres', { operators: 200_000, persons: 200_000, junk: 0 })];
  const later = sampleSchema('postgres').filter((statement) => !statement.startsWith('CREATE TABLE'));
  expect(later).not.toEqual([]);
  expect(large.slice(large.length - later.length)).toEqual(later);
});

it('has an expectation for every regular operator of the standard size', () => {
  const regular = expectedOperators.filter((operator) => operator.startsWith('1a'));
  expect(new Set(regular).size).toBe(STANDARD_SIZE.operators);
});

it('says why about every operator of the cast', () => {
  for (const line of expectations.filter((each) => each.startsWith('0a'))) expect(line).toMatch(/\."?$/);
});
