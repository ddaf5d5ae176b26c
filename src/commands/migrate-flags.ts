import type { PolicyFlags } from '../config/load.js';
import type { Decision } from '../model/decision.js';
import type { SharedFlags } from './terminal.js';

/** What `onecard migrate` takes; `planOut`, `only` and their like are about a dry run. */
export interface MigrateFlags extends SharedFlags, PolicyFlags {
  readonly dryRun?: boolean;
  readonly limit?: number;
  readonly only?: string;
  readonly decision?: Decision;
  readonly planOut?: string;
  /** Keeps an audit report of a dry run. */
  readonly report?: boolean;
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
