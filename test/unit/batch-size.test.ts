import { describe, expect, it } from 'vitest';
import { BatchSize } from '../../src/apply/batch-size.js';

describe('the size of batches', () => {
  it('at most doubles while batches are quick', () => {
    const size = new BatchSize({ time: 250, fixed: undefined });
    const first = size.rows;
    size.took(first, 1);
    expect(size.rows).toBe(first * 2);
  });

  it('falls at once when a batch took too long', () => {
    const size = new BatchSize({ time: 250, fixed: undefined });
    const first = size.rows;
    size.took(first, 2500);
    expect(size.rows).toBe(first / 10);
  });

  it('learns nothing from a last, shorter batch', () => {
    const size = new BatchSize({ time: 250, fixed: undefined });
    const first = size.rows;
    size.took(3, 5000);
    expect(size.rows).toBe(first);
  });

  it('never falls below one operator, nor grows without end', () => {
    const slow = new BatchSize({ time: 250, fixed: undefined });
    for (let batch = 0; batch < 20; batch++) slow.took(slow.rows, 1_000_000);
    expect(slow.rows).toBe(1);
    const quick = new BatchSize({ time: 250, fixed: undefined });
    for (let batch = 0; batch < 50; batch++) quick.took(quick.rows, 1);
    expect(quick.rows).toBe(20_000);
  });

  it('stays where it is fixed', () => {
    const size = new BatchSize({ time: 250, fixed: 7 });
    size.took(7, 1);
    expect(size.rows).toBe(7);
  });
});
