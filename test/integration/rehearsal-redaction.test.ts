import { beforeAll, describe, expect, it } from 'vitest';
import { openDatabase } from '../../src/database/open.js';
import { findTarget } from '../../src/database/target.js';
import { printable } from '../../src/output/terminal/printable.js';
import { withoutValues } from '../../src/rehearse/redaction.js';
import { serverDatabases, type TestDatabase } from '../support/databases.js';
import { HOSTILE } from '../support/hostile.js';
import type { Connection, Kind } from '../support/servers/server.js';

const SCHEMA = [
  'CREATE TABLE branch (id varchar(200) PRIMARY KEY)',
  `CREATE TABLE human (
     id integer PRIMARY KEY,
     email varchar(200),
     short varchar(3),
     age smallint,
     branch_id varchar(200),
     needed varchar(200) NOT NULL DEFAULT '',
     CONSTRAINT human_email_unique UNIQUE (email),
     CONSTRAINT human_email_check CHECK (email <> concat('forbidden ', needed)),
     CONSTRAINT human_branch_fk FOREIGN KEY (branch_id) REFERENCES branch (id)
   )`,
];

/** No error of a server may show it. */
const MARK = 'Zq7xK';

/** What a value may hold to look like the end of itself, besides what acts elsewhere. */
const CUNNING = [
  `' for key 'human_email_unique' `,
  `) already exists. `,
  `=(`,
  `") `,
  `"email" `,
  `'email' `,
  '`email` ',
  `email" `,
  `email' `,
  `' for column 'email' `,
  `, null).\n`,
];

const values = [...HOSTILE, ...CUNNING]
  .filter((value) => !/\0|\p{Cs}/u.test(value))
  .map((value) => `${value}${MARK}${value}`);

/** Each makes the server refuse, with the value in what it says where it says any. */
const REFUSED: Record<string, (value: string) => readonly string[]> = {
  'a unique index': (value) => [
    `INSERT INTO human (id, email) VALUES (1, ${value})`,
    `INSERT INTO human (id, email) VALUES (2, ${value})`,
  ],
  'a check': (value) => [
    `INSERT INTO human (id, email, needed) VALUES (1, concat('forbidden ', ${value}), ${value})`,
  ],
  'NOT NULL': (value) => [`INSERT INTO human (id, email, needed) VALUES (1, ${value}, NULL)`],
  'a length': (value) => [`INSERT INTO human (id, email, short) VALUES (1, ${value}, ${value})`],
  'a type': (value) => [`INSERT INTO human (id, age) VALUES (1, ${value})`],
  'a range': (value) => [`INSERT INTO human (id, email, age) VALUES (1, ${value}, 99999)`],
  'a foreign key': (value) => [`INSERT INTO human (id, branch_id) VALUES (1, ${value})`],
  'a foreign key from the other side': (value) => [
    `INSERT INTO branch VALUES (${value})`,
    `INSERT INTO human (id, branch_id) VALUES (1, ${value})`,
    `DELETE FROM branch WHERE id = ${value}`,
  ],
};

function literal(kind: Kind, value: string): string {
  const text = kind === 'mysql' ? value.replaceAll('\\', '\\\\') : value;
  return `'${text.replaceAll("'", "''")}'`;
}

/** All that the server says of it: the message, and on PostgreSQL the detail. */
async function wordsOf(connection: Connection, statements: readonly string[]): Promise<string> {
  await connection.query('BEGIN');
  try {
    for (const statement of statements) await connection.query(statement);
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    const message = 'sqlMessage' in error ? String(error.sqlMessage) : error.message;
    return 'detail' in error && error.detail !== undefined ? `${message}\n${error.detail}` : message;
  } finally {
    await connection.query('ROLLBACK');
  }
  throw new Error(`nothing refused ${statements.at(-1)}`);
}

describe.each(serverDatabases)('the errors of $name', ({ kind, fresh }) => {
  let database: TestDatabase;
  let names: ReadonlySet<string>;

  beforeAll(async () => {
    database = await fresh();
    for (const statement of SCHEMA) await database.query(statement);
    const opened = await openDatabase(findTarget(undefined, { DATABASE_URL: database.url }), 'read', {}, '/');
    names = new Set(await opened.identifiers());
    await opened.close();
  });

  it('are about names that the catalog knows', () => {
    expect([...names]).toEqual(
      expect.arrayContaining([
        ...[database.name, 'human', 'email', 'branch_id'],
        ...['human_email_unique', 'human_email_check', 'human_branch_fk'],
      ]),
    );
  });

  it.each(Object.keys(REFUSED))('about %s show no value', async (what) => {
    const connection = await database.connect();
    let holdingValues = 0;
    try {
      for (const value of values) {
        const words = await wordsOf(connection, REFUSED[what]?.(literal(kind, value)) ?? []);
        if (words.includes(MARK)) holdingValues++;
        for (const text of [words, printable(words)]) {
          const shown = withoutValues(text, names);
          expect(shown, text).not.toContain(MARK);
          expect(shown.length, text).toBeGreaterThan(20);
        }
      }
    } finally {
      await connection.close();
    }
    expect(holdingValues > values.length / 2).toBe(SHOWN[kind].includes(what));
  });

  it('still say what is wrong, and with what', async () => {
    const connection = await database.connect();
    const shown: string[] = [];
    for (const what of ['a unique index', 'a type', 'a foreign key']) {
      const words = await wordsOf(connection, REFUSED[what]?.(literal(kind, 'x')) ?? []);
      shown.push(withoutValues(words, names));
    }
    await connection.close();
    expect(shown.map((text) => text.replaceAll(database.name, 'DATABASE'))).toEqual(EXPECTED[kind]);
  });
});

/** Which of them repeat the value at all. */
const SHOWN: Readonly<Record<Kind, readonly string[]>> = {
  postgres: Object.keys(REFUSED).filter((what) => !['a length', 'a range'].includes(what)),
  mysql: ['a unique index', 'a type'],
};

const EXPECTED: Readonly<Record<Kind, readonly string[]>> = {
  postgres: [
    'duplicate key value violates unique constraint "human_email_unique"\nKey (email)=(…) already exists.',
    'invalid input syntax for type smallint: "…"',
    'insert or update on table "human" violates foreign key constraint "human_branch_fk"\nKey (branch_id)=(…) is not present in table "branch".',
  ],
  mysql: [
    "Duplicate entry '…' for key 'human_email_unique'",
    "Incorrect integer value: '…' for column `DATABASE`.`human`.`age` at row 1",
    'Cannot add or update a child row: a foreign key constraint fails (`DATABASE`.`human`, CONSTRAINT `human_branch_fk` FOREIGN KEY (`branch_id`) REFERENCES `branch` (`id`))',
  ],
};
