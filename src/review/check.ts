import type { Layout } from '../config/layout.js';
import type { Database } from '../database/database.js';
import type { Session } from '../database/session.js';
import { OnecardError } from '../errors.js';
import { HumanDecisionTable, type RememberedDecision } from '../journal/human-decisions.js';
import { type Decision, REASONS, type Reason } from '../model/decision.js';
import {
  DECISION_WORDS,
  type DecisionWord,
  type FilledFile,
  type HumanDecision,
} from '../model/human-decision.js';
import { CardRules } from '../plan/card-rules.js';
import { classificationSql } from '../plan/classification.js';
import { findDecided } from '../plan/decided.js';
import { linkSql } from '../plan/expressions.js';
import { type DecisionLine, readLines, spellingsOf } from './lines.js';
import { type DecisionProblem, inQuotes, type ProblemKind, refuseProblems } from './problems.js';

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

interface OperatorFacts {
  readonly operator: string;
  readonly decision: Decision;
  readonly reason: Reason;
  /** The linked person. */
  readonly person: string | null;
  /** A value that cannot be stored on a new card, as a JSON array [column, value, problem]. */
  readonly misfit: string | null;
}

interface PersonFacts {
  readonly person: string;
  /** Those who are linked to it. */
  readonly operators: string | null;
}

/** What the database says about the operators and persons of a file, by their keys. */
interface Facts {
  readonly operators: ReadonlyMap<string, OperatorFacts>;
  readonly persons: ReadonlyMap<string, PersonFacts>;
  readonly remembered: ReadonlyMap<string, RememberedDecision>;
  readonly claimed: ReadonlyMap<string, RememberedDecision>;
}

async function findFacts(
  session: Session,
  database: Database,
  layout: Layout,
  decided: readonly DecisionLine[],
): Promise<Facts> {
  const operators = [...new Set(decided.flatMap(({ operator }) => spellingsOf(operator)))];
  const persons = [...new Set(decided.flatMap(({ person }) => (person === null ? [] : spellingsOf(person))))];
  const table = new HumanDecisionTable(database);
  const isFilled = operators.length > 0 && (await table.isFilled(session));
  return {
    operators: operators.length === 0 ? new Map() : await findOperators(session, database, layout, operators),
    persons: persons.length === 0 ? new Map() : await findPersons(session, database, layout, persons),
    remembered: isFilled ? await table.about(session, operators) : new Map(),
    claimed: isFilled && persons.length > 0 ? await table.claimed(session, layout, persons) : new Map(),
  };
}

const asRows = (texts: readonly string[]) => texts.map((text) => [text]);

