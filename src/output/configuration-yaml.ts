import { Document, visit } from 'yaml';
import { SCHEMA_FILE } from '../config/json-schema.js';
import type { Plain, Proposal, ProposedOption } from '../init/proposal.js';

const SCHEMA = `# yaml-language-server: $schema=${SCHEMA_FILE}`;
/** Columns of a comment; longer ones are broken between words. */
const WIDTH = 110;

/**
 * A proposal as a configuration file. Each option has its reasons above it; what only a human can know is marked
 * `QUESTION n`, above the option that it is about.
 */
export function renderConfiguration(
  proposal: Proposal,
  made: { readonly by: string; readonly from: string },
): string {
  const questions = proposal.options.filter(({ question }) => question !== undefined).length;
  const lines = [
    SCHEMA,
    ...comment('', `Proposed by ${made.by} from ${made.from}.`),
    ...proposal.notes.flatMap((note) => comment('', note)),
    ...comment('', countOf(questions, proposal)),
    '',
  ];
  let number = 0;
  let open: readonly string[] = [];
  for (const option of proposal.options) {
    const parents = option.path.slice(0, -1);
    const shared = sharedLength(open, parents);
    for (let depth = shared; depth < parents.length; depth++) {
      lines.push(`${indentOf(depth)}${keyText(parents[depth] ?? '')}:`);
    }
    open = parents;
    if (option.question !== undefined) number++;
    lines.push(...renderOption(option, number));
  }
  lines.push('', ...comment('', endOf(questions)));
  return `${lines.join('\n')}\n`;
}

const endOf = (questions: number) =>
  questions === 0
    ? 'No questions.'
    : `${questions === 1 ? '1 question' : `${questions} questions`}: look for QUESTION above.`;

function countOf(questions: number, { preset }: Proposal): string {
  if (preset !== undefined) return 'Nothing is left to ask.';
  return questions === 0
    ? 'There are no questions; read it all the same.'
    : `There ${questions === 1 ? 'is 1 question' : `are ${questions} questions`}, marked QUESTION: answer each by changing the line below it, or leave that as it is. The rest is explained where it stands.`;
}

function sharedLength(one: readonly string[], other: readonly string[]): number {
  let length = 0;
  while (length < one.length && length < other.length && one[length] === other[length]) length++;
  return length;
}

const indentOf = (depth: number) => '  '.repeat(depth);

function renderOption(
  { path, value, because, question, alternative }: ProposedOption,
  number: number,
): string[] {
  const indent = indentOf(path.length - 1);
  const key = path.at(-1) ?? '';
  const lead = key === '[]' ? '- ' : `${keyText(key)}: `;
  const line = (plain: Plain) => `${lead}${flow(plain)}`;
  return [
    ...because.flatMap((reason) => comment(indent, reason)),
    ...(question === undefined ? [] : comment(indent, `QUESTION ${number}: ${question}`)),
    ...(alternative === undefined
      ? []
      : [`${indent}# ${value === undefined ? '' : 'or '}${line(alternative)}`]),
    ...(value === undefined ? [] : [`${indent}${line(value)}`]),
  ];
}

/** On one line, whatever the names hold. */
function flow(plain: Plain): string {
  const document = new Document(plain);
  visit(document, {
    Scalar(_, scalar) {
      if (typeof scalar.value === 'string' && CONTROL.test(scalar.value)) scalar.type = 'QUOTE_DOUBLE';
    },
  });
  return document.toString(ONE_LINE).trimEnd();
}

const CONTROL = /[\p{Cc}\p{Zl}\p{Zp}]/u;
const ONE_LINE = {
  collectionStyle: 'flow',
  lineWidth: 0,
  // Line breaks are escaped, at any length.
  doubleQuotedMinMultiLineLength: Number.MAX_SAFE_INTEGER,
} as const;

const keyText = (name: string) => flow(name);

/** Names and values from the database can hold line breaks, which would end the comment. */
function comment(indent: string, text: string): string[] {
  const words = text
    .replaceAll(
      /[\p{Cc}\p{Zl}\p{Zp}]/gu,
      (letter) => `\\u${(letter.codePointAt(0) ?? 0).toString(16).padStart(4, '0')}`,
    )
    .split(' ');
  const lines: string[] = [];
  let line = '';
  for (const word of words) {
    if (line !== '' && indent.length + line.length + word.length + 3 > WIDTH) {
      lines.push(line);
      line = word;
    } else line = line === '' ? word : `${line} ${word}`;
  }
  return [...lines, line].map((each, index) => `${indent}# ${index === 0 ? '' : '  '}${each}`);
}
