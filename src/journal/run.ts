import type { DatabaseIdentity } from '../database/database.js';
import type { Policies } from '../model/policies.js';

/**
 * The states of a run:
 * planning → applying   its decisions are in the journal, all of them or none
 * applying → closing    every decision with an action has its change
 * closing  → done       classified once more, verified, reported
 */
export const RUN_STATES = ['planning', 'applying', 'closing', 'done'] as const;
export type RunState = (typeof RUN_STATES)[number];

/** Of a change: `stale` was not written, since what it was planned for had changed. */
export type ChangeState = 'applied' | 'stale';

export interface Run {
  readonly id: string;
  readonly state: RunState;
  readonly token: number;
  readonly toolVersion: string;
  readonly identity: DatabaseIdentity;
  readonly configurationDigest: string;
  readonly policies: Policies;
  readonly ticket: string | null;
  readonly actor: string;
  readonly startedAt: string;
  readonly finishedAt: string | null;
  /** Decisions with an action; null until the run is planned. */
  readonly actions: number | null;
  readonly decisions: number | null;
  /** 32 bytes of hex: keys the digests of this run, so that values cannot be guessed back from them. */
  readonly digestKey: string;
  readonly auditHead: string | null;
}

/** A run that another one has to finish before it starts anything new. */
export const isUnfinished = ({ state }: Run): boolean => state === 'applying' || state === 'closing';
