import type { DatabaseIdentity } from '../database/database.js';
import type { Drift } from '../model/drift.js';
import type { Policies } from '../model/policies.js';

/**
 * The states of a run:
 * planning     → applying      its decisions are in the journal, all of them or none
 * applying     → closing       every decision with an action has its change
 * closing      → done          classified once more, verified, reported
 * applying, closing, done → rolling-back   somebody takes it back; it is not resumed any more
 * rolling-back → rolled-back   every change of it is taken back, or kept for a reason
 */
export const RUN_STATES = ['planning', 'applying', 'closing', 'done', 'rolling-back', 'rolled-back'] as const;
export type RunState = (typeof RUN_STATES)[number];

/**
 * The states of a change:
 * applied      written
 * stale        not written, since what it was planned for had changed
 * failed       not written, since the database refused this very row
 * applied → rolled-back   taken back
 * applied → kept          to be taken back, but somebody has changed it or refers to it since
 */
export const CHANGE_STATES = ['applied', 'stale', 'failed', 'rolled-back', 'kept'] as const;
export type ChangeState = (typeof CHANGE_STATES)[number];

/** Columns that are read back after a write, so that a rollback can tell what others changed since. */
export interface ReadBack {
  /** Of the operator: those that the server moves by itself on every update. */
  readonly stamps: readonly string[];
  /** Of a new card: all but those that the application moves by itself. */
  readonly card: readonly string[];
  /** The tables, their keys and the link: what is to be read back again has to be in the same place. */
  readonly place: readonly string[];
}

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
  /** When it last showed that it goes on. */
  readonly heartbeatAt: string;
  readonly finishedAt: string | null;
  /** Decisions with an action; null until the run is planned. */
  readonly actions: number | null;
  readonly decisions: number | null;
  /** Decisions with an action that were handled: the last position. */
  readonly done: number;
  /** `working`, or why it waits. */
  readonly activity: string;
  readonly readBack: ReadBack;
  /** What the closing classification found; null until then. */
  readonly closing: Closing | null;
  /** 32 bytes of hex: keys the digests of this run, so that values cannot be guessed back from them. */
  readonly digestKey: string;
  readonly auditHead: string | null;
  /** Of the approved plan that it was started with, if any. */
  readonly planDigest: string | null;
  /** How the database differed from that plan; null without one. */
  readonly drift: Drift | null;
}

/** What arrived while the run worked; the lists hold the first hundred of each. */
export interface Closing {
  /** Persons that this run linked, and that have more than one operator. */
  readonly doubleLinks: Arrivals;
  /** Operators that this run made a card for, while another, unlinked person now shares their keys. */
  readonly lateCandidates: Arrivals;
}

export interface Arrivals {
  readonly count: number;
  /** Keys of cards, the lowest first. */
  readonly first: readonly string[];
}

/** A run that another one has to finish before it starts anything new. */
export const isUnfinished = ({ state }: Run): boolean => state === 'applying' || state === 'closing';

/** Its key is gone: nothing can be told from what is left of its rows. */
export const isPurged = ({ digestKey }: Run): boolean => digestKey === '';
