import { randomBytes } from 'node:crypto';
import { hostname, userInfo } from 'node:os';
import type { Knex } from 'knex';
import type { Database } from '../database/database.js';
import type { Dialect } from '../database/dialect.js';
import type { Session } from '../database/session.js';
import { OnecardError } from '../errors.js';
import type { Configuration } from '../model/configuration.js';
import { DRIFT_KINDS, type Drift } from '../model/drift.js';
import { ExitCode } from '../model/exit-code.js';
import { VERSION } from '../version.js';
import type { Arrivals, Closing, ReadBack, Run, RunState } from './run.js';

interface RunRow {
  id: string;
  state: RunState;
  token: number | string;
  tool_version: string;
  identity: string;
  configuration_digest: string;
  policies: string;
  ticket: string | null;
  actor: string;
  started_at: string;
  heartbeat_at: string;
  finished_at: string | null;
  actions: string | number | null;
  decisions: string | number | null;
  done: string | number;
  activity: string;
  read_back: string;
  closing: string | null;
  digest_key: string;
  audit_head: string | null;
  plan_digest: string | null;
  drift: string | null;
}

/** What a run does while nothing holds it up. */
const WORKING = 'working';

/** The journal's table `run`: which runs there were, and how far each came. */
export class RunTable {
  readonly #knex: Knex;
  readonly #table: string;

  constructor(database: Database) {
    this.#knex = database.knex;
    this.#table = database.journalTable('run');
  }

  /** The newest first. */
  async all(session: Session): Promise<Run[]> {
    const rows = await session.rows<RunRow>(
      this.#knex(this.#table)
        .select('*')
        .orderBy([
          { column: 'started_at', order: 'desc' },
          { column: 'id', order: 'desc' },
        ]),
    );
    return rows.map(readRun);
  }

  async find(session: Session, id: string): Promise<Run | undefined> {
    const [row] = await session.rows<RunRow>(this.#knex(this.#table).select('*').where({ id }));
    return row === undefined ? undefined : readRun(row);
  }

  async start(
    session: Session,
    database: Database,
    configuration: Configuration,
    readBack: ReadBack,
    { ticket, planDigest }: { ticket: string | undefined; planDigest: string | undefined },
  ): Promise<Run> {
    const now = new Date().toISOString();
    const row: RunRow = {
      id: runId(now),
      state: 'planning',
      token: 1,
      tool_version: VERSION,
      identity: JSON.stringify(database.identity),
      configuration_digest: configuration.digest,
      policies: JSON.stringify(configuration.policies),
      ticket: ticket ?? null,
      actor: actorOfProcess(),
      started_at: now,
      heartbeat_at: now,
      finished_at: null,
      actions: null,
      decisions: null,
      done: 0,
      activity: WORKING,
      read_back: JSON.stringify(readBack),
      closing: null,
      digest_key: randomBytes(32).toString('hex'),
      audit_head: null,
      plan_digest: planDigest ?? null,
      drift: null,
    };
    await session.run(this.#knex(this.#table).insert(row));
    return readRun(row);
  }

  /** Takes an unfinished run over: what still works on it elsewhere is refused from now on. */
  async takeOver(session: Session, run: Run): Promise<Run> {
    const token = run.token + 1;
    await this.#update(session, run, { token, activity: WORKING });
    return { ...run, token };
  }

  async planned(
    session: Session,
    run: Run,
    counts: { actions: number; decisions: number },
    drift: Drift | undefined,
  ): Promise<Run> {
    const planned: Run = { ...run, state: 'applying', ...counts, drift: drift ?? null };
    await this.#update(session, run, {
      state: planned.state,
      ...counts,
      drift: drift === undefined ? null : JSON.stringify(drift),
    });
    return planned;
  }

