import { cardColumns } from '../config/card-fields.js';
import type { Layout } from '../config/layout.js';
import type { Database } from '../database/database.js';
import type { Dialect } from '../database/dialect.js';
import type { Session } from '../database/session.js';
import { OnecardError } from '../errors.js';
import type { Run } from '../journal/run.js';
import { ExitCode } from '../model/exit-code.js';
import { cardValueSql } from '../plan/card-values.js';
import { sameValueSql } from '../plan/same-value.js';
import { parts, tableOfRows } from './parts.js';
import { type Batch, type Statement, withinSql } from './statements.js';

/** The statements that create the cards of a batch, in the order in which they run. */
export function newCardStatements(layout: Layout, sql: Dialect, run: Run, batch: Batch): Statement[] {
  const insert = insertStatement(layout, sql, run, batch);
  if (!areCounted(layout, sql)) return [insert];
  const example = `SELECT ${batch.from} AS position, ${sql.literal('<key>')} AS value`;
  return [
    insert,
    noteKeysStatement(sql, run, batch, `(${example})`),
    checkStatement(layout, sql, run, batch),
    strangersStatement(layout, sql, ['<key>']),
  ];
}

/**
 * Creates the cards that the journal has noted for a batch, and notes their keys there, where they are known by then
 * only.
 * @returns how many it has created.
 * @throws OnecardError where a new card is not certainly its operator's.
 */
export async function createCards(
  session: Session,
  database: Database,
  layout: Layout,
  run: Run,
  batch: Batch,
): Promise<number> {
  const { dialect: sql } = database;
  if (!areCounted(layout, sql)) return session.run(insertStatement(layout, sql, run, batch).sql);
  const positions = await session.rows<{ position: string }>(
    `SELECT ${sql.text('c.position')} AS position FROM ${sql.journal('change')} AS c
 WHERE ${createdSql(sql, run, batch)}
 ORDER BY c.position`,
  );
  const cards = new CountedCards(session, database, layout, run, batch);
  await cards.create(positions.map(({ position }) => Number(position)));
  return positions.length;
}

const areCounted = ({ personKey, persons }: Layout, sql: Dialect) =>
  sql.newKey(personKey, persons.name).made === 'by the insert';

/** Holds for the changes `c` of a batch that create a card. */
export const createdSql = (sql: Dialect, run: Run, batch: Batch) =>
  `${withinSql(sql, run, batch, 'c')} AND c.state = 'applied' AND c.action = 'create'`;

const operatorOf = ({ configuration, operatorKey, operators }: Layout, sql: Dialect) =>
  `${sql.table(operators.name)} AS o ON o.${sql.identifier(configuration.operators.key)} = ${sql.asKey('c.operator', operatorKey)}`;

function insertStatement(layout: Layout, sql: Dialect, run: Run, batch: Batch): Statement {
  const key = sql.identifier(layout.configuration.persons.key);
  const isCounted = areCounted(layout, sql);
  const fields = cardColumns(layout);
  const columns = fields.map(({ column }) => sql.identifier(column));
  const values = fields.map((field) => cardValueSql(sql, 'o', field));
  return {
    why: 'Create the cards: what the operator holds, no access to the SSP, not selectable as caller.',
    sql: `INSERT INTO ${sql.table(layout.persons.name)} (${[...(isCounted ? [] : [key]), ...columns].join(', ')})
${sql.overriding(layout.personKey)}SELECT ${[...(isCounted ? [] : [sql.asKey('c.person', layout.personKey)]), ...values].join(', ')}
  FROM ${sql.journal('change')} AS c
  JOIN ${operatorOf(layout, sql)}
 WHERE ${createdSql(sql, run, batch)}${isCounted ? `\n ORDER BY c.position\n${sql.returning?.(`${sql.text(key)} AS person`) ?? ''}` : ''}`,
  };
}

function noteKeysStatement(sql: Dialect, run: Run, { from, to }: Batch, keys: string): Statement {
  return {
    why: 'Note the keys that the server has given to the cards, in the order in which they were inserted.',
    sql: sql.updateFrom({
      target: sql.journal('change'),
      source: keys,
      on: 'o.position = c.position',
      set: `${sql.qualifiedInSet('o')}person = c.value`,
      where: `o.run_id = ${sql.literal(run.id)} AND o.position BETWEEN ${from} AND ${to}`,
    }),
  };
}

