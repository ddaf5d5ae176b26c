import { createHash } from 'node:crypto';
import { once } from 'node:events';
import {
  accessSync,
  constants,
  createWriteStream,
  mkdirSync,
  rmdirSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { finished } from 'node:stream/promises';
import type { Layout } from '../config/layout.js';
import type { Database } from '../database/database.js';
import { OnecardError } from '../errors.js';
import type { Action, Decision, Finding, Reason } from '../model/decision.js';
import { readEvidence } from '../plan/evidence.js';
import { differencesOf, STALE_FIELDS, type StaleFields } from './differences.js';
import type { ChangeState, Run } from './run.js';

/** Where reports are kept, below the working folder. */
export const RUNS_FOLDER = 'onecard-runs';

/** One operator row of a run, as the audit report says it. */
interface AuditRow extends StaleFields {
  operator: string;
  decision: Decision;
  action: Action;
  reason: Reason;
  finding: Finding | null;
  person: string | null;
  evidence: string | null;
  detail: string | null;
  misfit: string | null;
  state: ChangeState | null;
  card: string | null;
  changed_at: string | null;
  drift: string | null;
}

export interface AuditReport {
  readonly folder: string;
  /** The last link of the chain; the journal keeps it, so that the file can be held against it. */
  readonly head: string;
}

/**
 * Finds out before the first write whether reports can be kept.
 * @throws OnecardError where the folder cannot be made or written to.
 */
export function checkRunsFolder(folder: string): void {
  const runs = join(folder, RUNS_FOLDER);
  try {
    const made = mkdirSync(runs, { recursive: true, mode: 0o700 });
    accessSync(runs, constants.W_OK);
    // Root may write anywhere, but not on a read-only file system.
    const probe = join(runs, `.probe-${process.pid}`);
    writeFileSync(probe, '', { mode: 0o600, flag: 'wx' });
    rmSync(probe);
    // The run may yet be declined or refused: it makes the folder when it has something to keep.
    if (made !== undefined) rmdirSync(runs);
  } catch (cause) {
    throw new OnecardError(
      `The folder ${RUNS_FOLDER} for audit reports cannot be written to: ${reasonOf(cause)}.`,
      {
        remedy: 'Run onecard in a folder where you may write; nothing was changed.',
        cause,
      },
    );
  }
}

const REASONS: Readonly<Record<string, string>> = {
  EEXIST: 'a file of that name is in its place',
  ENOTDIR: 'a file of that name is in its place',
  EACCES: 'this user may not write there',
  EPERM: 'this user may not write there',
  EROFS: 'the file system is read-only',
  ENOSPC: 'there is no space left',
};

function reasonOf(cause: unknown): string {
  const code = cause instanceof Error && 'code' in cause ? String(cause.code) : String(cause);
  return REASONS[code] ?? code;
}

/**
 * Writes the audit report of a run from the journal: `audit.ndjson`, each line with the SHA-256 of itself and
 * the line before. The same journal gives the same bytes.
 */
export async function writeAudit(
  database: Database,
  layout: Layout,
  run: Run,
  workingFolder: string,
): Promise<AuditReport> {
  const folder = join(workingFolder, RUNS_FOLDER, run.id);
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const stream = createWriteStream(join(folder, 'audit.ndjson'), { mode: 0o600 });
  await once(stream, 'open');
  const chain = new Chain();
  const totals: Record<string, number> = {};
  const write = async (value: object) => {
    if (!stream.write(chain.link(value))) await once(stream, 'drain');
  };
  await write({
    kind: 'run',
    run: run.id,
    tool: `onecard ${run.toolVersion}`,
    database: run.identity,
    configuration: run.configurationDigest,
    policies: run.policies,
    ticket: run.ticket,
    ...(run.planDigest !== null && { plan: run.planDigest }),
    actor: run.actor,
    startedAt: run.startedAt,
  });
  await database.snapshot(async (session) => {
    for await (const row of session.stream<AuditRow>(auditSql(database, run))) {
      const outcome = row.state ?? row.decision;
      totals[outcome] = (totals[outcome] ?? 0) + 1;
      await write({ kind: 'operator', ...auditLine(row, layout) });
    }
  });
  await write({
    kind: 'summary',
    operators: run.decisions,
    actions: run.actions,
    totals: sorted(totals),
    closing: run.closing,
    ...(run.drift !== null && { drift: run.drift }),
  });
  stream.end();
  await finished(stream);
  return { folder: join(RUNS_FOLDER, run.id), head: chain.head };
}

function auditSql(database: Database, run: Run): string {
  const { dialect: sql } = database;
  return `SELECT d.operator, d.decision, d.action, d.reason, d.finding, d.person, d.evidence, d.detail, d.misfit,
       c.state, c.person AS card, c.changed_at, d.drift, ${STALE_FIELDS}
  FROM ${sql.journal('decision')} AS d
  LEFT JOIN ${sql.journal('change')} AS c ON c.run_id = d.run_id AND c.position = d.position
 WHERE d.run_id = ${sql.literal(run.id)}
 ORDER BY d.position`;
}

function auditLine(row: AuditRow, layout: Layout): object {
  const { operator, decision, action, reason, finding, state, why, card, changed_at, drift } = row;
  const { evidence, candidates } = readEvidence(row, layout);
  const fields = differencesOf(row, layout);
  const change =
    state === null
      ? null
      : {
          state,
          person: card,
          at: changed_at,
          ...(why !== null && { why }),
          ...(fields.length > 0 && { fields }),
        };
  return {
    operator,
    decision,
    action,
    reason,
    finding,
    person: row.person,
    candidates,
    evidence,
    change,
    ...(drift !== null && { drift: JSON.parse(drift) }),
  };
}

const sorted = (record: Record<string, number>) => Object.fromEntries(Object.entries(record).sort());

/** Lines of which each is bound to all before it. */
class Chain {
  head = ''.padStart(64, '0');

  link(value: object): string {
    const body = JSON.stringify(value).slice(0, -1);
    this.head = createHash('sha256').update(`${this.head}\n${body}`).digest('hex');
    return `${body},"chain":"${this.head}"}\n`;
  }
}

/** Keeps what a run came to beside its audit report, for people and for scripts. */
export function writeSummary(workingFolder: string, run: Run, markdown: string, json: object): void {
  const folder = join(workingFolder, RUNS_FOLDER, run.id);
  writeFileSync(join(folder, 'summary.md'), markdown, { mode: 0o600 });
  writeFileSync(join(folder, 'summary.json'), `${JSON.stringify(json, null, 2)}\n`, { mode: 0o600 });
}
