import { join } from 'node:path';
import type { Database } from '../database/database.js';
import type { Session } from '../database/session.js';
import type { Rollback } from '../journal/rollbacks.js';
import type { Run } from '../journal/run.js';
import type { Action } from '../model/decision.js';
import { saltOf, withheld } from './chain.js';
import { AUDIT_FORMAT, PAGE, type ReportSource, type SourceLine } from './source.js';

interface TakenBackRow {
  position: string;
  operator: string;
  action: Action;
  person: string | null;
  state: 'rolled-back' | 'kept';
  reason: string | null;
  taken_back_at: string;
}

/** The report of a rollback: what became of every change that it took up. */
export class RollbackSource implements ReportSource {
  readonly folder: string;
  readonly #database: Database;
  readonly #run: Run;
  readonly #rollback: Rollback;
  readonly #totals = { 'rolled-back': 0, kept: 0 };

  constructor(database: Database, run: Run, rollback: Rollback) {
    this.folder = join(run.id, `rollback-${rollback.number}`);
    this.#database = database;
    this.#run = run;
    this.#rollback = rollback;
  }

  async head(): Promise<object> {
    const { number, operator, toolVersion, ticket, actor, startedAt } = this.#rollback;
    return {
      kind: 'rollback',
      format: AUDIT_FORMAT,
      run: this.#run.id,
      rollback: number,
      // Which one stands in its line: there it can be purged.
      of: operator === null ? 'the whole run' : 'one operator',
      tool: `onecard ${toolVersion}`,
      database: this.#run.identity,
      configuration: { digest: this.#run.configurationDigest },
      ticket,
      actor,
      startedAt,
    };
  }

  async page(session: Session, after: number, upTo: number): Promise<readonly SourceLine[]> {
    const { dialect: sql } = this.#database;
    const within = (alias: string, last: number) =>
      `${alias}.run_id = ${sql.literal(this.#run.id)} AND ${alias}.rollback = ${this.#rollback.number}
   AND ${alias}.position > ${after} AND ${alias}.position <= ${last}`;
    const rows = await session.rows<TakenBackRow>(
      `SELECT ${sql.text('t.position')} AS position, t.operator, t.action, t.person, t.state, t.reason, t.taken_back_at
  FROM ${sql.journal('taken_back')} AS t
 WHERE ${within('t', upTo)}
 ORDER BY t.position
 LIMIT ${PAGE}`,
    );
    const last = rows.at(-1)?.position;
    if (last === undefined) return [];
    const purged = await session.rows<{ position: string; digest: string }>(
      `SELECT ${sql.text('w.position')} AS position, w.digest
  FROM ${sql.journal('withheld_line')} AS w
 WHERE ${within('w', Number(last))}`,
    );
    const digests = new Map(purged.map(({ position, digest }) => [position, digest]));
    return rows.map((row) => {
      this.#totals[row.state]++;
      const digest = digests.get(row.position);
      return {
        position: Number(row.position),
        value: digest === undefined ? this.#lineOf(row) : withheld(digest),
      };
    });
  }

  #lineOf(row: TakenBackRow): object {
    const { position, operator, action, person, state, reason, taken_back_at: at } = row;
    return {
      kind: 'operator',
      operator,
      action,
      person,
      state,
      ...(reason !== null && { why: reason }),
      at,
      salt: saltOf(this.#run.digestKey, `rollback ${this.#rollback.number}`, position),
    };
  }

  async end(): Promise<object> {
    const { 'rolled-back': takenBack, kept } = this.#totals;
    return { kind: 'summary', operators: takenBack + kept, totals: { kept, 'rolled-back': takenBack } };
  }
}
