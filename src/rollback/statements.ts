import { type Batch, type Statement, withinSql } from '../apply/statements.js';
import { columnOf, type Layout } from '../config/layout.js';
import type { Reference } from '../config/references.js';
import type { Dialect } from '../database/dialect.js';
import { CHANGE_SEALED, PURGED, sealSql } from '../journal/journal.js';
import { cardDigestSql, operatorStateSql } from '../journal/read-back.js';
import type { ChangeState, Run } from '../journal/run.js';
import { linkSql } from '../plan/expressions.js';
import {
  CARD_EDITED,
  CARD_GONE,
  CARD_REFERENCED,
  LINK_CHANGED,
  OPERATOR_GONE,
  STAMP_MOVED,
} from './reasons.js';
import { usesSql } from './uses.js';

/** What a rollback is about: the changes of a run in these states. */
export interface Scope {
  readonly layout: Layout;
  readonly sql: Dialect;
  readonly run: Run;
  readonly references: readonly Reference[];
  /** One that was kept may be tried again. */
  readonly states: readonly ChangeState[];
}

/** Expressions about the change `c`, its operator `o` and its card `p`. */
export function expressionsOf({ layout, sql, run }: Scope) {
  const { operators, persons } = layout.configuration;
  const linkColumn = columnOf(layout.operators, operators.link);
  const operatorKey = `o.${sql.identifier(operators.key)}`;
  const personKey = `p.${sql.identifier(persons.key)}`;
  const onOperator = `${operatorKey} = ${sql.asKey('c.operator', layout.operatorKey)}`;
  const onPerson = `${personKey} = ${sql.asKey('c.person', layout.personKey)}`;
  return {
    operatorKey,
    personKey,
    onOperator,
    onPerson,
    joins: `LEFT JOIN ${sql.table(layout.operators.name)} AS o ON ${onOperator}
    LEFT JOIN ${sql.table(layout.persons.name)} AS p ON c.action = 'create' AND ${onPerson}`,
    linkColumn,
    linkBefore: sql.jsonElement('c.operator_before', 0),
    linkNow: sql.exactText(`o.${sql.identifier(operators.link)}`, linkColumn),
    isOurs: sql.same(sql.text(linkSql(sql, layout, 'o')), 'c.person'),
    cardDigest: cardDigestSql(layout, sql, run, 'p'),
  };
}

/**
 * What becomes of each change: `state` is rolled-back or kept, `reason` says why, or what is left of it.
 * @param where about the change `c`. @param more columns, over c, o and p.
 */
export function outcomeSql(scope: Scope, where: string, more: readonly string[] = [], end = ''): string {
  const { layout, sql, references } = scope;
  const { operatorKey, personKey, joins, linkBefore, linkNow, isOurs, cardDigest } = expressionsOf(scope);
  return `SELECT f.*,
       CASE WHEN f.is_edited = 1 OR f.uses IS NOT NULL OR (f.action = 'link' AND f.link = 'other')
            THEN 'kept' ELSE 'rolled-back' END AS state,
       CASE WHEN f.is_edited = 1 THEN ${sql.literal(CARD_EDITED)}
            WHEN f.uses IS NOT NULL THEN CONCAT(${sql.literal(`${CARD_REFERENCED}: `)}, f.uses)
            WHEN f.link = 'gone' THEN ${sql.literal(OPERATOR_GONE)}
            WHEN f.link = 'other' THEN ${sql.literal(LINK_CHANGED)}
            WHEN f.action = 'create' AND f.has_card = 0 THEN ${sql.literal(CARD_GONE)} END AS reason
  FROM (
  SELECT ${['c.position', 'c.operator', 'c.action', 'c.person', ...more].join(', ')},
         CASE WHEN ${personKey} IS NULL THEN 0 ELSE 1 END AS has_card,
         CASE WHEN ${personKey} IS NOT NULL AND ${cardDigest} <> c.card_digest THEN 1 ELSE 0 END AS is_edited,
         CASE WHEN ${personKey} IS NOT NULL THEN ${usesSql(sql, layout, references)} END AS uses,
         CASE WHEN ${operatorKey} IS NULL THEN 'gone'
              WHEN ${isOurs} THEN 'ours'
              WHEN ${sql.same(linkNow, linkBefore)} THEN 'before'
              ELSE 'other' END AS link
    FROM ${sql.journal('change')} AS c
    ${joins}
   WHERE ${where}${end}) AS f`;
}

