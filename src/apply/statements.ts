import { cardColumns, type Layout } from '../config/layout.js';
import type { Dialect } from '../database/dialect.js';
import { CHANGE_SEALED, DECISION_SEALED, sealSql } from '../journal/journal.js';
import type { Run } from '../journal/run.js';
import { classificationSql } from '../plan/classification.js';
import { cardValueSql, linkSql, operatorDigestSql, personDigestSql } from '../plan/expressions.js';

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
export function planStatement(layout: Layout, sql: Dialect, run: Run): Statement {
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
  const digests = [
    `${operatorDigestSql(sql, layout, 'o', run.digestKey)} AS operator_digest`,
    `CASE WHEN p.person IS NOT NULL THEN ${personDigestSql(sql, layout, (_, number) => `p.raw_${number}`, run.digestKey)} END AS person_digest`,
  ];
  const selected = columns.map((column) =>
    column === 'operator' ? `${sql.text('c.operator')} AS operator` : `c.${column}`,
  );
  const all = ['position', ...columns, 'operator_digest', 'person_digest'];
  return {
    why: 'Classify every operator into the journal; those with an action come first.',
    sql: `INSERT INTO ${sql.journal('decision')} (run_id, ${all.join(', ')}, seal)
SELECT ${sql.literal(run.id)}, ${all.map((column) => `d.${column}`).join(', ')}, ${sealSql(
      sql,
      run,
      DECISION_SEALED.map((column) => `d.${column}`),
    )}
  FROM (SELECT ROW_NUMBER() OVER (ORDER BY CASE c.action WHEN 'none' THEN 1 ELSE 0 END, ${sql.keyOrder('c.operator', layout.operatorKey)}) AS position,
               ${selected.join(', ')}, c.operator_digest, c.person_digest
          FROM (${classificationSql(layout, sql, digests)}) AS c) AS d`,
  };
}

/** The statements of one batch, in the order in which they run, in one transaction. */
export function batchStatements(layout: Layout, sql: Dialect, run: Run, batch: Batch) {
  const { configuration } = layout;
  const operatorTable = sql.table(layout.operators.name);
  const personTable = sql.table(layout.persons.name);
  const operatorKey = sql.identifier(configuration.operators.key);
  const personKey = sql.identifier(configuration.persons.key);
  const within = (alias: string) =>
    `${alias}.run_id = ${sql.literal(run.id)} AND ${alias}.position BETWEEN ${batch.from} AND ${batch.to}`;
  const operatorOf = (alias: string) =>
    `o.${operatorKey} = ${sql.asKey(`${alias}.operator`, layout.operatorKey)}`;
  const personOf = (alias: string) => `p.${personKey} = ${sql.asKey(`${alias}.person`, layout.personKey)}`;
  const link = linkSql(sql, layout, 'o');
  const operatorDigest = operatorDigestSql(sql, layout, 'o', run.digestKey);
  const personDigest = personDigestSql(sql, layout, (column) => `p.${sql.identifier(column)}`, run.digestKey);

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
    sql: `INSERT INTO ${sql.journal('change')} (run_id, position, operator, action, person, state, reason, changed_at, seal)
SELECT ${sql.literal(run.id)}, c.position, c.operator, c.action, c.person, c.state, c.reason, ${sql.literal(new Date().toISOString())}, ${sealSql(
      sql,
      run,
      CHANGE_SEALED.map((column) => `c.${column}`),
    )}
  FROM (SELECT d.position, d.operator, d.action,
               CASE d.action WHEN 'create' THEN ${sql.newKey(layout.personKey, layout.persons.name)} ELSE d.person END AS person,
               CASE WHEN d.stale IS NULL THEN 'applied' ELSE 'stale' END AS state, d.stale AS reason
          FROM (SELECT d.position, d.operator, d.action, d.person,
                       CASE WHEN o.${operatorKey} IS NULL THEN 'the operator is gone'
                            WHEN ${link} IS NOT NULL THEN 'the operator was linked in the meantime'
                            WHEN ${operatorDigest} <> d.operator_digest THEN 'the operator was changed in the meantime'
                            WHEN d.action = 'link' AND p.${personKey} IS NULL THEN 'the person is gone'
                            WHEN d.action = 'link' AND ${personDigest} <> d.person_digest THEN 'the person was changed in the meantime'
                            WHEN d.action = 'link' AND EXISTS (SELECT 1 FROM ${operatorTable} AS t WHERE t.${sql.identifier(configuration.operators.link)} = p.${personKey})
                            THEN 'the person was linked to another operator in the meantime' END AS stale
                  FROM ${sql.journal('decision')} AS d
                  LEFT JOIN ${operatorTable} AS o ON ${operatorOf('d')}
                  LEFT JOIN ${personTable} AS p ON d.action = 'link' AND ${personOf('d')}
                 WHERE ${within('d')} AND d.action <> 'none') AS d
         LIMIT ${batch.to - batch.from + 1}) AS c`,
  };
  const fields = cardColumns(layout);
  const insertCards: Statement = {
    why: 'Create the cards: what the operator holds, no access to the SSP, not selectable as caller.',
    sql: `INSERT INTO ${personTable} (${[personKey, ...fields.map((field) => sql.identifier(field.column))].join(', ')})
SELECT ${[sql.asKey('c.person', layout.personKey), ...fields.map((field) => cardValueSql(sql, 'o', field))].join(', ')}
  FROM ${sql.journal('change')} AS c
  JOIN ${operatorTable} AS o ON ${operatorOf('c')}
 WHERE ${within('c')} AND c.state = 'applied' AND c.action = 'create'`,
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
  return { lockOperators, lockPersons, journalChanges, insertCards, setLinks };
}

/** How many changes of a batch the journal holds, by action and state. */
export function batchCountSql(sql: Dialect, run: Run, batch: Batch): string {
  return `SELECT action, state, ${sql.text('COUNT(*)')} AS changes FROM ${sql.journal('change')}
 WHERE run_id = ${sql.literal(run.id)} AND position BETWEEN ${batch.from} AND ${batch.to}
 GROUP BY action, state`;
}
