import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { type Document, isMap, isSeq, LineCounter, parseDocument, visit, type YAMLError } from 'yaml';
import { normalized } from '../database/letters.js';
import { OnecardError } from '../errors.js';
import type { Condition, Configuration, Flag, OtherRows, TableName, Value } from '../model/configuration.js';
import { POLICIES, type PolicyName } from '../model/policies.js';
import { isCredential, isSspLogin } from './credentials.js';
import { DEFAULTS } from './defaults.js';
import { PRESETS } from './presets.js';
import {
  explain,
  type FlagProblem,
  listed,
  type Problem,
  placeIn,
  problemsOf,
  type Source,
  shown,
  wrongConfiguration,
} from './problems.js';
import {
  type ConditionInput,
  type ConfigurationInput,
  configurationSchema,
  type OtherRowsInput,
  type ValueInput,
} from './schema.js';

/** The file that is read when no `--config` names another. */
export const DEFAULT_FILE = 'onecard.yaml';

type Tree = { [key: string]: unknown };
/** Policies as flags give them: not yet checked. */
export type PolicyFlags = { readonly [P in PolicyName]?: string | undefined };

/**
 * Reads a configuration: defaults, then the preset, then the file, then flags; the later wins.
 * Without a file the `sample` preset stands alone.
 * @throws OnecardError that lists every problem with its place in the file.
 */
export function loadConfiguration(file: string | undefined, flags: PolicyFlags = {}): Configuration {
  const { tree: written, source } =
    file === undefined ? { tree: { preset: 'sample' }, source: undefined } : readYaml(file);
  const flagProblems = wrongFlags(flags);
  const presetProblem = wrongPreset(written);
  // Without its preset, a file seems to lack nearly everything.
  if (presetProblem !== undefined) throw wrongConfiguration([presetProblem], flagProblems, source);
  const merged = withPolicies(merge(merge(DEFAULTS, presetOf(written)), written), flags);
  const result = configurationSchema.safeParse(merged, { error: explain });
  const problems = [
    ...(result.success ? [] : problemsOf(result.error.issues, configurationSchema)),
    ...refusedColumns(merged),
  ];
  if (!result.success || problems.length + flagProblems.length > 0)
    throw wrongConfiguration(problems, flagProblems, source);
  return parse(result.data, source);
}

function readYaml(file: string): { tree: Tree; source: Source } {
  const text = readText(file);
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines });
  const [error] = document.errors;
  if (error) throw noYaml(file, yamlProblem(error, document, lines));
  if (!isMap(document.contents)) {
    throw new OnecardError(
      document.contents === null
        ? `${file} is empty.`
        : `${file} holds ${isSeq(document.contents) ? 'a list' : 'a plain text'}, not options with values.`,
      {
        remedy: 'Write `preset: sample` for a start; "Configuration" in the README shows every option.',
      },
    );
  }
  try {
    return { tree: document.toJS() as Tree, source: { file, document, lines } };
  } catch (cause) {
    const alias = danglingAlias(document);
    if (alias !== undefined)
      throw noYaml(
        file,
        `line ${lines.linePos(alias.offset).line} refers to *${alias.name}, and no &${alias.name} is before it`,
      );
    // Far too many aliases.
    throw noYaml(file, cause instanceof Error ? cause.message : String(cause));
  }
}

const noYaml = (file: string, why: string) =>
  new OnecardError(`${file} is not valid YAML: ${why}.`, {
    remedy: 'Correct that place: YAML indents with blanks, never tabs, and closes each quote and bracket.',
  });

