import type { Layout } from '../config/layout.js';
import type { Database } from '../database/database.js';
import type { Session } from '../database/session.js';
import { OnecardError } from '../errors.js';
import {
  DECISION_WORDS,
  type DecisionWord,
  type FilledFile,
  type HumanDecision,
} from '../model/human-decision.js';
import { CardRules } from '../plan/card-rules.js';
import { classificationSql } from '../plan/classification.js';
import { findDecided } from '../plan/decided.js';
import { asRows, findFacts } from './facts.js';
import { Judgement } from './judgement.js';
import { type DecisionLine, readLines } from './lines.js';
import { type DecisionProblem, refuseProblems } from './problems.js';

/** More than these go into more than one file. */
const MOST_DECISIONS = 50_000;
/** In characters, for one statement to hold them on every server. */
const MOST_TEXT = 4_000_000;

/** A decisions file, held against the database. */
export interface DecisionsCheck {
  readonly problems: readonly DecisionProblem[];
  /** Lines by their decision. */
  readonly counts: Readonly<Record<DecisionWord, number>>;
  /** Lines that are left empty. */
  readonly open: number;
  /** Lines that say what an earlier run has taken already. */
  readonly known: number;
  /** What is to be taken; complete where there is no problem. */
  readonly decisions: readonly HumanDecision[];
}

/**
 * Holds a decisions file against the database as it is, and against what was decided before; everything that is
 * wrong is found at once, in the order of the rows.
 * @throws OnecardError where the file holds more than one statement can.
 */
export async function checkDecisions(
  session: Session,
  database: Database,
  layout: Layout,
  file: FilledFile,
): Promise<DecisionsCheck> {
  const { decided, open, problems } = readLines(file.lines);
  refuseTooMany(file.path, decided);
  const facts = await findFacts(session, database, layout, decided);
  const judged = new Judgement(facts, layout);
  const taken = decided.flatMap((line) => {
    const decision = judged.judge(line);
    return decision === undefined ? [] : [{ line, decision }];
  });
  const decisions = taken.map(({ decision }) => decision);
  const twins = await findTwins(session, database, layout, decisions);
  for (const { line, decision } of taken) {
    const misfit = twins.get(decision.operator);
    if (misfit !== undefined) judged.refuseCard(line, misfit);
  }
  return {
    problems: [...problems, ...judged.problems].sort((a, b) => a.row - b.row),
    counts: Object.fromEntries(
      DECISION_WORDS.map((word) => [word, decided.filter((line) => line.word === word).length]),
    ) as Record<DecisionWord, number>,
    open,
    known: judged.known,
    decisions,
  };
}

/**
 * What a file decides anew; nothing without a file.
 * @throws OnecardError with exit code 2 that lists what is wrong with it.
 */
export async function checkedDecisions(
  session: Session,
  database: Database,
  layout: Layout,
  file: FilledFile | undefined,
): Promise<readonly HumanDecision[]> {
  if (file === undefined) return [];
  const { problems, decisions } = await checkDecisions(session, database, layout, file);
  refuseProblems(file.path, problems);
  return decisions;
}

function refuseTooMany(path: string, decided: readonly DecisionLine[]): void {
  const text = decided.reduce(
    (sum, { operator, person, who, note }) => sum + `${operator}${person ?? ''}${who}${note}`.length,
    0,
  );
  if (decided.length <= MOST_DECISIONS && text <= MOST_TEXT) return;
  throw new OnecardError(
    `The decisions file ${path} holds ${decided.length.toLocaleString('en')} decisions; a run takes at most ${MOST_DECISIONS.toLocaleString('en')} at a time, and ${MOST_TEXT.toLocaleString('en')} characters.`,
    { remedy: 'Split it, and take one file after the other.' },
  );
}

/**
 * Each new card may fit by itself, and yet a unique index allow only one of them: of the operators that are to get
 * one, those that would not, with what cannot be stored.
 */
async function findTwins(
  session: Session,
  database: Database,
  layout: Layout,
  decisions: readonly HumanDecision[],
): Promise<Map<string, string>> {
  const { dialect: sql } = database;
  const keys = decisions.filter(({ word }) => word === 'create').map(({ operator }) => operator);
  if (keys.length === 0 || new CardRules(layout, sql).uniqueValues().length === 0) return new Map();
  const all = await findDecided(session, database, decisions);
  const rows = await session.rows<{ operator: string; misfit: string }>(
    `SELECT f.operator, c.misfit
  FROM (${classificationSql(layout, sql, {}, all)}) AS c
  JOIN (${sql.constants(['operator'], asRows(keys))}) AS f ON ${sql.isKey('c.operator', 'f.operator', layout.operatorKey)}
 WHERE c.reason = 'does-not-fit' AND c.misfit IS NOT NULL`,
  );
  return new Map(rows.map(({ operator, misfit }) => [operator, misfit]));
}
