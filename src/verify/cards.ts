import type { CardField, CheckedFlag } from '../config/checked.js';
import type { Dialect } from '../database/dialect.js';
import { cardValueSql, shownSql } from '../plan/card-values.js';
import { linkSql } from '../plan/expressions.js';
import { sameValueSql } from '../plan/same-value.js';
import { deniedSql, ownOf } from '../plan/values.js';
import { journaledKeySql, latestChangesSql } from './latest-changes.js';
import type { Subject } from './subject.js';
import {
  type Check,
  checkOf,
  type Findings,
  type Found,
  findViolations,
  keptSql,
  shown,
} from './verification.js';

interface ChangeRow extends Found {
  run_id: string;
}

const NOTHING: Findings = { violations: [], count: 0 };

/** What was created and linked is there, as it was made. */
export async function checkCards(subject: Subject, isIntact: boolean): Promise<Check[]> {
  const { session, layout, runs } = subject;
  const { ssp, caller } = layout.person;
  const statements = new CardStatements(subject, isIntact);
  const { created, all } =
    runs.length === 0 ? { created: 0, all: 0 } : await countChanges(subject, statements);
  const find = async <Row extends Found>(statement: string, describe: (row: Row) => string) =>
    runs.length === 0 ? NOTHING : findViolations(session, statement, describe);

  const missing = await find(statements.missingCards(), describeMissing);
  const withSsp = await find<FlagRow>(statements.granted(ssp), (row) => describeGranted(row, ssp));
  const callers = await find<FlagRow>(statements.granted(caller), (row) => describeGranted(row, caller));
  const differing = await findDifferences(subject, statements);
  const otherLinks = await find(statements.otherLinks(), describeLink);
  const fields = created * layout.card.length;
  return [
    checkOf('card-exists', 'Every card that was created is there', created, [missing]),
    checkOf('card-denied-ssp', 'No created card has access to the SSP', created, [withSsp]),
    checkOf('card-denied-caller', 'No created card can be selected as caller', created, [callers]),
    checkOf('card-equals-operator', 'Every created card holds what its operator holds', fields, [differing]),
    checkOf('link-as-journaled', 'Every changed operator still has the person it was given', all, [
      otherLinks,
    ]),
  ];
}

async function countChanges({ session }: Subject, statements: CardStatements) {
  const rows = await session.rows<{ action: string; changes: string }>(statements.counts());
  const created = Number(rows.find(({ action }) => action === 'create')?.changes ?? 0);
  return { created, all: rows.reduce((sum, { changes }) => sum + Number(changes), 0) };
}

/** The statements about the changes of the journal; each finds the rows that break one invariant. */
class CardStatements {
  readonly #subject: Subject;
  readonly #sql: Dialect;
  readonly #latest: string;
  readonly #operatorKey: string;
  readonly #personKey: string;
  readonly #operators: string;
  readonly #persons: string;

  /** @param isIntact whether the journal holds what was written into it. */
  constructor(subject: Subject, isIntact: boolean) {
    const { layout, database } = subject;
    const { dialect: sql } = database;
    this.#subject = subject;
    this.#sql = sql;
    this.#latest = `WITH ${latestChangesSql(subject, isIntact)}`;
    this.#operatorKey = `o.${sql.identifier(layout.configuration.operators.key)}`;
    this.#personKey = `p.${sql.identifier(layout.configuration.persons.key)}`;
    this.#operators = `${sql.table(layout.operators.name)} AS o ON ${this.#operatorKey} = ${journaledKeySql(sql, 'c.operator', layout.operatorKey, isIntact)}`;
    this.#persons = `${sql.table(layout.persons.name)} AS p ON ${this.#personKey} = ${journaledKeySql(sql, 'c.person', layout.personKey, isIntact)}`;
  }

