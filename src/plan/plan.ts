import { cardColumns } from '../config/card-fields.js';
import type { CardField } from '../config/checked.js';
import { asColumnWrites } from '../config/comparable.js';
import type { Layout } from '../config/layout.js';
import type { Database } from '../database/database.js';
import type { Dialect } from '../database/dialect.js';
import type { Session } from '../database/session.js';
import {
  type Action,
  type Card,
  type CardValue,
  consequenceOf,
  consequenceOfWord,
  type Decision,
  type Finding,
  type PlannedOperator,
  type Reason,
  type Tally,
} from '../model/decision.js';
import type { Drift } from '../model/drift.js';
import type { HumanDecision } from '../model/human-decision.js';
import type { ApprovedPlan } from './approved-plan.js';
import { cardValueSql, shownSql } from './card-values.js';
import { classificationSql, tallySql } from './classification.js';
import { findDecided } from './decided.js';
import { findDrift } from './drift.js';
import { readEvidence } from './evidence.js';
import { legendOf } from './legend.js';
import { Tallies } from './tallies.js';

/** Holds an approved plan against the database as it is, read-only. */
export async function comparePlan(
  session: Session,
  layout: Layout,
  database: Database,
  plan: ApprovedPlan,
  decisions: readonly HumanDecision[] = [],
): Promise<{ tallies: readonly Tally[]; drift: Drift }> {
  const tallies = new Tallies();
  const drift = await findDrift(
    plan.lines(),
    counted(streamPlan(session, layout, database, decisions), tallies),
  );
  return { tallies: tallies.all(), drift };
}

async function* counted(plan: AsyncIterable<PlannedOperator>, tallies: Tallies) {
  for await (const planned of plan) {
    tallies.add(planned);
    yield planned;
  }
}

/**
 * How many operators get which decision, counted by the server.
 * @param options `decisions` of a file that no run has taken yet; `onFinding` is told the key of each operator with
 *   a finding.
 */
export async function tallyPlan(
  session: Session,
  layout: Layout,
  database: Database,
  {
    decisions,
    onFinding,
  }: {
    readonly decisions?: readonly HumanDecision[] | undefined;
    readonly onFinding?: (operator: string) => void;
  } = {},
): Promise<Tally[]> {
  const tallies = new Tallies();
  const decided = await findDecided(session, database, decisions);
  const statement = tallySql(layout, database.dialect, decided);
  for await (const { operator, operators, ...what } of session.stream<TallyRow>(statement)) {
    if (operator !== null) onFinding?.(operator);
    tallies.count({ ...what, operators: Number(operators) });
  }
  return tallies.all();
}

interface TallyRow {
  decision: Decision;
  action: Action;
  reason: Reason;
  finding: Finding | null;
  operator: string | null;
  operators: string;
}

/** A row of the classification as the server gives it: texts and nulls. */
export interface ClassifiedRow {
  operator: string;
  name: string;
  decision: Decision;
  action: Action;
  reason: Reason;
  finding: Finding | null;
  person: string | null;
  evidence: string | null;
  detail: string | null;
  misfit: string | null;
  /** What the operator gives to a card, as a JSON array of texts in the order of the card's columns. */
  card: string;
}

/**
 * Every operator's decision in the order of their keys, read piece by piece.
 * @param decisions of a file that no run has taken yet.
 */
export async function* streamPlan(
  session: Session,
  layout: Layout,
  database: Database,
  decisions: readonly HumanDecision[] = [],
): AsyncIterable<PlannedOperator> {
  const { dialect: sql } = database;
  const decided = await findDecided(session, database, decisions);
  const card = new CardReader(layout);
  const legend = legendOf(layout);
  const order = sql.keyOrder('c.operator', layout.operatorKey);
  const texts = ['name', 'reason', 'finding', 'person', 'evidence', 'detail', 'misfit', 'card'].map(
    (column) => `c.${column}`,
  );
  const statement = `SELECT ${sql.text('c.operator')} AS operator, ${texts.join(', ')}
  FROM (${classificationSql(layout, sql, { card: card.valuesSql(sql) }, decided)}) AS c
 ORDER BY ${order}`;
  for await (const row of session.stream<ClassifiedRow>(statement)) {
    const { operator, name, reason, finding, person } = row;
    const { evidence, candidates, candidateCount } = readEvidence(row, legend);
    const word = reason === 'decided' ? evidence.find((each) => 'decided' in each)?.decided : undefined;
    const { decision, action } =
      word === undefined ? consequenceOf(reason, layout.configuration.policies) : consequenceOfWord(word);
    yield {
      operator,
      name,
      decision,
      action,
      reason,
      finding,
      person,
      evidence,
      candidates,
      candidateCount,
      card: action === 'create' ? card.read(JSON.parse(row.card)) : null,
    };
  }
}

/** Reads the fields of a new card: those an operator gives, and constants from the configuration. */
export class CardReader {
  readonly #given: readonly { readonly field: CardField; readonly isBoolean: boolean }[];
  /** Every column in its place, so that a million cards share one shape. */
  readonly #template: Card;

  constructor(layout: Layout) {
    const fields = cardColumns(layout);
    this.#template = Object.fromEntries(fields.map((field) => [field.column, constantOf(field)]));
    this.#given = fields
      .filter(({ source }) => 'from' in source)
      .map((field) => ({ field, isBoolean: field.target?.family === 'boolean' }));
  }

  /** One column for all: a million rows of twenty columns each take the driver longer than the server. */
  valuesSql(sql: Dialect): string {
    return sql.jsonArray(this.#given.map(({ field }) => shownSql(sql, field, cardValueSql(sql, 'o', field))));
  }

  read(given: readonly (string | null)[]): Card {
    const card: Record<string, CardValue> = { ...this.#template };
    this.#given.forEach(({ field, isBoolean }, index) => {
      const value = given[index] ?? null;
      card[field.column] = isBoolean && value !== null ? isTrue(value) : value;
    });
    return card;
  }
}

/** A column that the run has yet to add gets the type of what it grants. */
function constantOf({ target, source }: CardField): CardValue {
  const given = 'value' in source ? source.value : null;
  const value = given === null || target === undefined ? given : asColumnWrites(target, given);
  return typeof value === 'number' ? String(value) : value;
}

const isTrue = (text: string): boolean => text === 'true' || text === 't' || text === '1';
