import { createHash } from 'node:crypto';
import { accessSync, constants, lstatSync, mkdirSync, rmdirSync, rmSync, writeFileSync } from 'node:fs';
import { rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Layout } from '../config/layout.js';
import type { Database } from '../database/database.js';
import { OnecardError } from '../errors.js';
import type { Action, Decision, Finding, Reason } from '../model/decision.js';
import { ExitCode } from '../model/exit-code.js';
import { readEvidence } from '../plan/evidence.js';
import { PrivateFile } from '../private-file.js';
import { differencesOf, STALE_FIELDS, type StaleFields } from './differences.js';
import { HumanDecisionTable } from './human-decisions.js';
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
  refuseLink(runs, RUNS_FOLDER, 'nothing was changed');
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

/** Whoever may write into the working folder could lead reports, or their names, elsewhere. */
function refuseLink(path: string, name: string, state: string): void {
  if (!isLink(path)) return;
  throw new OnecardError(`${name} is a symbolic link, and reports are not written through links.`, {
    remedy: `Remove it, or run onecard in the folder that it leads to; ${state}.`,
    exitCode: ExitCode.Usage,
  });
}

function isLink(path: string): boolean {
  try {
    return lstatSync(path).isSymbolicLink();
  } catch {
    // It is not there, or cannot be: making it will tell.
    return false;
  }
}

const REASONS: Readonly<Record<string, string>> = {
  EEXIST: 'a file of that name is in its place',
  ENOTDIR: 'a file of that name is in its place',
  EACCES: 'this user may not write there',
  EPERM: 'this user may not write there',
  EROFS: 'the file system is read-only',
  ENOSPC: 'there is no space left',
  EDQUOT: 'the quota of this user is used up',
  EFBIG: 'the file would be larger than is allowed',
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
  const chain = new Chain();
  await writeReport(workingFolder, run, 'audit.ndjson', (write) =>
    writeLines(database, layout, run, (value) => write(chain.link(value))),
  );
  return { folder: join(RUNS_FOLDER, run.id), head: chain.head };
}

async function writeLines(
  database: Database,
  layout: Layout,
  run: Run,
  write: (value: object) => Promise<void>,
): Promise<void> {
  const totals: Record<string, number> = {};
  const humanDecisions = await database.snapshot((session) =>
    new HumanDecisionTable(database).takenBy(session, run),
  );
  await write({
    kind: 'run',
    run: run.id,
    tool: `onecard ${run.toolVersion}`,
    database: run.identity,
    configuration: run.configurationDigest,
    policies: run.policies,
    ticket: run.ticket,
    ...(run.planDigest !== null && { plan: run.planDigest }),
    ...(humanDecisions !== null && { humanDecisions }),
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
export async function writeSummary(
  workingFolder: string,
  run: Run,
  markdown: string,
  json: object,
): Promise<void> {
  await writeReport(workingFolder, run, 'summary.md', (write) => write(markdown));
  await writeReport(workingFolder, run, 'summary.json', (write) =>
    write(`${JSON.stringify(json, null, 2)}\n`),
  );
}

/**
 * Writes a file of a run's report, whole or not at all; it replaces the one that this run has left there when it
 * was cut short.
 * @throws OnecardError that tells that the data are whole and how the report is finished.
 */
async function writeReport(
  workingFolder: string,
  run: Run,
  name: string,
  fill: (write: (text: string) => Promise<void>) => Promise<void>,
): Promise<void> {
  const folder = join(RUNS_FOLDER, run.id);
  const path = join(workingFolder, folder, name);
  for (const place of [RUNS_FOLDER, folder, join(folder, name)])
    refuseLink(join(workingFolder, place), place, WHOLE);
  // What the database says while it is read is no failure of the file.
  const onDisk = <T>(work: () => Promise<T>) =>
    work().catch((error) => {
      throw reportFailure(error, folder);
    });
  const file = await onDisk(async () => {
    mkdirSync(join(workingFolder, folder), { recursive: true, mode: 0o700 });
    await rm(`${path}.part`, { force: true });
    return PrivateFile.create(`${path}.part`);
  });
  try {
    await fill((text) => onDisk(() => file.write(text)));
    await onDisk(async () => {
      await file.finish();
      await rename(file.path, path);
    });
  } catch (error) {
    await file.discard();
    throw error;
  }
}

const WHOLE = 'data and journal are whole, and the same command then finishes the report';

function reportFailure(error: unknown, folder: string): OnecardError {
  const cause = error instanceof OnecardError ? error.cause : error;
  return new OnecardError(`The report in ${folder} cannot be written: ${reasonOf(cause)}.`, {
    remedy: `Mend that; ${WHOLE}.`,
    exitCode: ExitCode.Failed,
    cause,
  });
}
