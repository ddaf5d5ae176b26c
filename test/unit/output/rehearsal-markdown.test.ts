import { marked } from 'marked';
import { describe, expect, it } from 'vitest';
import { renderRehearsalMarkdown } from '../../../src/output/rehearsal-markdown.js';
import { HOSTILE } from '../../support/hostile.js';
import { ACTING } from '../../support/hostile-report.js';
import { changedBaseline, rehearsed, stepResult } from './rehearsed.js';

const failed = stepResult('rollback', {
  outcome: 'failed',
  message: '3 cards stayed',
  details: ['card a: referenced', 'card b: edited'],
  remedy: 'Look at the trigger.',
});

describe('the Markdown of a rehearsal', () => {
  it('begins with the verdict', () => {
    const lines = renderRehearsalMarkdown(rehearsed()).split('\n');
    expect(lines[0]).toBe('## ✓ onecard rehearse passed');
    expect(lines[2]).toBe('Passed: 15 steps in 42.0 s.');
  });

  it('names what failed, with its details and the remedy, before the table of steps', () => {
    const text = renderRehearsalMarkdown(rehearsed({ results: [failed] }));
    expect(text).toContain(
      '## ✗ onecard rehearse failed\n\nFailed: rollback; 14 steps passed, 0 skipped, in 42.0 s.',
    );
    const section = text.slice(text.indexOf('### ✗ rollback'), text.indexOf('### Steps'));
    expect(section).toBe(
      '### ✗ rollback\n\n3 cards stayed\n\n- card a: referenced\n- card b: edited\n\n→ Look at the trigger.\n\n',
    );
  });

  it('has a row for each step, with mark and time', () => {
    const skipped = stepResult('as-before', { outcome: 'skipped', message: 'the rollback failed' });
    const text = renderRehearsalMarkdown(rehearsed({ results: [failed, skipped] }));
    expect(text).toContain('| ✓ | dry run | 1.2 s | as it should be |');
    expect(text).toContain('| ✗ | rollback | 1.2 s | 3 cards stayed |');
    expect(text).toContain('| – | the data is as before |  | the rollback failed |');
  });

  it('counts decisions by reason, and gives measures their units', () => {
    const measures = { longestTransactionMs: 251, logBytes: 12_345_678 };
    const text = renderRehearsalMarkdown(rehearsed({ measures }));
    expect(text).toContain('| create | no-candidate | no person shares a key with it | 210 |');
    expect(text).toContain('| linked | possible-duplicate | its person looks generated while');
    expect(text).toContain('| longest transaction | 251 ms |');
    expect(text).toContain("| written to the server's log of changes by the first run | 12.3 MB |");
    expect(text).not.toContain('| data at the start |');
  });

  it('has a table of the decisions that changed, and says that the configuration did', () => {
    const text = renderRehearsalMarkdown(rehearsed({ baseline: changedBaseline }));
    expect(text).toContain('3 decisions changed since the baseline approved.ndjson; 327 are as before.');
    expect(text).toContain('onMatch was review and is link');
    expect(text).toContain(
      '| operator-3f9a2c7d1b04e5a6 | create (no-candidate) | match (match), link to person-00112233445566aa |'.replace(
        /[()]/g,
        '\\$&',
      ),
    );
    expect(text).toContain('… and 1 more');
  });

  it.each([
    ...HOSTILE.filter((value) => value !== ''),
    '1. item',
    '2) item',
    '===',
    '+ item',
    '---',
    '    code',
  ])('shows %j as text that does nothing', (value) => {
    const hostile = { ...failed, message: value, details: [value], remedy: value };
    const plain = { ...failed, message: 'x', details: ['x'], remedy: 'x' };
    const baselineOf = (operator: string) => ({
      ...changedBaseline,
      file: operator,
      changes: [
        {
          operator,
          before: null,
          after: { decision: 'x', reason: operator, action: 'none', person: operator },
        },
      ],
    });
    const text = renderRehearsalMarkdown(
      rehearsed({ snapshot: value, results: [hostile], baseline: baselineOf(value) }),
    );
    const tame = renderRehearsalMarkdown(
      rehearsed({ snapshot: 'x', results: [plain], baseline: baselineOf('x') }),
    );
    expect(text).not.toMatch(ACTING);
    expect(elementsOf(text)).toEqual(elementsOf(tame));
  });
});

/** The elements that a renderer makes of it, in their order; e-mail addresses aside, which GFM always links. */
function elementsOf(markdown: string): string[] {
  const html = marked.parse(markdown, { async: false }).replace(/<a href="mailto:[^>]*>(.*?)<\/a>/g, '$1');
  return [...html.matchAll(/<\/?[a-z]\w*/g)].map(([tag]) => tag);
}
