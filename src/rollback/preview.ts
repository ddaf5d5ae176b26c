import { cardColumns } from '../config/card-fields.js';
import { columnOf, type Layout } from '../config/layout.js';
import type { Reference } from '../config/references.js';
import type { Database } from '../database/database.js';
import type { Session } from '../database/session.js';
import type { Run } from '../journal/run.js';
import type { Action } from '../model/decision.js';
import { eligibleSql, expressionsOf, outcomeSql, type Scope } from './statements.js';
import type { Found } from './subject.js';

/** What a rollback would do with one change. */
export interface Prospect {
  readonly operator: string;
  /** For people to read, as it was when the run was planned. */
  readonly name: string;
  readonly action: Action;
  readonly person: string;
  readonly state: 'rolled-back' | 'kept';
  readonly reason: string | null;
  /** The link as it is, and as it will be. */
  readonly link: { readonly from: string | null; readonly to: string | null } | null;
  /** The fields of the card that will be removed: column → value as text. */
  readonly card: Readonly<Record<string, string | null>> | null;
}

interface ProspectRow {
  operator: string;
  name: string;
  action: Action;
  person: string;
  state: 'rolled-back' | 'kept';
  reason: string | null;
  link: 'ours' | 'before' | 'other' | 'gone';
  link_before: string | null;
  has_card: number;
  card: string;
}

/** What the run has filled, as far as it is still there. */
function shownColumns(layout: Layout): string[] {
  return cardColumns(layout)
    .map(({ column }) => column)
    .filter((column) => layout.persons.columns.has(column));
}

/** Every change that a rollback would take up, in the order in which it would, read piece by piece. */
export async function* streamProspects(
  session: Session,
  database: Database,
  layout: Layout,
  { run, position }: Found,
  references: readonly Reference[],
): AsyncIterable<Prospect> {
  const columns = shownColumns(layout);
  for await (const row of session.stream<ProspectRow>(
    prospectSql(database, layout, run, position, references),
  )) {
    const { operator, name, action, person, state, reason } = row;
    const isBack = state === 'rolled-back';
    const values = JSON.parse(row.card) as (string | null)[];
    yield {
      operator,
      name,
      action,
      person,
      state,
      reason,
      link: isBack && row.link === 'ours' ? { from: person, to: row.link_before } : null,
      card:
        isBack && Number(row.has_card) === 1
          ? Object.fromEntries(columns.map((column, index) => [column, values[index] ?? null]))
          : null,
    };
  }
}

function prospectSql(
  { dialect: sql }: Database,
  layout: Layout,
  run: Run,
  position: number | undefined,
  references: readonly Reference[],
): string {
  const scope: Scope = {
    layout,
    sql,
    run,
    references,
    states: position === undefined ? ['applied'] : ['applied', 'kept'],
  };
  const fields = shownColumns(layout).map((column) =>
    sql.exactText(`p.${sql.identifier(column)}`, columnOf(layout.persons, column)),
  );
  const only = position === undefined ? undefined : { from: position, to: position };
  const outcome = outcomeSql(scope, eligibleSql(scope, 'c', only), [
    `${expressionsOf(scope).linkBefore} AS link_before`,
    `${sql.jsonArray(fields)} AS card`,
  ]);
  return `SELECT d.name, w.*
  FROM (${outcome}) AS w
  JOIN ${sql.journal('decision')} AS d ON d.run_id = ${sql.literal(run.id)} AND d.position = w.position
 ORDER BY w.position`;
}
