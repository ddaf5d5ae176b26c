import type { Layout } from '../config/layout.js';
import type { Dialect } from '../database/dialect.js';
import type { Decision } from '../model/decision.js';
import { linkSql, nameSql } from '../plan/expressions.js';
import { fieldSql, ownOf, valueSql } from '../plan/values.js';
import { cardSql } from './card-now.js';
import { historySql, journalSql } from './journal-sql.js';

/** What a closer look at an operator reads, beyond what every row has. */
export type DetailPart = 'card' | 'evidence' | 'history';

/** The columns that the database can sort by. */
export const SORTABLE = [
  'operator',
  'operatorName',
  'branch',
  'decision',
  'reason',
  'person',
  'personName',
  'linkedBy',
  'run',
  'changedAt',
  'action',
  'state',
  'why',
] as const;
export type SortableColumn = (typeof SORTABLE)[number];

export interface Sort {
  readonly column: SortableColumn;
  readonly isDescending: boolean;
}

/** What the statement has to give. */
export interface LinkSelection {
  /** Takes the word of this run alone. */
  readonly run?: string | undefined;
  readonly decision?: Decision | undefined;
  /** Of changes written since then, in the form of the journal: a beginning of ISO 8601 in UTC. */
  readonly since?: string | undefined;
  readonly limit?: number | undefined;
  /** By the keys of the operators in the end. */
  readonly sort?: readonly Sort[] | undefined;
  /** The values of the operator's match keys, too. */
  readonly withKeys?: boolean | undefined;
  readonly details?: ReadonlySet<DetailPart> | undefined;
}

/** What there is of a journal. */
export interface JournalAtHand {
  readonly isThere: boolean;
  /** An earlier onecard kept no history of its rollbacks. */
  readonly hasRollbacks: boolean;
}

/** A row of the statement: texts and nulls. */
export interface SelectedLink extends Record<SortableColumn, string | null> {
  readonly operator: string;
  readonly operatorName: string;
  /** Of a human decision: a JSON array [word, who, note]; of others see `Findings`. */
  readonly detail: string | null;
  /** JSON arrays; undefined where nobody asked for them. */
  readonly evidence?: string | null;
  readonly misfit?: string | null;
  readonly card?: string | null;
  readonly history?: string | null;
  readonly keys?: string;
}

/** Every operator row, whom it is linked to, and what the journal says of that. */
export class LinkStatement {
  readonly #sql: Dialect;
  readonly #layout: Layout;
  readonly #journal: JournalAtHand;
  readonly #selection: LinkSelection;
  readonly #key: string;
  readonly #personKey: string;
  readonly #link: string;

  constructor(sql: Dialect, layout: Layout, journal: JournalAtHand, selection: LinkSelection) {
    const { operators, persons } = layout.configuration;
    this.#sql = sql;
    this.#layout = layout;
    this.#journal = journal;
    this.#selection = selection;
    this.#key = `o.${sql.identifier(operators.key)}`;
    this.#personKey = `p.${sql.identifier(persons.key)}`;
    this.#link = linkSql(sql, layout, 'o');
  }

