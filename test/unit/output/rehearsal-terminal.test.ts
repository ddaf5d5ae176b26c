import { describe, expect, it } from 'vitest';
import { widthOf } from '../../../src/output/terminal/layout.js';
import { renderRehearsal, renderStep } from '../../../src/output/terminal/rehearsal.js';
import { HOSTILE, LONG } from '../../support/hostile.js';
import { changedBaseline, rehearsed, stepResult } from './rehearsed.js';

const plain = { color: false, width: 100 };
const narrow = { color: false, width: 40 };

const failed = stepResult('rollback', {
  outcome: 'failed',
  message: '3 cards stayed',
  details: ['card a: referenced', 'card b: edited'],
  remedy: 'Look at the trigger.',
});

describe('a step that has ended', () => {
  it('is one line: mark, name, what was seen, and the time', () => {
    expect(renderStep(stepResult('dry-run', { message: '330 operators: 210 create' }), plain)).toBe(
      '✓ dry run                         330 operators: 210 create (1.2 s)',
    );
  });

  it('has its details and the remedy below it where it failed', () => {
    expect(renderStep(failed, plain).split('\n')).toEqual([
      '✗ rollback                        3 cards stayed (1.2 s)',
      '    card a: referenced',
      '    card b: edited',
      '    → Look at the trigger.',
    ]);
  });

  it('keeps details to itself where it passed', () => {
    expect(renderStep({ ...failed, outcome: 'passed' }, plain)).not.toContain('referenced');
  });

  it('says why it was skipped, without a time', () => {
    const skipped = stepResult('baseline', { outcome: 'skipped', message: 'no baseline was given' });
    expect(renderStep(skipped, plain)).toBe('– decisions as in the baseline    no baseline was given');
  });

  it('is wrapped below itself, in columns where there is room for them', () => {
    const long = { ...failed, message: 'word '.repeat(30).trim(), details: ['word '.repeat(30).trim()] };
    const [first, second] = renderStep(long, plain).split('\n');
    expect(second?.indexOf('word')).toBe(first?.indexOf('word'));
    expect(renderStep(long, narrow).split('\n')[0]).toBe('✗ rollback');
    for (const look of [plain, narrow]) {
      expect(Math.max(...renderStep(long, look).split('\n').map(widthOf))).toBeLessThanOrEqual(look.width);
    }
  });
});

describe('the summary of a rehearsal', () => {
  it('ends with the verdict', () => {
    expect(renderRehearsal(rehearsed(), plain)).toBe('The rehearsal passed: 15 steps in 42.0 s.');
    expect(renderRehearsal(rehearsed({ results: [failed] }), plain)).toBe(
      'The rehearsal failed: rollback; 14 steps passed, 0 skipped, in 42.0 s.',
    );
  });

  it('says what was measured, with units', () => {
    const text = renderRehearsal(rehearsed({ measures: { longestLockMs: 12, databaseBytes: 999 } }), plain);
    expect(text.split('\n').slice(0, 3)).toEqual([
      'Measured:',
      '  longest time to lock the rows of a batch  12 ms',
      '  data at the start                         999 bytes',
    ]);
  });

  it('says what changed since the baseline, and what may be why', () => {
    expect(
      renderRehearsal(rehearsed({ baseline: changedBaseline }), plain)
        .split('\n')
        .slice(0, -2),
    ).toEqual([
      '3 decisions changed since the baseline approved.ndjson; 327 are as before.',
      'The configuration has changed since the baseline was written: onMatch was review and is link.',
      '  operator-3f9a2c7d1b04e5a6',
      '    create (no-candidate) → match (match), link to person-00112233445566aa',
      '  4711',
      '    not there → review (taken), person 12',
      '  … and 1 more',
    ]);
  });

  it('says so where nothing changed', () => {
    const same = { ...changedBaseline, changed: 0, changes: [], isOtherConfiguration: false };
    expect(renderRehearsal(rehearsed({ baseline: same }), plain)).toContain(
      'Every decision is as in the baseline approved.ndjson: 327 operators.\n\n',
    );
  });
});

describe.each([plain, narrow])('hostile text at a width of $width', (look) => {
  it.each([...HOSTILE, LONG])('%j does nothing to a terminal', (value) => {
    const step = { ...failed, message: value, details: [value], remedy: value };
    const baseline = {
      ...changedBaseline,
      file: value,
      changes: [
        {
          operator: value,
          before: null,
          after: { decision: value, reason: value, action: value, person: value },
        },
      ],
    };
    const text = `${renderStep(step, look)}\n${renderRehearsal(rehearsed({ baseline }), look)}`;
    expect(text).not.toMatch(/(?!\n)[\p{Cc}\p{Cs}\u202a-\u202e\u2066-\u2069]/u);
    expect(Math.max(...text.split('\n').map(widthOf))).toBeLessThanOrEqual(look.width);
  });
});

describe('colour', () => {
  it('repeats what the words say on a terminal, and is nowhere else', () => {
    const shown = (color: boolean) =>
      renderStep(failed, { color, width: 100 }) + renderRehearsal(rehearsed(), { color, width: 100 });
    expect(shown(true)).toContain('\x1b[31m✗');
    expect(shown(false)).not.toContain('\x1b');
  });
});