/** As they would be classified had nobody decided anything. */
async function findOperators(
  session: Session,
  { dialect: sql }: Database,
  layout: Layout,
  keys: readonly string[],
): Promise<Map<string, OperatorFacts>> {
  const rows = await session.rows<OperatorFacts>(
    `SELECT f.operator, c.decision, c.reason, c.person, c.misfit
  FROM (${classificationSql(layout, sql)}) AS c
  JOIN (${sql.constants(['operator'], asRows(keys))}) AS f ON ${sql.isKey('c.operator', 'f.operator', layout.operatorKey)}`,
  );
  return new Map(rows.map((row) => [row.operator, row]));
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

async function findPersons(
  session: Session,
  { dialect: sql }: Database,
  layout: Layout,
  keys: readonly string[],
): Promise<Map<string, PersonFacts>> {
  const { operators, persons } = layout.configuration;
  const key = `p.${sql.identifier(persons.key)}`;
  const rows = await session.rows<{ person: string; operator: string | null }>(
    `SELECT ${sql.text(key)} AS person, ${sql.text(`o.${sql.identifier(operators.key)}`)} AS operator
  FROM (${sql.constants(['person'], asRows(keys))}) AS f
  JOIN ${sql.table(layout.persons.name)} AS p ON ${sql.isKey(key, 'f.person', layout.personKey)}
  LEFT JOIN ${sql.table(layout.operators.name)} AS o ON ${linkSql(sql, layout, 'o')} = ${key}
 ORDER BY person, operator`,
  );
  const facts = new Map<string, PersonFacts>();
  for (const { person, operator } of rows) {
    const known = facts.get(person)?.operators;
    facts.set(person, { person, operators: known ? `${known}, ${operator}` : operator });
  }
  return facts;
}

class Judgement {
  readonly problems: DecisionProblem[] = [];
  known = 0;
  readonly #facts: Facts;
  readonly #rowOfOperator = new Map<string, number>();
  readonly #rowOfPerson = new Map<string, number>();
  readonly #link: string;

  constructor(facts: Facts, layout: Layout) {
    this.#facts = facts;
    this.#link = layout.configuration.operators.link;
  }

  /** @returns what is to be taken; undefined where there is a problem, or where it was taken already. */
  judge(line: DecisionLine): HumanDecision | undefined {
    const before = this.problems.length;
    const facts = this.#operator(line);
    const person = line.word === 'link' ? this.#person(line) : null;
    if (facts === undefined || line.word === undefined) return undefined;
    if (line.word === 'link' && person === null) return undefined;
    const { word, who, note } = line;
    const decision = { operator: facts.operator, word, person, who, note };
    if (this.#isKnown(decision)) {
      this.known++;
      return undefined;
    }
    this.#judgeOperator(line, facts);
    if (person !== null) this.#judgePerson(line, facts.operator, person);
    return this.problems.length > before ? undefined : decision;
  }

  #operator(line: DecisionLine): OperatorFacts | undefined {
    const facts = find(this.#facts.operators, line.operator);
    if (facts === undefined) {
      this.#complain(
        line,
        'unknown-operator',
        `There is no operator ${inQuotes(line.operator)}${hint(line.operator)}.`,
      );
      return undefined;
    }
    const earlier = this.#rowOfOperator.get(facts.operator);
    if (earlier !== undefined) {
      this.#complain(
        line,
        'repeated-operator',
        `The operator ${inQuotes(facts.operator)} is in row ${earlier} already.`,
      );
      return undefined;
    }
    this.#rowOfOperator.set(facts.operator, line.row);
    return facts;
  }

  #person(line: DecisionLine): string | null {
    if (line.person === null) return null;
    const facts = find(this.#facts.persons, line.person);
    if (facts === undefined) {
      this.#complain(
        line,
        'unknown-person',
        `There is no person ${inQuotes(line.person)}${hint(line.person)}.`,
      );
      return null;
    }
    const earlier = this.#rowOfPerson.get(facts.person);
    if (earlier !== undefined)
      this.#complain(
        line,
        'person-twice',
        `The person ${inQuotes(facts.person)} is given to the operator in row ${earlier} already.`,
      );
    this.#rowOfPerson.set(facts.person, earlier ?? line.row);
    return facts.person;
  }

  /** What an earlier run has taken, word for word, is no news: it may have been carried out by now. */
  #isKnown({ operator, word, person }: HumanDecision): boolean {
    const remembered = this.#facts.remembered.get(operator);
    if (word === 'undecided') return remembered === undefined || remembered.word === word;
    return remembered !== undefined && remembered.word === word && remembered.person === person;
  }

  #judgeOperator(line: DecisionLine, { operator, decision, reason, person, misfit }: OperatorFacts): void {
    if (line.word === 'undecided') return;
    if (decision === 'linked')
      this.#complain(
        line,
        'linked-by-now',
        `The operator ${inQuotes(operator)} is linked to the person ${inQuotes(person ?? '')} by now.`,
      );
    else if (reason === 'broken-link')
      this.#complain(
        line,
        'broken-link',
        `The link of the operator ${inQuotes(operator)} leads to a person that does not exist: the application has to empty ${this.#link} first.`,
      );
    else if (decision === 'skip')
      this.#complain(
        line,
        'not-under-review',
        `The operator ${inQuotes(operator)} is not under review: ${REASONS[reason]}.`,
      );
    else if (line.word === 'create' && misfit !== null) this.refuseCard(line, misfit);
  }

  /** @param misfit a JSON array [column, value, problem]. */
  refuseCard(line: DecisionLine, misfit: string): void {
    const [column, value, problem] = JSON.parse(misfit) as [string, string | null, string];
    this.#complain(
      line,
      'does-not-fit',
      `A new card cannot hold ${column} ${inQuotes(value ?? '')}: ${problem}.`,
    );
  }

  #judgePerson(line: DecisionLine, operator: string, person: string): void {
    const { operators } = this.#facts.persons.get(person) ?? { operators: null };
    if (operators !== null) {
      this.#complain(
        line,
        'person-linked',
        `The person ${inQuotes(person)} is linked to the operator ${inQuotes(operators)} by now.`,
      );
      return;
    }
    const claim = this.#facts.claimed.get(person);
    if (claim === undefined || claim.operator === operator || this.#isDecidedHere(claim.operator)) return;
    this.#complain(
      line,
      'person-claimed',
      `The person ${inQuotes(person)} was given to the operator ${inQuotes(claim.operator)} by ${inQuotes(claim.who)} (run ${claim.run}), who is not linked yet: decide that one anew, too, or take it back with undecided.`,
    );
  }

  #isDecidedHere(operator: string): boolean {
    return this.#facts.operators.has(operator);
  }

  #complain({ row, operator }: DecisionLine, kind: ProblemKind, text: string): void {
    this.problems.push({ row, operator, kind, text });
  }
}

function find<T>(facts: ReadonlyMap<string, T>, cell: string): T | undefined {
  for (const spelling of spellingsOf(cell)) {
    const found = facts.get(spelling);
    if (found !== undefined) return found;
  }
  return undefined;
}

/** Spreadsheets rewrite what looks like a number or a date to them. */
function hint(key: string): string {
  return /^\d+[.,]?\d*E\+?\d+$/i.test(key.trim()) || /^\d{16,}$/.test(key.trim())
    ? '; a spreadsheet has rewritten a long number: import the column as text'
    : '';
}
