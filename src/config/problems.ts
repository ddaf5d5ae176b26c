import { type Document, isAlias, isMap, isScalar, isSeq, type LineCounter, type Node } from 'yaml';
import { z } from 'zod';
import { OnecardError } from '../errors.js';
import { nearest } from './nearest.js';

/** A configuration file as it was written. */
export interface Source {
  readonly file: string;
  readonly document: Document;
  readonly lines: LineCounter;
}

/** What is wrong with one option; the text goes on after its name: "has to be …". */
export interface Problem {
  readonly path: readonly PropertyKey[];
  readonly text: string;
}

/** What is wrong with a flag: a whole sentence. */
export interface FlagProblem {
  readonly flag: string;
  readonly text: string;
}

/** All problems as one error, each with its place. */
export function wrongConfiguration(
  problems: readonly Problem[],
  flags: readonly FlagProblem[],
  source: Source | undefined,
): OnecardError {
  const line = ({ path }: Problem) => (source && lineOf(source, path)) ?? Number.POSITIVE_INFINITY;
  const inOrder = problems.toSorted((a, b) => Math.sign(line(a) - line(b)) || 0);
  const texts = [
    ...inOrder.map(({ path, text }) => `${placeOf(source, path)}${path.join('.')} ${text}`),
    ...flags.map(({ flag, text }) => `${flag} ${text}`),
  ];
  const [first = ''] = texts;
  return new OnecardError(
    texts.length === 1
      ? first.endsWith('?')
        ? first
        : `${first}.`
      : `The configuration has ${texts.length} problems:\n${texts.map((text) => `  ${text}`).join('\n')}`,
    {
      remedy:
        problems.length === 0
          ? 'Leave the flag out for what the configuration says.'
          : 'Correct this; "Configuration" in the README shows every option.',
    },
  );
}

function placeOf(source: Source | undefined, path: readonly PropertyKey[]): string {
  if (source === undefined) return '';
  const line = lineOf(source, path);
  return line === undefined ? `${source.file}: ` : `${source.file}, line ${line}: `;
}

/** The line of the deepest part of the path that the file has. */
function lineOf({ document, lines }: Source, path: readonly PropertyKey[]): number | undefined {
  let node: Node | null | undefined = document.contents;
  let offset: number | undefined;
  for (const part of path) {
    if (isAlias(node)) node = node.resolve(document);
    if (isMap(node)) {
      const pair = node.items.find(({ key }) => isScalar(key) && String(key.value) === String(part));
      if (pair === undefined) break;
      offset = isScalar(pair.key) ? pair.key.range?.[0] : offset;
      node = pair.value as Node | null;
    } else if (isSeq(node)) {
      node = node.items[Number(part)] as Node | undefined;
      offset = node?.range?.[0] ?? offset;
    } else break;
  }
  return offset === undefined ? undefined : lines.linePos(offset).line;
}

/** For zod: what is wrong with a value, in words that go on after the option's name. */
export function explain({ code, input, ...issue }: z.core.$ZodRawIssue): string | undefined {
  if (input === undefined) return 'is missing';
  if (input === null) return 'is empty';
  switch (code) {
    case 'invalid_type':
      return `has to be ${NAMES[String(issue['expected'])] ?? issue['expected']}, not ${shown(input)}${quotesHint(issue['expected'], input)}`;
    case 'invalid_value':
      return `has to be ${listed(issue['values'] as readonly unknown[])}, not ${shown(input)}`;
    case 'too_small':
      return 'must not be empty';
    default:
      return undefined;
  }
}

const NAMES: Readonly<Record<string, string>> = {
  string: 'a text',
  object: 'a mapping with options of its own',
  record: 'a mapping with options of its own',
  array: 'a list',
  boolean: 'true or false',
};

const quotesHint = (expected: unknown, input: unknown) =>
  expected === 'string' && (typeof input === 'number' || typeof input === 'boolean')
    ? ': put it in quotes'
    : '';

export function shown(value: unknown): string {
  if (Array.isArray(value)) return 'a list';
  if (typeof value === 'object' && value !== null) return 'a mapping';
  return JSON.stringify(value);
}

/** "a, b or c" */
export function listed(values: readonly unknown[]): string {
  const texts = values.map(String);
  const last = texts.pop() ?? '';
  return texts.length === 0 ? last : `${texts.join(', ')} or ${last}`;
}

/** Each problem that zod found; options that do not exist one by one, with the one that was likely meant. */
export function problemsOf(issues: readonly z.core.$ZodIssue[], schema: z.ZodType): Problem[] {
  return issues.flatMap((issue): Problem[] =>
    issue.code === 'unrecognized_keys'
      ? issue.keys.map((key) => ({ path: [...issue.path, key], text: noOption(schema, issue.path, key) }))
      : [{ path: issue.path, text: issue.message }],
  );
}

function noOption(schema: z.ZodType, path: readonly PropertyKey[], key: string): string {
  const options = optionsAt(schema, path);
  const close = nearest(key, options);
  if (close !== undefined) return `is no option; did you mean ${close}?`;
  return options.length === 0 ? 'is no option' : `is no option; there are ${options.join(', ')}`;
}

function optionsAt(schema: z.ZodType, path: readonly PropertyKey[]): string[] {
  let node: unknown = schema;
  for (const part of path) {
    if (!(node instanceof z.ZodObject)) return [];
    node = (node.shape as Record<string, unknown>)[String(part)];
    if (node instanceof z.ZodOptional) node = node.unwrap();
  }
  return node instanceof z.ZodObject ? Object.keys(node.shape) : [];
}