function yamlProblem(error: YAMLError, document: Document, lines: LineCounter): string {
  const line = (offset: number) => lines.linePos(offset).line;
  const [at] = error.pos;
  if (error.code === 'MULTIPLE_DOCS') return `line ${line(at)} begins a second document`;
  if (error.code === 'TAB_AS_INDENT') return `line ${line(at)} is indented with a tab`;
  if (/^Missing closing ["']/.test(error.message)) {
    // The parser names the end of the file; the reader looks for where the quote was opened.
    return `a quote that is opened in line ${line(openedBefore(at, document))} is never closed`;
  }
  const [message = ''] = error.message.split('\n');
  return message.replace(/ at line (\d+), column (\d+):?$/, ' (line $1, column $2)');
}

function danglingAlias(document: Document): { name: string; offset: number } | undefined {
  let found: { name: string; offset: number } | undefined;
  visit(document, {
    Alias(_, node) {
      if (node.resolve(document) !== undefined) return undefined;
      found = { name: node.source, offset: node.range?.[0] ?? 0 };
      return visit.BREAK;
    },
  });
  return found;
}

/** Where the quoted text begins that goes on up to there. */
function openedBefore(end: number, document: Document): number {
  let start = end;
  visit(document, {
    Scalar(_, { type, range }) {
      if (type?.startsWith('QUOTE') && range && range[1] >= end) start = range[0];
    },
  });
  return start;
}

function readText(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (cause) {
    const code = cause instanceof Error && 'code' in cause ? cause.code : undefined;
    throw new OnecardError(
      `The configuration file ${file} ${code === 'ENOENT' ? 'does not exist' : `cannot be read (${code})`}.`,
      {
        remedy: 'Check the path given with --config.',
        cause,
      },
    );
  }
}

function wrongPreset({ preset }: Tree): Problem | undefined {
  if (preset === undefined || (typeof preset === 'string' && Object.hasOwn(PRESETS, preset)))
    return undefined;
  const names = Object.keys(PRESETS);
  const text =
    preset === null
      ? 'is empty'
      : `has to be ${listed(names)}, not ${shown(preset)}, or left out with every option given`;
  return { path: ['preset'], text };
}

function presetOf({ preset }: Tree): Tree {
  return preset === undefined ? {} : PRESETS[preset as keyof typeof PRESETS];
}

/** Below these, options are merged one by one; anything else, a condition included, is replaced as a whole. */
const MERGED = [
  'operators',
  'persons',
  'card',
  'unmapped',
  'volatileColumns',
  'match',
  'match.keys',
  'policies',
];

function merge(base: Tree, over: Tree, path = ''): Tree {
  const merged = Object.entries(over).map(([key, value]) => {
    const below = base[key];
    const place = `${path}${key}`;
    const isMerged = MERGED.includes(place) && isTree(below) && isTree(value);
    return [key, isMerged ? merge(below, value, `${place}.`) : value];
  });
  return { ...base, ...Object.fromEntries(merged) };
}

const isTree = (value: unknown): value is Tree =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** Flags that are wrong are reported as flags. */
function withPolicies(tree: Tree, flags: PolicyFlags): Tree {
  const given = Object.entries(flags).filter(([policy, value]) => isAllowed(policy, value));
  return given.length === 0 ? tree : merge(tree, { policies: Object.fromEntries(given) });
}

function isAllowed(policy: string, value: string | undefined): boolean {
  const allowed: readonly (string | undefined)[] = POLICIES[policy as PolicyName];
  return allowed.includes(value);
}

function wrongFlags(flags: PolicyFlags): FlagProblem[] {
  return Object.entries(flags).flatMap(([policy, value]): FlagProblem[] => {
    if (value === undefined || isAllowed(policy, value)) return [];
    const flag = `--${policy.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
    return [
      { flag, text: `has to be ${listed(POLICIES[policy as PolicyName])}, not ${JSON.stringify(value)}` },
    ];
  });
}

/** What a card must not hold, whatever the rest of the configuration is like. */
function refusedColumns({ card, persons }: Tree): Problem[] {
  if (!isTree(card)) return [];
  const own = isTree(persons) ? [persons['key'], columnOf(persons['ssp']), columnOf(persons['caller'])] : [];
  return Object.entries(card).flatMap(([column, source]): Problem[] => {
    const from = isTree(source) ? columnOf(source['from']) : undefined;
    const path = ['card', column];
    if (typeof from === 'string' && isCredential(from))
      return [{ path, text: `copies ${from}, which looks like a credential: leave it out` }];
    if (isCredential(column) && !isHarmless(source))
      return [{ path, text: 'looks like a credential: leave it out, or give it the constant ""' }];
    if (isSspLogin(column) && !isHarmless(source))
      return [{ path, text: 'is about the login to the SSP, which a card has no access to: leave it out' }];
    if (own.includes(column)) return [{ path, text: 'is set by onecard itself: leave it out' }];
    return [];
  });
}

/** Required columns need a value; flags, numbers and empty texts open no door. */
const isHarmless = (source: unknown) =>
  isTree(source) && 'value' in source && (typeof source['value'] !== 'string' || source['value'] === '');

/** Of a value or a flag, in its short form or the long one. */
const columnOf = (named: unknown) => (isTree(named) ? named['column'] : named);

function parse(input: ConfigurationInput, source: Source | undefined): Configuration {
  const { operators, persons } = input;
  return {
    preset: input.preset,
    digest: createHash('sha256').update(JSON.stringify(input)).digest('hex'),
    placeOf: (option) => placeIn(source, option),
    operators: {
      table: tableName(operators.table),
      key: operators.key,
      link: operators.link,
      name: operators.name.map(parseValue),
      rows: optional(operators.rows, parseCondition),
      apiAccount: optional(operators.apiAccount, parseCondition),
      excluded: optional(operators.excluded, parseCondition),
      archived: optional(operators.archived, parseCondition),
      anonymized: optional(operators.anonymized, parseCondition),
      lastLogin: optional(operators.lastLogin, parseValue),
    },
    persons: {
      table: tableName(persons.table),
      key: persons.key,
      name: persons.name.map(parseValue),
      ssp: parseFlag(persons.ssp),
      caller: parseFlag(persons.caller),
      archived: optional(persons.archived, parseCondition),
      anonymized: optional(persons.anonymized, parseCondition),
    },
    card: Object.entries(input.card).map(([column, source]) => ({
      column,
      source:
        'from' in source
          ? { from: parseValue(source.from), onMisfit: source.onMisfit ?? 'review' }
          : { value: source.value },
    })),
    unmapped: input.unmapped,
    volatileColumns: input.volatileColumns,
    references: input.references.map(({ table, column, holds }) => ({
      table: tableName(table),
      column,
      holds,
    })),
    match: {
      keys: Object.entries(input.match.keys).map(([name, { operator, person }]) => ({
        name,
        operator: parseValue(operator),
        person: parseValue(person),
      })),
      ignoreValues: input.match.ignoreValues.map(normalized),
    },
    policies: input.policies,
  };
}

function optional<In, Out>(input: In | undefined, parsed: (input: In) => Out): Out | undefined {
  return input === undefined ? undefined : parsed(input);
}

const parseValue = (input: ValueInput): Value =>
  typeof input === 'string'
    ? { column: input, rows: undefined }
    : { column: input.column, rows: parseRows(input) };

const parseRows = ({ table, on, where }: OtherRowsInput): OtherRows => ({
  table: tableName(table),
  on: Object.entries(on).map(([theirs, ours]) => ({ theirs, ours })),
  where: optional(where, parseCondition),
});

function parseCondition(input: ConditionInput): Condition {
  if ('row' in input) return { row: parseRows(input.row) };
  if ('all' in input) return { all: input.all.map(parseCondition) };
  if ('any' in input) return { any: input.any.map(parseCondition) };
  if ('not' in input) return { not: parseCondition(input.not) };
  return input;
}

const parseFlag = (input: ConfigurationInput['persons']['ssp']): Flag =>
  'row' in input ? { row: parseRows(input.row) } : input;

function tableName(input: OtherRowsInput['table']): TableName {
  if (typeof input !== 'string') return { schema: input.schema, name: input.name };
  const dot = input.indexOf('.');
  return dot < 0
    ? { schema: undefined, name: input }
    : { schema: input.slice(0, dot), name: input.slice(dot + 1) };
}
