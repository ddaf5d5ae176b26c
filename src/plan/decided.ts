import type { Database } from '../database/database.js';
import type { Session } from '../database/session.js';
import { HumanDecisionTable } from '../journal/human-decisions.js';
import type { HumanDecision } from '../model/human-decision.js';
import type { ClassifiedTables } from './classified-tables.js';
import { linkSql } from './expressions.js';

/** Where a classification finds what humans have decided. */
export interface Decided {
  /** The journal has decisions. */
  readonly isRemembered: boolean;
  /** Of a file that no run has taken yet; they count more than those in the journal. */
  readonly file: readonly HumanDecision[];
}

/** Undefined where nobody has decided anything: the classification then costs nothing more. */
export async function findDecided(
  session: Session,
  database: Database,
  file: readonly HumanDecision[] = [],
): Promise<Decided | undefined> {
  const isRemembered = await new HumanDecisionTable(database).isFilled(session);
  return isRemembered || file.length > 0 ? { isRemembered, file } : undefined;
}

/** Higher than any number in the journal. */
const NEWEST = Number.MAX_SAFE_INTEGER;

/**
 * Named queries; `decided`, the last of them, has a row for each operator that a standing decision is about. A link
 * is left out where its person is gone or taken by now, where its operator gets none, and where a newer decision
 * gives the same person to another: those operators are classified as if nobody had decided.
 */
export function decidedCtes(of: ClassifiedTables, { isRemembered, file }: Decided): string[] {
  const { sql, layout } = of;
  const operatorKey = `o.${of.operatorKey}`;
  const personKey = `p.${of.personKey}`;
  // In the query that the server keeps, or it would find no key to search it by.
  const digest = sql.materialized === '' ? `${sql.digest(operatorKey)} AS digest, ` : '';
  const rows = file.map(({ operator, word, person, who, note }) => [operator, word, person, who, note]);
  const said = [
    ...(isRemembered
      ? [
          `SELECT h.number, h.operator, h.decision AS word, h.person, h.who, h.note FROM ${sql.journal('human_decision')} AS h`,
        ]
      : []),
    ...(rows.length > 0
      ? [
          `SELECT ${NEWEST} AS number, f.* FROM (${sql.constants(['operator', 'word', 'person', 'who', 'note'], rows)}) AS f`,
        ]
      : []),
  ];
  return [
    `-- what humans have decided, the newest first
said AS (
  SELECT s.*, ROW_NUMBER() OVER (PARTITION BY s.operator ORDER BY s.number DESC) AS newness
    FROM (${said.join('\n           UNION ALL\n          ')}) AS s)`,
    `-- those that stand, held against the cards as they are; of two that give one person away, the newer
standing AS (
  SELECT ${operatorKey} AS operator, ${digest}s.word, s.who, s.note, ${personKey} AS person,
         ROW_NUMBER() OVER (PARTITION BY ${personKey} ORDER BY s.number DESC) AS place
    FROM said AS s
    JOIN ${of.operatorTable} AS o ON ${sql.isKey(operatorKey, 's.operator', layout.operatorKey)}
    LEFT JOIN ${of.personTable} AS p ON s.word = 'link' AND ${sql.isKey(personKey, 's.person', layout.personKey)}
    LEFT JOIN (SELECT DISTINCT ${linkSql(sql, layout, 't')} AS person FROM ${of.operatorTable} AS t) AS t ON t.person = ${personKey}
   WHERE s.newness = 1 AND s.word <> 'undecided'
     AND (s.word <> 'link' OR (${personKey} IS NOT NULL AND t.person IS NULL AND ${of.link} IS NULL AND CASE ${of.outside()} ${of.skipped()} END IS NULL)))`,
    `decided AS (
  SELECT s.* FROM standing AS s WHERE s.word <> 'link' OR s.place = 1)`,
  ];
}
