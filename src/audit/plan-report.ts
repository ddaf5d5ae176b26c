import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import type { DatabaseIdentity } from '../database/database.js';
import { actorOfProcess, runId } from '../journal/journal.js';
import type { Configuration } from '../model/configuration.js';
import type { PlannedOperator, Tally } from '../model/decision.js';
import { VERSION } from '../version.js';
import { Chain, saltOf } from './chain.js';
import { ReportFile, RUNS_FOLDER } from './files.js';
import { AUDIT_FORMAT } from './source.js';
import { writeSummary } from './summary.js';

interface Facts {
  readonly plan: string;
  readonly database: DatabaseIdentity;
  readonly ticket: string | null;
  readonly startedAt: string;
}

/** What a dry run came to. */
interface PlanSummary extends Facts {
  readonly operators: number;
  readonly totals: readonly Tally[];
  readonly report: string;
  readonly auditHead: string;
}

/** The audit report of a dry run. No journal knows of it, hence its head has to be noted elsewhere. */
export class PlanReport {
  readonly #workingFolder: string;
  readonly #facts: Facts;
  readonly #file: ReportFile;
  readonly #chain = new Chain();
  /** Used for nothing but the salts of this file. */
  readonly #key = randomBytes(32).toString('hex');
  #operators = 0;

  private constructor(workingFolder: string, facts: Facts, file: ReportFile) {
    this.#workingFolder = workingFolder;
    this.#facts = facts;
    this.#file = file;
  }

  /** @throws OnecardError where the file cannot be written; so do the other methods. */
  static async create(
    workingFolder: string,
    database: DatabaseIdentity,
    configuration: Configuration,
    ticket: string | undefined,
  ): Promise<PlanReport> {
    const startedAt = new Date().toISOString();
    const plan = `plan-${runId(startedAt)}`;
    const facts = { plan, database, ticket: ticket ?? null, startedAt };
    const report = new PlanReport(
      workingFolder,
      facts,
      await ReportFile.create(workingFolder, plan, 'audit.ndjson'),
    );
    await report.#write({
      kind: 'plan',
      format: AUDIT_FORMAT,
      run: plan,
      tool: `onecard ${VERSION}`,
      database,
      configuration: { digest: configuration.digest, effective: JSON.parse(configuration.text) },
      policies: configuration.policies,
      ticket: facts.ticket,
      actor: actorOfProcess(),
      startedAt,
    });
    return report;
  }

  async add(planned: PlannedOperator): Promise<void> {
    const { operator, decision, action, reason, finding, person, candidates, evidence } = planned;
    await this.#write({
      kind: 'operator',
      operator,
      decision,
      action,
      reason,
      finding,
      person,
      candidates,
      evidence,
      salt: saltOf(this.#key, 'plan', String(++this.#operators)),
    });
  }

  async finish(
    tallies: readonly Tally[],
    asMarkdown: (summary: PlanSummary) => string,
  ): Promise<{ readonly folder: string; readonly head: string }> {
    const totals: Record<string, number> = {};
    for (const { decision, operators } of tallies) totals[decision] = (totals[decision] ?? 0) + operators;
    await this.#write({
      kind: 'summary',
      operators: this.#operators,
      totals: Object.fromEntries(Object.entries(totals).sort()),
    });
    await this.#file.finish();
    const folder = join(RUNS_FOLDER, this.#facts.plan);
    const summary = {
      ...this.#facts,
      operators: this.#operators,
      totals: tallies,
      report: folder,
      auditHead: this.#chain.head,
    };
    await writeSummary(this.#workingFolder, this.#facts.plan, summary, asMarkdown);
    return { folder, head: this.#chain.head };
  }

  /** Leaves no half of a report behind. */
  discard(): Promise<void> {
    return this.#file.discard();
  }

  async #write(value: object): Promise<void> {
    await this.#file.write(this.#chain.link(value));
  }
}