/** Changes that a rollback takes up; of one that was purged, nobody knows what it was about. */
export function eligibleSql(scope: Scope, alias: string, batch?: Batch): string {
  const { sql, run } = scope;
  const within =
    batch === undefined ? `${alias}.run_id = ${sql.literal(run.id)}` : withinSql(sql, run, batch, alias);
  return `${within} AND ${untouchedSql(scope, alias)}`;
}

const untouchedSql = ({ sql, states }: Scope, alias: string) =>
  `${alias}.state IN (${states.map(sql.literal).join(', ')}) AND ${alias}.seal <> ${sql.literal(PURGED)}`;

/**
 * How the target of an update meets its source, a batch: by its whole key, and nothing but that narrows it down. A
 * planner that knows nothing of a journal just filled, and expects one row of a run, would otherwise read the run
 * first, and the whole batch anew for each row of it.
 */
const SAME_CHANGE = 'o.run_id = c.run_id AND o.position = c.position';

/** The statements of one batch, in the order in which they run, in one transaction. */
export function batchStatements(scope: Scope, batch: Batch) {
  const { layout, sql, run } = scope;
  const { operators, persons } = layout.configuration;
  const expressions = expressionsOf(scope);
  const { operatorKey, personKey, onOperator, onPerson, joins, linkColumn, linkBefore, isOurs } = expressions;
  const change = sql.journal('change');
  const eligible = eligibleSql(scope, 'c', batch);
  // Its seal is empty: it was decided about in this transaction.
  const atHand = (alias: string) => `${withinSql(sql, run, batch, alias)} AND ${alias}.seal = ''`;
  const limit = `\n   LIMIT ${batch.to - batch.from + 1}`;

  const lockOperators: Statement = {
    why: 'Lock the operators of the batch, so that nobody changes them before it commits.',
    sql: `SELECT ${operatorKey} FROM ${change} AS c
  JOIN ${sql.table(layout.operators.name)} AS o ON ${onOperator}
 WHERE ${eligible}
 ORDER BY c.position
 ${sql.lockRows('o')}`,
  };
  const lockCards: Statement = {
    why: 'Lock the cards, before their references are checked: nobody can refer to them any more.',
    sql: `SELECT ${personKey} FROM ${change} AS c
  JOIN ${sql.table(layout.persons.name)} AS p ON ${onPerson}
 WHERE ${eligible} AND c.action = 'create'
 ORDER BY c.position
 ${sql.lockRows('p', 'toDelete')}`,
  };
  const decide: Statement = {
    why: 'Decide about each: a card that was edited since or is referenced is kept, with its link.',
    sql: sql.updateFrom({
      target: change,
      source: `(${outcomeSql(scope, eligible, ['c.run_id'], limit)})`,
      on: SAME_CHANGE,
      set: [
        ['state', 'c.state'],
        ['reason', 'c.reason'],
        ['changed_at', sql.literal(new Date().toISOString())],
        ['seal', "''"],
      ]
        .map(([column, value]) => `${sql.qualifiedInSet('o')}${column} = ${value}`)
        .join(', '),
      where: untouchedSql(scope, 'o'),
    }),
  };
  const count: Statement = {
    why: 'Count what the next statements have to write.',
    sql: `SELECT c.state,
       ${sql.text(`SUM(${sql.asNumber(isOurs)})`)} AS links, ${sql.text(`COUNT(${personKey})`)} AS cards
  FROM ${change} AS c
    ${joins}
 WHERE ${atHand('c')}
 GROUP BY c.state`,
  };
  const stamps = run.readBack.stamps.map((name, index) => {
    const column = columnOf(layout.operators, name);
    const value = `o.${sql.identifier(name)}`;
    const isAsLeft = sql.same(sql.exactText(value, column), sql.jsonElement('c.operator_after', index + 1));
    const before = sql.asKey(sql.jsonElement('c.operator_before', index + 1), column);
    return [name, `CASE WHEN ${isAsLeft} THEN ${before} ELSE ${value} END`] as const;
  });
  const restoreLinks: Statement = {
    why: 'Set each link, and the stamps that moved with it, back to what they were.',
    sql: sql.updateFrom({
      target: sql.table(layout.operators.name),
      source: change,
      on: onOperator,
      set: [[operators.link, sql.asKey(linkBefore, linkColumn)] as const, ...stamps]
        .map(([column, value]) => `${sql.qualifiedInSet('o')}${sql.identifier(column)} = ${value}`)
        .join(',\n       '),
      where: `${atHand('c')} AND c.state = 'rolled-back' AND ${isOurs}`,
    }),
  };
  const deleteCards: Statement = {
    why: 'Delete the cards.',
    sql: sql.deleteFrom({
      target: sql.table(layout.persons.name),
      source: change,
      on: `o.${sql.identifier(persons.key)} = ${sql.asKey('c.person', layout.personKey)}`,
      where: `${atHand('c')} AND c.state = 'rolled-back' AND c.action = 'create'`,
    }),
  };
  return {
    lockOperators,
    lockCards,
    decide,
    count,
    restoreLinks,
    deleteCards,
    seal: sealStatement(scope, batch),
  };
}