  #total(): string {
    return `${this.#sql.text('COUNT(*) OVER ()')} AS total`;
  }

  counts(): string {
    return `${this.#latest}
SELECT c.action, ${this.#sql.text('COUNT(*)')} AS changes
  FROM latest AS c
 GROUP BY c.action`;
  }

  missingCards(): string {
    return `${this.#latest}
SELECT c.operator, c.person, c.run_id, ${this.#total()}
  FROM latest AS c
  LEFT JOIN ${this.#persons}
 WHERE c.action = 'create' AND ${this.#personKey} IS NULL
 ${keptSql('c.operator')}`;
  }

  /** A column that is gone denies nothing. */
  granted(flag: CheckedFlag): string {
    const sql = this.#sql;
    const isDenied = deniedSql(sql, ownOf(sql, 'p'), flag);
    const actual =
      'row' in flag || flag.found === undefined ? 'NULL' : sql.text(`p.${sql.identifier(flag.column)}`);
    return `${this.#latest}
SELECT c.operator, c.person, c.run_id, ${actual} AS actual, ${this.#total()}
  FROM latest AS c
  JOIN ${this.#persons}
 WHERE c.action = 'create' AND NOT (${isDenied})
 ${keptSql('c.operator')}`;
  }

  /** One column for each field of the card: NULL where it is equal, else what it should be and what it is. */
  differences(fields: readonly CardField[]): string {
    const sql = this.#sql;
    const differences = fields.map((field, number) => {
      const actual = `p.${sql.identifier(field.column)}`;
      const expected = cardValueSql(sql, 'o', field);
      const same = sameValueSql(sql, field.target, actual, expected);
      return `CASE WHEN NOT (${same})
              THEN ${sql.jsonArray([shownSql(sql, field, expected), shownSql(sql, field, actual)])} END AS difference_${number}`;
    });
    const names = fields.map((_, number) => `d.difference_${number}`);
    const some = names.map((name) => `${name} IS NOT NULL`);
    return `${this.#latest}
SELECT d.operator, d.person, d.run_id, ${names.join(', ')},
       ${sql.text(`SUM(${some.map(sql.asNumber).join(' + ')}) OVER ()`)} AS total
  FROM (SELECT c.operator, c.person, c.run_id,
               ${differences.join(',\n               ')}
          FROM latest AS c
          JOIN ${this.#persons}
          JOIN ${this.#operators}
         WHERE c.action = 'create') AS d
 WHERE ${some.join(' OR ')}
 ${keptSql('d.operator')}`;
  }

  otherLinks(): string {
    const sql = this.#sql;
    const link = linkSql(sql, this.#subject.layout, 'o');
    return `${this.#latest}
SELECT c.operator, c.person, c.run_id, ${sql.text(link)} AS link, ${sql.text(this.#operatorKey)} AS present, ${this.#total()}
  FROM latest AS c
  LEFT JOIN ${this.#operators}
 WHERE ${this.#operatorKey} IS NULL OR NOT (${sql.same(sql.text(link), 'c.person')})
 ${keptSql('c.operator')}`;
  }
}

function describeMissing({ operator, person, run_id }: ChangeRow): string {
  return `Card ${person}, created by run ${run_id} for operator ${operator}, does not exist.`;
}

interface FlagRow extends ChangeRow {
  actual: string | null;
}

function describeGranted({ operator, person, actual }: FlagRow, flag: CheckedFlag): string {
  if ('row' in flag)
    return `Card ${person} of operator ${operator}: ${flag.row.table.name.name} has a row that grants it, and should have none.`;
  const { column, denied } = flag;
  return `Card ${person} of operator ${operator}: ${column} is ${shown(actual)} and should be ${shown(String(denied))}.`;
}

interface DifferenceRow extends ChangeRow {
  [difference: `difference_${number}`]: string | null;
}

async function findDifferences(subject: Subject, statements: CardStatements): Promise<Findings> {
  const { session, layout, runs } = subject;
  const { card: fields } = layout;
  if (runs.length === 0 || fields.length === 0) return NOTHING;
  const rows = await session.rows<DifferenceRow>(statements.differences(fields));
  const violations = rows.flatMap((row) =>
    fields.flatMap((field, number) => {
      const difference = row[`difference_${number}`];
      if (difference == null) return [];
      const [expected = null, actual = null] = JSON.parse(difference) as (string | null)[];
      const source =
        'from' in field.source
          ? `as ${field.source.from.column.name} of the operator`
          : 'by the configuration';
      return [
        {
          operator: row.operator,
          person: row.person,
          text: `Card ${row.person} of operator ${row.operator}: ${field.column} is ${shown(actual)} and should be ${shown(expected)}, ${source}.`,
        },
      ];
    }),
  );
  return { violations, count: Number(rows[0]?.total ?? 0) };
}

interface LinkRow extends ChangeRow {
  link: string | null;
  present: string | null;
}

function describeLink({ operator, person, run_id, link, present }: LinkRow): string {
  const given = `which run ${run_id} linked to person ${person}`;
  if (present === null) return `Operator ${operator}, ${given}, was deleted since.`;
  return link === null
    ? `Operator ${operator}, ${given}, is no longer linked.`
    : `Operator ${operator}, ${given}, is linked to person ${link}.`;
}
