import { expect, it } from 'vitest';
import { cast } from '../../fixtures/topdesk/cast/index.js';
import { isOptional, operatorColumns, personColumns } from '../../fixtures/topdesk/columns.js';
import { topdesk } from '../../fixtures/topdesk/index.js';
import { unid } from '../../fixtures/topdesk/keys.js';
import { topdeskExpectations } from '../support/topdesk.js';

const operatorNames = new Set(operatorColumns.map(([name]) => name));
const required = personColumns.map(([name]) => name).filter((name) => !isOptional(name, 'persoon'));

it('has as many columns as the product has', () => {
  expect(new Set(personColumns.map(([name]) => name)).size).toBe(176);
  expect(required).toHaveLength(104);
  expect(required.filter((name) => operatorNames.has(name))).toHaveLength(73);
});

it('has one expectation for every operator, and says why', () => {
  const keys = cast.flatMap(({ operators }) => operators.map(({ n }) => unid('actiedoor', n)));
  expect(topdeskExpectations.map(({ operator }) => operator)).toEqual(keys.toSorted());
  for (const { why } of topdeskExpectations) expect(why).toMatch(/\."?$/);
});

it('never uses a person number twice', () => {
  const numbers = cast.flatMap(({ persons }) => persons.map(({ n }) => n));
  expect(new Set(numbers).size).toBe(numbers.length);
});

it.each(['postgres', 'mysql'] as const)('is the same every time on %s', (kind) => {
  expect([...topdesk(kind)]).toEqual([...topdesk(kind)]);
});