/** Notes where a stamp is not as before, and seals the changes anew. */
export function sealStatement(scope: Scope, batch: Batch): Statement {
  const { layout, sql, run } = scope;
  const { operatorKey, joins } = expressionsOf(scope);
  const atHand = (alias: string) => `${withinSql(sql, run, batch, alias)} AND ${alias}.seal = ''`;
  const state = operatorStateSql(layout, sql, run, 'o');
  const reason = `CASE WHEN c.reason IS NULL AND c.state = 'rolled-back' AND ${operatorKey} IS NOT NULL
                            AND ${state} <> c.operator_before
                       THEN ${sql.literal(STAMP_MOVED)} ELSE c.reason END`;
  const columns = CHANGE_SEALED.map((column) =>
    column === 'reason' ? `${reason} AS reason` : `c.${column}`,
  );
  const seal = sealSql(
    sql,
    run,
    CHANGE_SEALED.map((column) => `c.${column}`),
  );
  return {
    why: 'Note where a stamp could not be put back, and seal the changes.',
    sql: sql.updateFrom({
      target: sql.journal('change'),
      source: `(SELECT c.*, ${seal} AS seal
          FROM (SELECT c.run_id, ${columns.join(', ')}
                  FROM ${sql.journal('change')} AS c
    ${joins}
                 WHERE ${atHand('c')}
                 LIMIT ${batch.to - batch.from + 1}) AS c)`,
      on: SAME_CHANGE,
      set: ['reason', 'seal'].map((column) => `${sql.qualifiedInSet('o')}${column} = c.${column}`).join(', '),
      where: `o.seal = ''`,
    }),
  };
}

/** Keeps the one change of this batch, since the database refuses to take it back. */
export function keepStatement(scope: Scope, batch: Batch, reason: string): Statement {
  const { sql } = scope;
  return {
    why: 'Keep what the database refuses to take back.',
    sql: `UPDATE ${sql.journal('change')} AS c
   SET state = 'kept', reason = ${sql.literal(reason)}, changed_at = ${sql.literal(new Date().toISOString())}, seal = ''
 WHERE ${eligibleSql(scope, 'c', batch)}`,
  };
}

/** The next changes to take up, as one row: the range of their positions. */
export function nextBatchSql(scope: Scope, after: number, rows: number): string {
  const { sql } = scope;
  return `SELECT ${sql.text('MIN(b.position)')} AS first, ${sql.text('MAX(b.position)')} AS last, ${sql.text('COUNT(*)')} AS changes
  FROM (SELECT c.position FROM ${sql.journal('change')} AS c
         WHERE ${eligibleSql(scope, 'c')} AND c.position > ${after}
         ORDER BY c.position LIMIT ${rows}) AS b`;
}
