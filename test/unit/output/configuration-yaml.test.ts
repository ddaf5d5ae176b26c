import { describe, expect, it } from 'vitest';
import { parseDocument } from 'yaml';
import type { Plain, ProposedOption } from '../../../src/init/proposal.js';
import { renderConfiguration } from '../../../src/output/configuration-yaml.js';

const ODD = [
  ...[
    'a: b',
    '#no comment',
    '- item',
    '"quoted"',
    "it's",
    'back\\slash',
    '`tick`',
    '{x}',
    '[y]',
    '*z',
    '&a',
    '!t',
  ],
  ...[
    'true',
    'null',
    '1',
    '0x1F',
    '1999-12-31',
    '~',
    '',
    ' blank ',
    'line\nbreak',
    'tab\there',
    '∅',
    '🦄',
    'ÄRA',
    '?',
  ],
  ...['a, b', '%', '@x', '<<', 'x'.repeat(300), 'word '.repeat(60)],
];

const rendered = (options: readonly ProposedOption[], notes: readonly string[] = []) =>
  renderConfiguration(
    { preset: undefined, operators: 'o', persons: 'p', notes, elsewhere: [], options },
    { by: 'onecard', from: 'a database' },
  );

const option = (path: readonly string[], value: Plain | undefined, more: Partial<ProposedOption> = {}) => ({
  path,
  value,
  because: [],
  ...more,
});

function read(text: string): unknown {
  const document = parseDocument(text);
  expect(document.errors).toEqual([]);
  return document.toJS();
}

describe('a proposed configuration', () => {
  it.each(ODD)('keeps %j as a name, as a value and in a comment', (text) => {
    const out = rendered(
      [
        option(['operators', 'table'], { name: text }, { because: [text], question: text }),
        option(['card', text], { from: { column: text, table: { name: text }, on: { [text]: text } } }),
        option(['references', '[]'], { table: { name: text }, column: text }, { question: text }),
        option(['operators2', 'rows'], undefined, { question: 'q', alternative: { column: text, is: text } }),
        option(['match', 'keys', text], { operator: text, person: text }, { alternative: text }),
      ],
      [text],
    );
    expect(read(out)).toEqual({
      operators: { table: { name: text } },
      card: { [text]: { from: { column: text, table: { name: text }, on: { [text]: text } } } },
      references: [{ table: { name: text }, column: text }],
      operators2: null,
      match: { keys: { [text]: { operator: text, person: text } } },
    });
  });

  it('numbers its questions and says how many there are', () => {
    const out = rendered([
      option(['a', 'b'], 1, { question: 'first?' }),
      option(['a', 'c'], 2),
      option(['d'], 3, { because: ['it is so'], question: 'second?' }),
    ]);
    expect(out).toContain('# There are 2 questions');
    expect(out).toContain('  # QUESTION 1: first?\n  b: 1\n');
    expect(out).toContain('# it is so\n# QUESTION 2: second?\nd: 3\n');
  });

  it('shows what is not in effect as a comment', () => {
    const out = rendered([
      option(['a', 'b'], undefined, { question: 'which?', alternative: { column: 'x', is: 1 } }),
      option(['a', 'c'], 2, { question: 'or?', alternative: 3 }),
    ]);
    expect(out).toContain('  # QUESTION 1: which?\n  # b: { column: x, is: 1 }\n');
    expect(out).toContain('  # QUESTION 2: or?\n  # or c: 3\n  c: 2\n');
    expect(read(out)).toEqual({ a: { c: 2 } });
  });
});
