import { describe, expect, it } from 'vitest';
import { nearest } from '../../src/config/nearest.js';

describe('the nearest name', () => {
  const names = ['email', 'employee_number', 'first_name'];

  it('is the one with the fewest differences', () => {
    expect(nearest('e_mail', names)).toBe('email');
    expect(nearest('Employee_Nr', names)).toBe('employee_number');
  });

  it('is none where nothing is close', () => {
    expect(nearest('zzz', names)).toBeUndefined();
  });
});
