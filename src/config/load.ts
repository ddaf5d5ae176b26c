import type { Configuration } from '../model/configuration.js';
import { POLICIES, type PolicyName } from '../model/policies.js';
import { DEFAULTS } from './defaults.js';
import { parseConfiguration } from './parse.js';
import { PRESETS } from './presets.js';
import {
  explain,
  type FlagProblem,
  listed,
  type Problem,
  problemsOf,
  shown,
  wrongConfiguration,
} from './problems.js';
import { refusedColumns } from './refused-columns.js';
import { configurationSchema } from './schema.js';
import { isTree, type Tree } from './tree.js';
import { readYaml } from './yaml-file.js';

/** The file that is read when no `--config` names another. */
export const DEFAULT_FILE = 'onecard.yaml';

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
  return parseConfiguration(result.data, source);
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
