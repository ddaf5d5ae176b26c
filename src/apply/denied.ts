import type { Layout } from '../config/layout.js';
import type { Dialect } from '../database/dialect.js';
import { RowAtFault } from '../database/failure-kinds.js';
import type { Session } from '../database/session.js';
import type { Run } from '../journal/run.js';
import { deniedSql, ownOf } from '../plan/values.js';
import { createdSql } from './new-cards.js';
import type { Batch, Statement } from './statements.js';

/** Why a card is not kept: noted in the journal, and read by people. */
const REASONS = {
  gone: 'the card is not there under its key: a trigger of the database has removed or changed it',
  ssp: 'the card would have access to the SSP: a trigger or default of the database grants it',
  caller: 'the card could be selected as caller: a trigger or default of the database allows it',
} as const;

/** Whether these are the words of a card that was refused for its access, and no server's. */
export const isDenial = (why: string): boolean => Object.values<string>(REASONS).includes(why);

/** The statements that find out whether a new card of a batch has access, in the order in which they run. */
export function deniedStatements(layout: Layout, sql: Dialect, run: Run, batch: Batch): Statement[] {
  const fire: Statement[] =
    sql.fireDeferred === undefined
      ? []
      : [{ why: 'Fire what triggers and constraints have put off until the commit.', sql: sql.fireDeferred }];
  return [...fire, deniedStatement(layout, sql, run, batch)];
}

/** Finds the first new card of a batch that has what no new card may have. */
function deniedStatement(layout: Layout, sql: Dialect, run: Run, batch: Batch): Statement {
  const personKey = `p.${sql.identifier(layout.configuration.persons.key)}`;
  const isDenied = {
    ssp: deniedSql(sql, ownOf(sql, 'p'), layout.person.ssp),
    caller: deniedSql(sql, ownOf(sql, 'p'), layout.person.caller),
  };
  return {
    why: 'Check, before anything is committed, that no new card has access to the SSP or is selectable as caller.',
    sql: `SELECT CASE WHEN ${personKey} IS NULL THEN 'gone'
            WHEN NOT (${isDenied.ssp}) THEN 'ssp'
            ELSE 'caller' END AS fault
  FROM ${sql.journal('change')} AS c
  LEFT JOIN ${sql.table(layout.persons.name)} AS p ON ${personKey} = ${sql.asKey('c.person', layout.personKey)}
 WHERE ${createdSql(sql, run, batch)}
   AND (${personKey} IS NULL OR NOT (${isDenied.ssp} AND ${isDenied.caller}))
 LIMIT 1`,
  };
}

/**
 * Whatever triggers and defaults made of the new cards of a batch: none has access.
 * @throws RowAtFault where one has, so that nothing of it is written.
 */
export async function requireDenied(
  session: Session,
  layout: Layout,
  sql: Dialect,
  run: Run,
  batch: Batch,
): Promise<void> {
  // What is put off until the commit would come too late to be seen.
  if (sql.fireDeferred !== undefined) await session.run(sql.fireDeferred);
  const [found] = await session.rows<{ fault: keyof typeof REASONS }>(
    deniedStatement(layout, sql, run, batch).sql,
  );
  if (found !== undefined) throw new RowAtFault(REASONS[found.fault]);
}