  async enter(
    session: Session,
    run: Run,
    state: Exclude<RunState, 'planning' | 'applying'>,
    more: { readonly auditHead?: string; readonly closing?: Closing } = {},
  ): Promise<Run> {
    const finishedAt =
      state === 'done' || state === 'rolled-back' ? new Date().toISOString() : run.finishedAt;
    const entered: Run = { ...run, state, finishedAt, ...more };
    // What is not given stays as it is in the journal, where it may be newer than here.
    await this.#update(session, run, {
      state,
      finished_at: finishedAt,
      ...(more.auditHead !== undefined && { audit_head: more.auditHead }),
      ...(more.closing !== undefined && { closing: JSON.stringify(more.closing) }),
    });
    return entered;
  }

  /** Leaves nothing that its digests could be guessed back with, and of its lists only how long they are. */
  async purge(session: Session, run: Run): Promise<void> {
    await this.#update(session, run, { ...withoutLists(run), digest_key: '' });
  }

  /** Takes an operator, and the person that it was linked to, out of the lists of a run. */
  async leaveOut(session: Session, run: Run, keys: readonly string[]): Promise<void> {
    await this.#update(session, run, withoutLists(run, keys));
  }

  /** @param head the last link of its report. */
  noteReport(session: Session, run: Run, head: string): Promise<void> {
    return this.#update(session, run, { audit_head: head });
  }

  /**
   * Shows that the run goes on, and how far it is. In a batch's own transaction it fences: another's token
   * refuses the batch.
   */
  async beat(session: Session, run: Run, progress: { done?: number; activity?: string } = {}): Promise<void> {
    await this.#update(session, run, {
      heartbeat_at: new Date().toISOString(),
      activity: progress.activity ?? WORKING,
      ...(progress.done !== undefined && { done: progress.done }),
    });
  }

  async forget(session: Session, run: Run): Promise<void> {
    await session.run(this.#knex(this.#table).where({ id: run.id, state: 'planning' }).delete());
  }

  async #update(session: Session, run: Run, values: object): Promise<void> {
    const updated = await session.run(
      this.#knex(this.#table).where({ id: run.id, token: run.token }).update(values),
    );
    if (updated === 1) return;
    throw new OnecardError(`Another process has taken over the run ${run.id}.`, {
      remedy: 'Let that one finish; nothing of this batch was written.',
      exitCode: ExitCode.Locked,
    });
  }
}

/** @param keys only they are left out; undefined for everything. */
function withoutLists({ closing, drift }: Run, keys?: readonly string[]): Partial<RunRow> {
  const stays = (key: string) => keys !== undefined && !keys.includes(key);
  const fewer = ({ count, first }: Arrivals): Arrivals => ({ count, first: first.filter(stays) });
  const drifted = drift && {
    ...drift,
    ...Object.fromEntries(
      DRIFT_KINDS.map((kind) => [
        kind,
        { ...drift[kind], first: drift[kind].first.filter(({ operator }) => stays(operator)) },
      ]),
    ),
  };
  return {
    closing:
      closing &&
      JSON.stringify({
        doubleLinks: fewer(closing.doubleLinks),
        lateCandidates: fewer(closing.lateCandidates),
      }),
    drift: drifted && JSON.stringify(drifted),
  };
}

/** Who runs onecard, and where. */
export const actorOfProcess = () => `${userInfo().username}@${hostname()}`;

/** Sorts by time and can be typed: 20261123-0215-k7qd. */
export function runId(now: string): string {
  const time = now.replace(/[-:]/g, '').replace('T', '-').slice(0, 13);
  const letters = 'abcdefghjkmnpqrstuvwxyz23456789';
  return `${time}-${[...randomBytes(4)].map((byte) => letters[byte % letters.length]).join('')}`;
}

function readRun(row: RunRow): Run {
  return {
    id: row.id,
    state: row.state,
    token: Number(row.token),
    toolVersion: row.tool_version,
    identity: JSON.parse(row.identity) as Run['identity'],
    configurationDigest: row.configuration_digest,
    policies: JSON.parse(row.policies) as Run['policies'],
    ticket: row.ticket,
    actor: row.actor,
    startedAt: row.started_at,
    heartbeatAt: row.heartbeat_at,
    finishedAt: row.finished_at,
    actions: row.actions === null ? null : Number(row.actions),
    decisions: row.decisions === null ? null : Number(row.decisions),
    done: Number(row.done),
    activity: row.activity,
    readBack: JSON.parse(row.read_back) as ReadBack,
    closing: row.closing === null ? null : (JSON.parse(row.closing) as Closing),
    digestKey: row.digest_key,
    auditHead: row.audit_head,
    planDigest: row.plan_digest,
    drift: row.drift === null ? null : (JSON.parse(row.drift) as Drift),
  };
}

/** In place of a seal: the row was purged, and says whom it was about no more. */
export const PURGED = 'purged';

/** What seals a row of `decision` or `change`: a keyed digest of the columns that matter. */
export function sealSql(sql: Dialect, run: Run, columns: readonly string[]): string {
  return sql.hmac(sql.jsonArray(columns.map((column) => sql.text(column))), run.digestKey);
}
export const DECISION_SEALED = [
  'position',
  'operator',
  'decision',
  'action',
  'reason',
  'person',
  'operator_fields',
  'person_fields',
] as const;
export const CHANGE_SEALED = [
  'position',
  'operator',
  'action',
  'person',
  'state',
  'reason',
  'found',
  'operator_before',
  'operator_after',
  'card_digest',
] as const;
export const TAKEN_BACK_SEALED = [
  'position',
  'rollback',
  'operator',
  'action',
  'person',
  'state',
  'reason',
  'applied_at',
  'taken_back_at',
] as const;
export const HUMAN_DECISION_SEALED = [
  'number',
  'operator',
  'decision',
  'person',
  'who',
  'note',
  'file_digest',
  'taken_at',
] as const;
