import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { type Document, isMap, LineCounter, parseDocument } from 'yaml';
import type { z } from 'zod';
import { OnecardError } from '../errors.js';
import type { CardField, Configuration, TableName } from '../model/configuration.js';
import { POLICIES, type PolicyName } from '../model/policies.js';
import { DEFAULTS, PRESETS } from './presets.js';
import { type ConfigurationInput, configurationSchema } from './schema.js';

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
  const source = file === undefined ? undefined : readYaml(file);
  const written = source?.tree ?? { preset: 'sample' };
  const merged = merge(merge(DEFAULTS, presetOf(written['preset'])), written);
  const withFlags = merge(merged, { policies: checkedFlags(flags) });
  const result = configurationSchema.safeParse(withFlags);
  if (!result.success) throw invalid(file ?? 'the configuration', result.error.issues, source);
  return parse(result.data, file ?? 'the configuration');
}

interface Source {
  readonly tree: Tree;
  readonly document: Document;
  readonly lines: LineCounter;
}

function readYaml(file: string): Source {
  const text = readText(file);
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines });
  const [error] = document.errors;
  if (error) {
    throw new OnecardError(`${file} is not valid YAML: ${error.message.split('\n')[0]?.replace(/:$/, '')}`, {
      remedy: 'Mend that line; `onecard migrate --dry-run` without --config shows the embedded sample.',
    });
  }
  if (!isMap(document.contents)) {
    throw new OnecardError(
      `${file} holds no configuration: it has to be a YAML mapping such as \`preset: sample\`.`,
      {
        remedy: 'See "Configuration" in the README for an example.',
      },
    );
  }
  return { tree: document.toJS() as Tree, document, lines };
}

function readText(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (cause) {
    const missing = (cause as NodeJS.ErrnoException).code === 'ENOENT';
    throw new OnecardError(
      `The configuration file ${file} ${missing ? 'does not exist' : 'cannot be read'}.`,
      {
        remedy: 'Check the path given with --config.',
        cause,
      },
    );
  }
}

function presetOf(name: unknown): Tree {
  return typeof name === 'string' && name in PRESETS ? PRESETS[name as keyof typeof PRESETS] : {};
}

/** Objects are merged; anything else, a condition included, is replaced as a whole. */
function merge(base: Tree, over: Tree): Tree {
  const merged: Tree = { ...base };
  for (const [key, value] of Object.entries(over)) {
    if (value === undefined) continue;
    const below = merged[key];
    merged[key] = isTree(below) && isTree(value) && !isWhole(value) ? merge(below, value) : value;
  }
  return merged;
}

const isTree = (value: unknown): value is Tree =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
const WHOLE = ['column', 'all', 'any', 'from', 'value', 'operator', 'person'];
const isWhole = (tree: Tree) => WHOLE.some((key) => key in tree);

function checkedFlags(flags: PolicyFlags): Tree {
  for (const [policy, value] of Object.entries(flags)) {
    const allowed: readonly string[] = POLICIES[policy as PolicyName];
    if (value === undefined || allowed.includes(value)) continue;
    const flag = policy.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
    throw new OnecardError(`--${flag} ${JSON.stringify(value)} is no policy of onecard.`, {
      remedy: `Use one of: ${allowed.join(', ')}.`,
    });
  }
  return { ...flags };
}

function invalid(file: string, issues: z.core.$ZodIssue[], source: Source | undefined): OnecardError {
  const problems = issues.flatMap((issue) => {
    const keys = issue.code === 'unrecognized_keys' ? issue.keys : [];
    const paths = keys.length > 0 ? keys.map((key) => [...issue.path, key]) : [issue.path];
    return paths.map((path) => {
      const place = [lineOf(source, path), path.join('.')].filter(Boolean).join(', ');
      return `  ${place}: ${keys.length > 0 ? 'no such option' : message(issue)}`;
    });
  });
  return new OnecardError(
    `${file} has ${problems.length === 1 ? 'a problem' : `${problems.length} problems`}:\n${problems.join('\n')}`,
    {
      remedy: 'See "Configuration" in the README for every option.',
    },
  );
}

function message(issue: z.core.$ZodIssue): string {
  if (issue.code === 'invalid_union') return 'is not of a form that is known here';
  if (issue.code === 'invalid_type' && issue.input === undefined) return 'is missing';
  return issue.message;
}

/** The line of the deepest part of the path that the file has. */
function lineOf(source: Source | undefined, path: readonly PropertyKey[]): string | undefined {
  if (!source) return undefined;
  for (let depth = path.length; depth > 0; depth--) {
    const node = source.document.getIn(path.slice(0, depth), true);
    const range = typeof node === 'object' && node !== null && 'range' in node ? node.range : undefined;
    if (Array.isArray(range)) return `line ${source.lines.linePos(Number(range[0])).line}`;
  }
  return undefined;
}

/** Columns whose name says that they hold a credential are never copied onto a card. */
const CREDENTIAL = /passw|pwd|hash|token|secret|salt|credential/i;

function parse(input: ConfigurationInput, file: string): Configuration {
  const card: CardField[] = Object.entries(input.card).map(([column, source]) => ({ column, source }));
  const sspLogin = new Set(Object.values(input.match.keys).map((key) => key.person));
  for (const { column, source } of card) {
    if (CREDENTIAL.test(column) || ('from' in source && CREDENTIAL.test(source.from))) {
      throw new OnecardError(`${file}: card.${column} looks like a credential, which is never copied.`, {
        remedy: `Remove it from "card".`,
      });
    }
    if (/ssp.*login|login.*ssp/i.test(column) && sspLogin.has(column)) {
      throw new OnecardError(
        `${file}: card.${column} is the SSP login name; a card has no access to the SSP.`,
        {
          remedy: `Remove it from "card".`,
        },
      );
    }
    if (
      column === input.persons.ssp.column ||
      column === input.persons.caller.column ||
      column === input.persons.key
    ) {
      throw new OnecardError(`${file}: card.${column} is set by onecard itself and cannot be mapped.`, {
        remedy: `Remove it from "card".`,
      });
    }
  }
  return {
    preset: input.preset,
    digest: createHash('sha256').update(JSON.stringify(input)).digest('hex'),
    operators: {
      table: tableName(input.operators.table),
      key: input.operators.key,
      link: input.operators.link,
      name: input.operators.name,
      rows: input.operators.rows,
      apiAccount: input.operators.apiAccount,
      excluded: input.operators.excluded,
      archived: input.operators.archived,
      anonymized: input.operators.anonymized,
      lastLogin: input.operators.lastLogin,
    },
    persons: {
      table: tableName(input.persons.table),
      key: input.persons.key,
      name: input.persons.name,
      ssp: input.persons.ssp,
      caller: input.persons.caller,
      archived: input.persons.archived,
      anonymized: input.persons.anonymized,
    },
    card,
    match: {
      keys: Object.entries(input.match.keys).map(([name, sides]) => ({ name, ...sides })),
      ignoreValues: input.match.ignoreValues,
    },
    policies: input.policies,
  };
}

function tableName(text: string): TableName {
  const dot = text.indexOf('.');
  return dot < 0
    ? { schema: undefined, name: text }
    : { schema: text.slice(0, dot), name: text.slice(dot + 1) };
}
