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
    ...inOrder.map(({ path, text }) => `${placeIn(source, path)}${path.join('.')} ${text}`),
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

/** Where the file says that: `onecard.yaml, line 3, column 5: `; empty where no file does. */
export function placeIn(source: Source | undefined, path: readonly PropertyKey[]): string {
  if (source === undefined) return '';
  const offset = offsetOf(source, path);
  if (offset === undefined) return `${source.file}: `;
  const { line, col } = source.lines.linePos(offset);
  return `${source.file}, line ${line}, column ${col}: `;
}

function lineOf(source: Source, path: readonly PropertyKey[]): number | undefined {
  const offset = offsetOf(source, path);
  return offset === undefined ? undefined : source.lines.linePos(offset).line;
}

/** Of the deepest part of the path that the file has. */
function offsetOf({ document }: Source, path: readonly PropertyKey[]): number | undefined {
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
  return offset;
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
export function problemsOf(
  issues: readonly z.core.$ZodIssue[],
  schema: z.ZodType,
  below: readonly PropertyKey[] = [],
): Problem[] {
  return issues.flatMap((issue): Problem[] => {
    const path = [...below, ...issue.path];
    if (issue.code === 'unrecognized_keys') return issue.keys.map((key) => noOption(schema, path, key));
    if (issue.code !== 'invalid_union') return [{ path, text: issue.message }];
    const meant = formMeant(issue);
    if (meant !== undefined) return problemsOf(meant, schema, path);
    const misspelt = misspeltInEach(issue, optionsAt(schema, path));
    if (misspelt.length > 0) return misspelt.map((key) => noOption(schema, path, key));
    return [{ path, text: issue.message }];
  });
}

/** Options that no form has, though one of them has nearly that. */
function misspeltInEach({ errors }: z.core.$ZodIssueInvalidUnion, options: readonly string[]): string[] {
  const unknown = errors.map((issues) =>
    issues.flatMap((issue) =>
      issue.code === 'unrecognized_keys' && issue.path.length === 0 ? issue.keys : [],
    ),
  );
  const keys = [...new Set(unknown.flat())];
  return keys.filter((key) => !options.includes(key) && nearest(key, options) !== undefined);
}

/** Of several forms, the one that is nearly right; undefined where none is nearer than the others. */
function formMeant({ errors }: z.core.$ZodIssueInvalidUnion): readonly z.core.$ZodIssue[] | undefined {
  const sameKind = errors.filter(
    (issues) => !issues.some(({ code, path }) => code !== 'unrecognized_keys' && path.length === 0),
  );
  const sizes = sameKind.map((issues) => sizeOf(issues));
  const least = Math.min(...sizes);
  const [nearest, ...others] = sameKind.filter((_, index) => sizes[index] === least);
  return others.length === 0 ? nearest : undefined;
}

/** An option that is not there says more than one that is missing. */
const sizeOf = (issues: readonly z.core.$ZodIssue[]) =>
  issues.reduce((sum, issue) => sum + (issue.code === 'unrecognized_keys' ? 2 * issue.keys.length : 1), 0);

function noOption(schema: z.ZodType, path: readonly PropertyKey[], key: string): Problem {
  const options = optionsAt(schema, path);
  if (options.includes(key)) return { path: [...path, key], text: 'does not go with the other options here' };
  const close = nearest(key, options);
  const hint = close === undefined ? `there are ${options.join(', ')}` : `did you mean ${close}?`;
  return { path: [...path, key], text: `is no option; ${hint}` };
}

/** What there is to say at this place, in whatever form. */
const optionsAt = (schema: z.ZodType, path: readonly PropertyKey[]): string[] => [
  ...new Set(formsAt(schema, path).flatMap(({ shape }) => Object.keys(shape))),
];

function formsAt(node: unknown, path: readonly PropertyKey[]): z.ZodObject[] {
  if (node instanceof z.ZodOptional || node instanceof z.ZodLazy) return formsAt(node.unwrap(), path);
  if (node instanceof z.ZodUnion) return node.options.flatMap((form) => formsAt(form, path));
  const [part, ...rest] = path;
  if (part === undefined) return node instanceof z.ZodObject ? [node] : [];
  if (node instanceof z.ZodObject) return formsAt(node.shape[String(part)], rest);
  if (node instanceof z.ZodRecord) return formsAt(node.valueType, rest);
  return node instanceof z.ZodArray ? formsAt(node.element, rest) : [];
}
