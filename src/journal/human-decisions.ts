import type { Layout } from '../config/layout.js';
import type { Database } from '../database/database.js';
import type { Session } from '../database/session.js';
import type { DecisionWord, HumanDecision } from '../model/human-decision.js';
import { linkSql } from '../plan/expressions.js';
import { HUMAN_DECISION_SEALED, PURGED, sealSql } from './journal.js';
import type { Run } from './run.js';
import { hasTable } from './tables.js';

/** A decision that a run has taken from a file. */
export interface RememberedDecision extends HumanDecision {
  readonly run: string;
}

/** The file that a run has taken decisions from, and who decided. */
export interface DecisionsTaken {
  readonly digest: string;
  readonly decisions: number;
  readonly who: readonly string[];
}

/** So many rows go into one statement. */
const ROWS = 1000;

/** The journal's table `human_decision`. */
export class HumanDecisionTable {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  exists(session: Session): Promise<boolean> {
    return hasTable(session, this.#database, 'human_decision');
  }

  /** Whether anybody has decided anything yet. */
  async isFilled(session: Session): Promise<boolean> {
    if (!(await this.exists(session))) return false;
    const { dialect: sql } = this.#database;
    const rows = await session.rows(`SELECT 1 AS one FROM ${sql.journal('human_decision')} LIMIT 1`);
    return rows.length > 0;
  }

  /** The newest decision about each of these operators; nothing where there is none. */
  async about(session: Session, operators: readonly string[]): Promise<Map<string, RememberedDecision>> {
    const { dialect: sql } = this.#database;
    const rows = await session.rows<RememberedRow>(
      `SELECT h.operator, h.word, h.person, h.who, h.note, h.run
  FROM (${this.#newestSql()}) AS h
  JOIN (${sql.constants(
    ['operator'],
    operators.map((operator) => [operator]),
  )}) AS f ON f.operator = ${sql.text('h.operator')}
 WHERE h.newness = 1`,
    );
    return new Map(rows.map((row) => [row.operator, row]));
  }

  /** Persons that were decided for operators who are still without a link. */
  async claimed(
    session: Session,
    layout: Layout,
    persons: readonly string[],
  ): Promise<Map<string, RememberedDecision>> {
    const { dialect: sql } = this.#database;
    const rows = await session.rows<RememberedRow>(
      `SELECT h.operator, h.word, h.person, h.who, h.note, h.run
  FROM (${this.#newestSql()}) AS h
  JOIN (${sql.constants(
    ['person'],
    persons.map((person) => [person]),
  )}) AS f ON f.person = ${sql.text('h.person')}
  JOIN ${sql.table(layout.operators.name)} AS o
    ON ${sql.isKey(`o.${sql.identifier(layout.configuration.operators.key)}`, 'h.operator', layout.operatorKey)}
 WHERE h.newness = 1 AND h.word = 'link' AND ${linkSql(sql, layout, 'o')} IS NULL`,
    );
    return new Map(rows.map((row) => [row.person ?? '', row]));
  }

  /** Keeps what a run takes from a file; of one operator, the newest counts from now on. */
  async take(session: Session, run: Run, digest: string, decisions: readonly HumanDecision[]): Promise<void> {
    const { dialect: sql } = this.#database;
    const table = sql.journal('human_decision');
    const [last] = await session.rows<{ number: string }>(
      `SELECT ${sql.text('COALESCE(MAX(number), 0)')} AS number FROM ${table}`,
    );
    const now = new Date().toISOString();
    const columns = ['number', 'operator', 'decision', 'person', 'who', 'note', 'file_digest', 'taken_at'];
    for (let from = 0; from < decisions.length; from += ROWS) {
      const rows = decisions
        .slice(from, from + ROWS)
        .map(({ operator, word, person, who, note }, index) => [
          String(Number(last?.number ?? 0) + from + index + 1),
          operator,
          word,
          person,
          who,
          note,
          digest,
          now,
        ]);
      const values = columns.map((column) =>
        column === 'number' ? sql.asInteger('c.number') : `c.${column}`,
      );
      await session.run(
        `INSERT INTO ${table} (run_id, ${columns.join(', ')}, seal)
SELECT ${sql.literal(run.id)}, ${values.join(', ')}, ${sealSql(
          sql,
          run,
          HUMAN_DECISION_SEALED.map((column) => `c.${column}`),
        )}
  FROM (${sql.constants(columns, rows)}) AS c`,
      );
    }
  }

  /** What a run has taken from a file; null where it was given none, or nothing new. */
  async takenBy(session: Session, run: Run): Promise<DecisionsTaken | null> {
    if (!(await this.exists(session))) return null;
    const { dialect: sql } = this.#database;
    const rows = await session.rows<{ digest: string; who: string; decisions: string }>(
      `SELECT h.file_digest AS digest, h.who, ${sql.text('COUNT(*)')} AS decisions
  FROM ${sql.journal('human_decision')} AS h
 WHERE h.run_id = ${sql.literal(run.id)}
 GROUP BY h.file_digest, h.who`,
    );
    const [first] = rows;
    if (first === undefined) return null;
    return {
      digest: first.digest,
      decisions: rows.reduce((sum, { decisions }) => sum + Number(decisions), 0),
      who: rows.map(({ who }) => who).sort(),
    };
  }

  /** How many there are about an operator. */
  async count(session: Session, operator: string): Promise<number> {
    if (!(await this.exists(session))) return 0;
    const { dialect: sql } = this.#database;
    const [row] = await session.rows<{ decisions: string }>(
      `SELECT ${sql.text('COUNT(*)')} AS decisions FROM ${sql.journal('human_decision')}
 WHERE operator = ${sql.literal(operator)}`,
    );
    return Number(row?.decisions);
  }

  /** Leaves what was decided, which later runs have to know, and takes out who decided and why. */
  async purgeWho(session: Session, run: Run): Promise<void> {
    await session.run(this.#table().where({ run_id: run.id }).update({ who: '', note: '', seal: PURGED }));
  }

  /** Forgets whom a decision was about: no run knows it any more. */
  async purgeOperator(session: Session, operator: string): Promise<void> {
    await session.run(
      this.#table()
        .where({ operator })
        .update({ operator: PURGED, person: null, who: '', note: '', seal: PURGED }),
    );
  }

  #table() {
    return this.#database.knex(this.#database.journalTable('human_decision'));
  }

  #newestSql(): string {
    return `SELECT h.operator, h.decision AS word, h.person, h.who, h.note, h.run_id AS run,
               ROW_NUMBER() OVER (PARTITION BY h.operator ORDER BY h.number DESC) AS newness
          FROM ${this.#database.dialect.journal('human_decision')} AS h`;
  }
}

interface RememberedRow {
  operator: string;
  word: DecisionWord;
  person: string | null;
  who: string;
  note: string;
  run: string;
}
