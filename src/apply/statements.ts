import type { Layout } from '../config/layout.js';
import type { Dialect } from '../database/dialect.js';
import { OPERATOR_CHANGED, PERSON_CHANGED } from '../journal/differences.js';
import { CHANGE_SEALED, DECISION_SEALED, sealSql } from '../journal/journal.js';
import { cardDigestSql, operatorStateSql } from '../journal/read-back.js';
import type { Run } from '../journal/run.js';
import { classificationSql } from '../plan/classification.js';
import type { Decided } from '../plan/decided.js';
import { linkSql, operatorFieldsSql, personFieldsSql } from '../plan/expressions.js';
import { ownOf } from '../plan/values.js';
import { personFieldSql } from '../plan/verdict.js';

/** A range of positions in the journal's decisions, both ends included. */
export interface Batch {
  readonly from: number;
  readonly to: number;
}

/** A statement of a run, and why it is there: a dry run prints the same for review. */
export interface Statement {
  readonly why: string;
  readonly sql: string;
}

/** Classifies into the journal: what is to be written comes first, in the order of the operators' keys. */
export function planStatement(layout: Layout, sql: Dialect, run: Run, decided?: Decided): Statement {
  const columns = [
    'operator',
    'name',
    'decision',
    'action',
    'reason',
    'finding',
    'person',
    'evidence',
    'detail',
    'misfit',
  ];
  const fields = {
    operator_fields: operatorFieldsSql(sql, layout, 'o'),
    person_fields: `CASE WHEN p.person IS NOT NULL THEN ${sql.jsonArray(layout.keys.map((key) => personFieldSql(sql, key)))} END`,
  };
  const selected = columns.map((column) =>
    column === 'operator' ? `${sql.text('c.operator')} AS operator` : `c.${column}`,
  );
  const all = ['position', ...columns, 'operator_fields', 'person_fields'];
  return {
    why: 'Classify every operator into the journal; those with an action come first.',
    sql: `INSERT INTO ${sql.journal('decision')} (run_id, ${all.join(', ')}, seal)
SELECT ${sql.literal(run.id)}, ${all.map((column) => `d.${column}`).join(', ')}, ${sealSql(
      sql,
      run,
      DECISION_SEALED.map((column) => `d.${column}`),
    )}
  FROM (SELECT ROW_NUMBER() OVER (ORDER BY CASE c.action WHEN 'none' THEN 1 ELSE 0 END, ${sql.keyOrder('c.operator', layout.operatorKey)}) AS position,
               ${selected.join(', ')}, c.operator_fields, c.person_fields
          FROM (${classificationSql(layout, sql, fields, decided)}) AS c) AS d`,
  };
}

/** The statements of one batch, in the order in which they run, in one transaction. */
export function batchStatements(layout: Layout, sql: Dialect, run: Run, batch: Batch) {
  const { configuration } = layout;
  const operatorTable = sql.table(layout.operators.name);
  const personTable = sql.table(layout.persons.name);
  const operatorKey = sql.identifier(configuration.operators.key);
  const personKey = sql.identifier(configuration.persons.key);
  const within = (alias: string) => withinSql(sql, run, batch, alias);
  const operatorOf = (alias: string) =>
    `o.${operatorKey} = ${sql.asKey(`${alias}.operator`, layout.operatorKey)}`;
  const personOf = (alias: string) => `p.${personKey} = ${sql.asKey(`${alias}.person`, layout.personKey)}`;
  const link = linkSql(sql, layout, 'o');
  const operatorFound = operatorFieldsSql(sql, layout, 'o');
  const personFound = personFieldsSql(sql, layout, ownOf(sql, 'p'));

  const newKey = sql.newKey(layout.personKey, layout.persons.name);

  const lockOperators: Statement = {
    why: 'Lock the operators of the batch, so that nobody changes them before it commits.',
    sql: `SELECT o.${operatorKey} FROM ${sql.journal('decision')} AS d
  JOIN ${operatorTable} AS o ON ${operatorOf('d')}
 WHERE ${within('d')}
 ORDER BY d.position
 ${sql.lockRows('o')}`,
  };
  const lockPersons: Statement = {
    why: 'Lock the persons that operators are linked to.',
    sql: `SELECT p.${personKey} FROM ${sql.journal('decision')} AS d
  JOIN ${personTable} AS p ON ${personOf('d')}
 WHERE ${within('d')} AND d.action = 'link'
 ORDER BY d.position
 ${sql.lockRows('p')}`,
  };
  const journalChanges: Statement = {
    why: 'Check once more what each decision rests on, and note what is written: what changed since is stale.',
    sql: `INSERT INTO ${sql.journal('change')} (run_id, position, operator, action, person, state, reason, found, operator_before, changed_at, seal)
SELECT ${sql.literal(run.id)}, c.position, c.operator, c.action, c.person,
       CASE WHEN c.stale IS NULL THEN 'applied' ELSE 'stale' END, c.stale,
       CASE c.stale WHEN '${OPERATOR_CHANGED}' THEN c.operator_found WHEN '${PERSON_CHANGED}' THEN c.person_found END,
       c.operator_before, ${sql.literal(new Date().toISOString())}, ''
  FROM (SELECT d.position, d.operator, d.action,
               CASE d.action WHEN 'create' THEN ${newKey.made === 'ahead' ? newKey.sql : 'NULL'} ELSE d.person END AS person,
               CASE WHEN o.${operatorKey} IS NULL THEN 'the operator is gone'
                    WHEN ${link} IS NOT NULL THEN 'the operator was linked in the meantime'
                    WHEN ${operatorFound} <> d.operator_fields THEN '${OPERATOR_CHANGED}'
                    WHEN d.action = 'link' AND p.${personKey} IS NULL THEN 'the person is gone'
                    WHEN d.action = 'link' AND ${personFound} <> d.person_fields THEN '${PERSON_CHANGED}'
                    WHEN d.action = 'link' AND EXISTS (SELECT 1 FROM ${operatorTable} AS t WHERE t.${sql.identifier(configuration.operators.link)} = ${inLinkSql(layout, sql, `p.${personKey}`)})
                    THEN 'the person was linked to another operator in the meantime' END AS stale,
               ${operatorFound} AS operator_found,
               CASE d.action WHEN 'link' THEN ${personFound} END AS person_found,
               ${operatorStateSql(layout, sql, run, 'o')} AS operator_before
          FROM ${sql.journal('decision')} AS d
          LEFT JOIN ${operatorTable} AS o ON ${operatorOf('d')}
          LEFT JOIN ${personTable} AS p ON d.action = 'link' AND ${personOf('d')}
         WHERE ${within('d')} AND d.action <> 'none'
         LIMIT ${batch.to - batch.from + 1}) AS c`,
  };
  const setLinks: Statement = {
    why: 'Link each operator to its card.',
    sql: sql.updateFrom({
      target: operatorTable,
      source: sql.journal('change'),
      on: operatorOf('c'),
      set: `${sql.qualifiedInSet('o')}${sql.identifier(configuration.operators.link)} = ${sql.asKey('c.person', layout.personKey)}`,
      where: `${within('c')} AND c.state = 'applied'`,
    }),
  };
  return {
    lockOperators,
    lockPersons,
    journalChanges,
    setLinks,
    sealChanges: sealChanges(layout, sql, run, batch),
  };
}

