import { expect, it } from 'vitest';
import { countOf, formatCount, formatDuration } from '../../../src/output/terminal/amounts.js';

it.each([
  [300, '1 s'],
  [24_100, '25 s'],
  [59_500, '1 min'],
  [61_000, '1 min 10 s'],
  [200_000, '3 min 20 s'],
  [595_000, '10 min'],
  [1_790_000, '30 min'],
  [3_599_000, '1 h'],
  [7_500_000, '2 h 5 min'],
  [26 * 3_600_000, '1 day 2 h'],
  [72 * 3_600_000, '3 days'],
])('%i ms are %s', (milliseconds, words) => {
  expect(formatDuration(milliseconds)).toBe(words);
});

it('counts things', () => {
  expect(formatCount(1_234_567)).toBe('1,234,567');
  expect(countOf(1, 'person')).toBe('1 person');
  expect(countOf(2000, 'person')).toBe('2,000 persons');
});