  rows(): string {
    const { limit } = this.#selection;
    const selected = Object.entries({ ...this.#columns(), ...this.#more() }).map(
      ([name, expression]) => `${expression} AS ${this.#sql.identifier(name)}`,
    );
    return `${this.#with()}SELECT ${selected.join(',\n       ')}
${this.#from()}
 ORDER BY ${this.#order()}${limit === undefined ? '' : `\n LIMIT ${limit}`}`;
  }

  /** How many rows there are of each decision, reason and link. */
  totals(): string {
    const { decision, reason, linkedBy } = this.#columns();
    return `${this.#with()}SELECT q.decision, q.reason, q.linked_by, ${this.#sql.text('COUNT(*)')} AS operators
  FROM (SELECT ${decision} AS decision, ${reason} AS reason, ${linkedBy} AS linked_by
${this.#from()}) AS q
 GROUP BY q.decision, q.reason, q.linked_by`;
  }

  #columns(): Record<SortableColumn, string> {
    const sql = this.#sql;
    const { operator, person } = this.#layout;
    const own = ownOf(sql, 'o');
    const byOnecard = this.#journal.isThere ? `WHEN l.operator IS NOT NULL THEN 'onecard' ` : '';
    return {
      operator: sql.text(this.#key),
      operatorName: nameSql(sql, own, operator.name),
      branch: operator.branch === undefined ? 'NULL' : sql.text(valueSql(sql, operator.branch, own)),
      decision: this.#word('decision'),
      reason: this.#word('reason'),
      person: sql.text(this.#link),
      personName: `CASE WHEN ${this.#personKey} IS NOT NULL THEN ${nameSql(sql, ownOf(sql, 'p'), person.name)} END`,
      linkedBy: `CASE WHEN ${this.#link} IS NULL THEN NULL ${byOnecard}ELSE 'before' END`,
      run: this.#word('run_id'),
      changedAt: this.#word('changed_at'),
      action: this.#word('action'),
      state: this.#word('state'),
      // What linked it has gone well.
      why: this.#journal.isThere ? 'CASE WHEN l.operator IS NULL THEN n.why END' : 'NULL',
    };
  }

  #more(): Record<string, string> {
    const sql = this.#sql;
    const { keys } = this.#layout;
    const { details, withKeys } = this.#selection;
    const own = ownOf(sql, 'o');
    return {
      detail: this.#word('detail'),
      ...(details?.has('evidence') && { evidence: this.#word('evidence'), misfit: this.#word('misfit') }),
      ...(details?.has('card') && {
        card: `CASE WHEN ${this.#personKey} IS NOT NULL THEN ${cardSql(sql, this.#layout, 'p')} END`,
      }),
      ...(details?.has('history') && { history: this.#journal.isThere ? 'h.entries' : 'NULL' }),
      ...(withKeys && { keys: sql.jsonArray(keys.map(({ operator }) => fieldSql(sql, operator, own))) }),
    };
  }

  /** What the change says that linked the operator; else the one taken back last; else the newest decision. */
  #word(column: string): string {
    if (!this.#journal.isThere) return 'NULL';
    return `CASE WHEN l.operator IS NOT NULL THEN l.${column} WHEN t.operator IS NOT NULL THEN t.${column} ELSE n.${column} END`;
  }

  #with(): string {
    if (!this.#journal.isThere) return '';
    const { run, details } = this.#selection;
    const queries = [
      journalSql(this.#sql, run, details?.has('evidence') ?? false),
      ...(details?.has('history') ? [historySql(this.#sql, this.#journal.hasRollbacks)] : []),
    ];
    return `WITH ${queries.join(',\n')}\n`;
  }

  #from(): string {
    const sql = this.#sql;
    const { operators, persons } = this.#layout;
    const operator = sql.fingerprint(sql.text(this.#key));
    const journal = [
      `LEFT JOIN linking AS l ON l.operator = ${operator} AND l.person = ${sql.fingerprint(sql.text(this.#link))}`,
      `LEFT JOIN newest AS n ON n.operator = ${operator}`,
      `LEFT JOIN taken_back AS t ON t.operator = ${operator} AND ${this.#link} IS NULL AND t.changed_at >= n.started_at`,
      ...(this.#selection.details?.has('history')
        ? [`LEFT JOIN history AS h ON h.operator = ${operator}`]
        : []),
    ];
    return `  FROM ${sql.table(operators.name)} AS o
  LEFT JOIN ${sql.table(persons.name)} AS p ON ${this.#personKey} = ${this.#link}${
    this.#journal.isThere ? journal.map((join) => `\n  ${join}`).join('') : ''
  }${this.#where()}`;
  }

  #where(): string {
    const { decision, since } = this.#selection;
    const conditions = [
      ...(decision === undefined ? [] : [`${this.#word('decision')} = ${this.#sql.literal(decision)}`]),
      ...(since === undefined
        ? []
        : [`${this.#byBytes(this.#word('changed_at'))} >= ${this.#byBytes(this.#sql.literal(since))}`]),
    ];
    return conditions.length === 0 ? '' : `\n WHERE ${conditions.join(' AND ')}`;
  }

  /** Empty ones stand last, whichever way it goes: servers do not agree about them. */
  #order(): string {
    const sql = this.#sql;
    const { operatorKey, personKey } = this.#layout;
    const expressions = this.#columns();
    const orderOf = (column: SortableColumn) => {
      if (column === 'operator') return sql.keyOrder(this.#key, operatorKey);
      if (column === 'person') return sql.keyOrder(this.#link, personKey);
      return this.#byBytes(expressions[column]);
    };
    const sort = this.#selection.sort ?? [];
    return [
      ...sort.flatMap(({ column, isDescending }) => [
        `CASE WHEN ${expressions[column]} IS NULL THEN 1 ELSE 0 END`,
        `${orderOf(column)}${isDescending ? ' DESC' : ''}`,
      ]),
      orderOf('operator'),
    ].join(',\n          ');
  }

  #byBytes(text: string): string {
    return this.#sql.keyOrder(text, { family: 'text' });
  }
}