/** One row: how many cards there are, how many keys, and what does not hold what its operator does. */
function checkStatement(layout: Layout, sql: Dialect, run: Run, batch: Batch): Statement {
  const personKey = `p.${sql.identifier(layout.configuration.persons.key)}`;
  // Flags tell no card from another, and are looked at once links are set.
  const same = layout.card.map((field) =>
    sameValueSql(sql, field.target, `p.${sql.identifier(field.column)}`, cardValueSql(sql, 'o', field)),
  );
  return {
    why: 'Check that each key is that of a card which holds what its operator holds.',
    sql: `SELECT ${sql.text('COUNT(*)')} AS cards, ${sql.text('COUNT(DISTINCT c.person)')} AS distinct_keys,
       MIN(CASE WHEN NOT (${same.join('\n                 AND ')})
                THEN c.operator END) AS other
  FROM ${sql.journal('change')} AS c
  JOIN ${operatorOf(layout, sql)}
  JOIN ${sql.table(layout.persons.name)} AS p ON ${personKey} = ${sql.asKey('c.person', layout.personKey)}
 WHERE ${createdSql(sql, run, batch)}`,
  };
}

/** Read in another transaction, which sees none of ours: whatever it sees is not new. */
function strangersStatement(layout: Layout, sql: Dialect, keys: readonly string[]): Statement {
  const personKey = `p.${sql.identifier(layout.configuration.persons.key)}`;
  const listed = keys.map((key) => sql.asKey(sql.literal(key), layout.personKey));
  return {
    why: 'In a transaction beside this one: nobody else sees a card with one of these keys, so all of them are new.',
    sql: `SELECT ${sql.text('COUNT(*)')} AS strangers
  FROM ${sql.table(layout.persons.name)} AS p
 WHERE ${personKey} IN (${listed.join(', ')})`,
  };
}

/**
 * Cards whose keys the server counts up. Others insert at the same time, so that nothing is assumed of the numbers:
 * not that they follow one another, nor that they are in order. The server says which key it gave to which row, and
 * that is checked on the rows themselves.
 */
class CountedCards {
  readonly #session: Session;
  readonly #database: Database;
  readonly #layout: Layout;
  readonly #run: Run;
  readonly #batch: Batch;

  constructor(session: Session, database: Database, layout: Layout, run: Run, batch: Batch) {
    this.#session = session;
    this.#database = database;
    this.#layout = layout;
    this.#run = run;
    this.#batch = batch;
  }

  async create(positions: readonly number[]): Promise<void> {
    const keys = await this.#insert(positions);
    if (keys.length !== positions.length)
      throw unsure(
        `${positions.length} cards were to be inserted, and the database gave ${keys.length} keys`,
      );
    await this.#note(positions, keys);
    await this.#check(keys);
  }

  /** @returns the new keys, in the order of the positions. */
  async #insert(positions: readonly number[]): Promise<string[]> {
    const { dialect: sql } = this.#database;
    const insert = (batch: Batch) => insertStatement(this.#layout, sql, this.#run, batch).sql;
    if (sql.returning !== undefined) {
      const rows = await this.#session.rows<{ person: string }>(insert(this.#batch));
      return rows.map(({ person }) => person);
    }
    const keys: string[] = [];
    for (const position of positions) {
      await this.#session.run(insert({ from: position, to: position }));
      const rows = await this.#session.rows<{ person: string }>(
        `SELECT ${sql.text(sql.lastInserted)} AS person`,
      );
      keys.push(...rows.map(({ person }) => person));
    }
    return keys;
  }

  async #note(positions: readonly number[], keys: readonly string[]): Promise<void> {
    const { dialect: sql } = this.#database;
    const rows = positions.map((position, index) => ({ position, value: sql.literal(keys[index] ?? null) }));
    for (const part of parts(rows)) {
      const range = { from: part[0]?.position ?? 0, to: part.at(-1)?.position ?? 0 };
      await this.#session.run(noteKeysStatement(sql, this.#run, range, tableOfRows(part)).sql);
    }
  }

  async #check(keys: readonly string[]): Promise<void> {
    const { dialect: sql } = this.#database;
    const [found] = await this.#session.rows<{ cards: string; distinct_keys: string; other: string | null }>(
      checkStatement(this.#layout, sql, this.#run, this.#batch).sql,
    );
    if (Number(found?.cards) !== keys.length || Number(found?.distinct_keys) !== keys.length)
      throw unsure(
        `${keys.length} cards were inserted, and their keys lead to ${found?.cards} cards with ${found?.distinct_keys} different keys`,
      );
    // Of a single one there is no doubt, whatever a trigger has made of it.
    if (found?.other != null && keys.length > 1)
      throw unsure(
        `the card that was inserted for operator ${found.other} does not hold what that operator holds`,
      );
    const strangers = await this.#database.transaction((beside) =>
      beside.rows<{ strangers: string }>(strangersStatement(this.#layout, sql, keys).sql),
    );
    if (Number(strangers[0]?.strangers) !== 0)
      throw unsure(`${strangers[0]?.strangers} of the keys belong to persons that were there before`);
  }
}

function unsure(what: string): OnecardError {
  return new OnecardError(`Which new card belongs to which operator is not certain: ${what}.`, {
    remedy:
      'The batch was rolled back. A trigger that changes new persons can be the reason: with --batch-size 1, each card is inserted alone, and there is nothing to tell apart.',
    exitCode: ExitCode.Failed,
  });
}