/** A person's key, to be found among the links by their index. */
function inLinkSql({ configuration, operators, personKey }: Layout, sql: Dialect, key: string): string {
  const link = operators.columns.get(configuration.operators.link);
  return link?.family === 'text' && link.collation !== personKey.collation ? sql.asKey(key, link) : key;
}

/** Reads back what the batch has written, whatever defaults and triggers made of it, and seals its changes. */
function sealChanges(layout: Layout, sql: Dialect, run: Run, batch: Batch): Statement {
  const { operators, persons } = layout.configuration;
  const operatorKey = `o.${sql.identifier(operators.key)}`;
  const personKey = `p.${sql.identifier(persons.key)}`;
  const read = ['operator_after', 'card_digest'];
  const kept = CHANGE_SEALED.filter((column) => !read.includes(column));
  return {
    why: 'Read back what was written, whatever defaults and triggers made of it, and seal the changes.',
    sql: sql.updateFrom({
      target: sql.journal('change'),
      source: `(SELECT c.*, ${sealSql(
        sql,
        run,
        CHANGE_SEALED.map((column) => `c.${column}`),
      )} AS seal
          FROM (SELECT c.run_id, ${kept.map((column) => `c.${column}`).join(', ')},
                       CASE c.state WHEN 'applied' THEN ${operatorStateSql(layout, sql, run, 'o')} END AS operator_after,
                       CASE WHEN c.state = 'applied' AND c.action = 'create' THEN ${cardDigestSql(layout, sql, run, 'p')} END AS card_digest
                  FROM ${sql.journal('change')} AS c
                  LEFT JOIN ${sql.table(layout.operators.name)} AS o ON ${operatorKey} = ${sql.asKey('c.operator', layout.operatorKey)}
                  LEFT JOIN ${sql.table(layout.persons.name)} AS p ON c.action = 'create' AND ${personKey} = ${sql.asKey('c.person', layout.personKey)}
                 WHERE ${withinSql(sql, run, batch, 'c')}
                 LIMIT ${batch.to - batch.from + 1}) AS c)`,
      // By the whole key: the server knows nothing of a table that grows, and must not join ranges.
      on: 'o.run_id = c.run_id AND o.position = c.position',
      set: ['operator_after', 'card_digest', 'seal']
        .map((column) => `${sql.qualifiedInSet('o')}${column} = c.${column}`)
        .join(', '),
      where: `o.seal = ''`,
    }),
  };
}

/** Notes that nothing can be written for the one operator of this batch, whose row others may hold. */
export function failStatement(sql: Dialect, run: Run, batch: Batch, reason: string): Statement {
  const noted = ['position', 'operator', 'action', 'person', 'state', 'reason'];
  const sealed = CHANGE_SEALED.map((column) => (noted.includes(column) ? `c.${column}` : 'NULL'));
  return {
    why: 'Note that nothing can be written for this operator.',
    sql: `INSERT INTO ${sql.journal('change')} (run_id, ${noted.join(', ')}, changed_at, seal)
SELECT ${sql.literal(run.id)}, ${noted.map((column) => `c.${column}`).join(', ')}, ${sql.literal(new Date().toISOString())}, ${sealSql(sql, run, sealed)}
  FROM (SELECT d.position, d.operator, d.action, d.person, 'failed' AS state, ${sql.literal(reason)} AS reason
          FROM ${sql.journal('decision')} AS d
         WHERE ${withinSql(sql, run, batch, 'd')} AND d.action <> 'none') AS c`,
  };
}

export const withinSql = (sql: Dialect, run: Run, batch: Batch, alias: string) =>
  `${alias}.run_id = ${sql.literal(run.id)} AND ${alias}.position BETWEEN ${batch.from} AND ${batch.to}`;

/** How many changes of a batch the journal holds, by action and state. */
export function batchCountSql(sql: Dialect, run: Run, batch: Batch): string {
  return `SELECT action, state, ${sql.text('COUNT(*)')} AS changes FROM ${sql.journal('change')}
 WHERE run_id = ${sql.literal(run.id)} AND position BETWEEN ${batch.from} AND ${batch.to}
 GROUP BY action, state`;
}
