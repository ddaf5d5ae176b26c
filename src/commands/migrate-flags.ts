import type { PolicyFlags } from '../config/load.js';
import type { Decision } from '../model/decision.js';
import { POLICIES, type PolicyName } from '../model/policies.js';
import type { SharedFlags } from './terminal.js';

/** What `onecard migrate` takes; `planOut`, `only` and their like are about a dry run. */
export interface MigrateFlags extends SharedFlags, PolicyFlags {
  readonly dryRun?: boolean;
  readonly limit?: number;
  readonly only?: string;
  readonly decision?: Decision;
  readonly planOut?: string;
  /** The file of an approved plan. */
  readonly plan?: string;
  readonly planDigest?: string;
  readonly strict?: boolean;
  /** A filled decisions file. */
  readonly decisions?: string;
  readonly sql?: boolean;
  readonly yes?: boolean;
  readonly allowSchemaChanges?: boolean;
  readonly batchSize?: number;
  /** Milliseconds. */
  readonly batchTime: number;
  /** Milliseconds. */
  readonly lockTimeout: number;
  readonly maxFailures: number;
  readonly stopAt?: Date;
  readonly pauseFile?: string;
  /** Milliseconds. */
  readonly sleep: number;
  readonly ticket?: string;
  readonly detailedExitcode?: boolean;
}

/** What decides what a run does, and has to be said again for it to do the same. */
const DECISIVE = ['config', 'databaseUrl', 'decisions', ...(Object.keys(POLICIES) as PolicyName[])] as const;

type Repeated = Partial<Record<(typeof DECISIVE)[number], string | undefined>>;

/** The flags to type for another command to work on the same: ` --config FILE --on-match link`, for a shell. */
export function sameFlags(
  given: Repeated,
  more: Readonly<Record<string, string | boolean | undefined>>,
): string {
  const repeated = DECISIVE.map((name) => [name, given[name]] as const);
  return [...repeated, ...Object.entries(more)]
    .flatMap(([name, value]) => {
      if (value === undefined || value === false) return [];
      const flag = ` --${name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
      return [value === true ? flag : `${flag} ${inShell(value)}`];
    })
    .join('');
}

/** As it is where no shell would read it otherwise. */
const inShell = (text: string) =>
  /^[\w./:@%+=,-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`;
