import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Database } from '../../src/database/database.js';
import { compareContents } from '../../src/rehearse/compare-contents.js';
import { type Contents, readContents } from '../../src/rehearse/contents.js';
import { Scope } from '../../src/rehearse/scope.js';
import { logBytesBetween, readSizes } from '../../src/rehearse/sizes.js';
import { databases, type TestDatabase } from '../support/databases.js';
import { openTest } from '../support/opened.js';

/** Of operators in `item`, whose column `moved` the application moves by itself, and persons in `other`. */
const scopeOf = (ignoredTables: readonly string[] = []) =>
  new Scope(
    {
      operators: { table: { schema: undefined, name: 'item' } },
      persons: { table: { schema: undefined, name: 'other' } },
      volatileColumns: { operators: ['moved'], persons: [] },
    },
    ignoredTables,
  );

const said = (before: Contents, after: Contents) =>
  compareContents(before, after).map(({ message }) => message);

describe.each(databases)('the contents of a database on $name', ({ kind, name, fresh }) => {
  let place: TestDatabase;
  let database: Database;

  beforeAll(async () => {
    place = await fresh();
    database = await openTest(place);
  }, 60_000);
  afterAll(() => database.close());
  beforeEach(() => write('DROP TABLE IF EXISTS item', 'DROP TABLE IF EXISTS other'));

  const isPostgres = kind === 'postgres';
  const write = (...statements: string[]) =>
    database.transaction(async (session) => {
      for (const statement of statements) await session.run(statement);
    });

  /** What is said of a change to the table `item`. */
  async function saidOf(setUp: string[], change: string[]): Promise<string[]> {
    await write(...setUp);
    const before = await readContents(database);
    await write(...change);
    return said(before, await readContents(database, { like: before }));
  }

  const letters = (...values: string[]) => [
    `CREATE TABLE item (number int, word varchar(40)${isPostgres ? '' : ' CHARACTER SET utf8mb4 COLLATE utf8mb4_general_ci'})`,
    ...(values.length === 0 ? [] : [`INSERT INTO item VALUES ${values.join(', ')}`]),
  ];
  const oneColumn = (type: string, value: string) => [
    `CREATE TABLE item (number int, word ${type})`,
    `INSERT INTO item VALUES (1, ${value})`,
  ];
  const setTo = (value: string) => [`UPDATE item SET word = ${value}`];
  const WORD_CHANGED = ['item: 1 row as before, but values changed in the column word'];

  it('are the same for the same rows in whatever order', async () => {
    const rows = ["(1, 'a')", "(2, 'b')", '(3, NULL)', '(3, NULL)'];
    expect(
      await saidOf(letters(...rows), [
        'DELETE FROM item',
        `INSERT INTO item VALUES ${rows.toReversed().join(', ')}`,
      ]),
    ).toEqual([]);
  });

  it('are others with a row more, a row less, or none', async () => {
    expect(await saidOf(letters("(1, 'a')"), ["INSERT INTO item VALUES (1, 'a')"])).toEqual([
      'item: 1 row more (1 → 2)',
    ]);
    const before = await readContents(database);
    await write('DELETE FROM item');
    const after = await readContents(database, { like: before });
    expect(said(before, after)).toEqual(['item: 2 rows fewer (2 → 0)']);
    expect(compareContents(before, after)).toMatchObject([{ table: 'item', kind: 'rows', moreRows: -2 }]);
    // An empty table is one, too.
    expect(await readContents(database)).toMatchObject({ tables: [{ label: 'item', rows: 0 }], unread: [] });
  });

  it('are others where one row is there twice in the place of another, and where pairs take the place of pairs', async () => {
    const changed = (rows: number) => [
      `item: ${rows} rows as before, but values changed in the columns number, word`,
    ];
    expect(
      await saidOf(letters("(1, 'a')", "(2, 'b')"), [
        "UPDATE item SET number = 1, word = 'a' WHERE number = 2",
      ]),
    ).toEqual(changed(2));
    await write('DROP TABLE item');
    expect(
      await saidOf(letters("(1, 'a')", "(1, 'a')", "(3, 'c')", "(3, 'c')"), [
        "UPDATE item SET number = 2, word = 'b' WHERE number = 1",
      ]),
    ).toEqual(changed(4));
  });

  it('are others when two rows swap their values', async () => {
    expect(
      await saidOf(letters("(1, 'a')", "(2, 'b')"), [
        "UPDATE item SET word = CASE word WHEN 'a' THEN 'b' ELSE 'a' END",
      ]),
    ).toEqual(['item: 2 rows as before, but values stand in other rows']);
  });

  it('are others when a value moves on to the next column', async () => {
    const table = ['CREATE TABLE item (one varchar(20), two varchar(20))'];
    for (const [from, to] of [
      ["'ab', 'c'", "'a', 'bc'"],
      ["NULL, ''", "'', NULL"],
      ["'a,b', ''", "'a', 'b,'"],
      ["'1:a', ''", "'', '1:a'"],
      [`'"",', ''`, `'', '"",'`],
    ] as const) {
      const change = ['DELETE FROM item', `INSERT INTO item VALUES (${to})`];
      await write('DROP TABLE IF EXISTS item');
      expect(await saidOf([...table, `INSERT INTO item VALUES (${from})`], change), from).toHaveLength(1);
    }
  });

  it.each([
    ['NULL and an empty text', 'NULL', "''"],
    ['NULL and the mark that stands for it', 'NULL', "'N'"],
    ['a trailing blank', "'a'", "'a '"],
    ['case', "'Ann'", "'ann'"],
    ['an accent', "'Ren\u00e9'", "'Rene'"],
    ['composed and decomposed letters', "'\u00e9'", "'e\u0301'"],
    ['one letter of a long text', "'abcdefghijklmnopqrstuvwxyz'", "'abcdefghijklmnopqrstuvwxyy'"],
  ])('tell %s apart', async (_, from, to) => {
    expect(await saidOf(letters(`(1, ${from})`), setTo(to))).toEqual(WORD_CHANGED);
  });

  const float = isPostgres ? 'real' : 'float';
  const bytes = isPostgres ? 'bytea' : 'blob';
  const hex = (digits: string) => (isPostgres ? `'\\x${digits}'::bytea` : `X'${digits}'`);
  type Pair = readonly [type: string, from: string, to: string];
  const ofPostgres: readonly Pair[] = [
    ['double precision', "'-0'", "'0'"],
    ['timestamptz', "'2026-01-01 00:00:00.000001+00'", "'2026-01-01 00:00:00.000002+00'"],
    ['interval', "'1 month'", "'30 days'"],
    ['numeric', '1.0', '1.00'],
    ['text[]', "ARRAY['a', NULL]", "ARRAY['a', 'NULL']"],
    ['money', '12345.67', '12345.68'],
    ['point', 'point(0.1, 0.3)', 'point(0.1, 0.30000000000000004)'],
  ];
  const ofMariadb: readonly Pair[] = [
    ['double(20,2)', '1.01', '1.02'],
    ['timestamp(6)', "'2026-01-01 00:00:00.000001'", "'2026-01-01 00:00:00.000002'"],
    ['datetime(6)', "'2026-01-01 00:00:00.000001'", "'2026-01-01 00:00:00.000002'"],
    ['bit(10)', "b'1000000001'", "b'1000000000'"],
    ["set('a','b')", "'a,b'", "'a'"],
    ["enum('a','b')", "'a'", "'b'"],
    ['binary(3)', "X'0041'", "X'2041'"],
    ['varchar(10) CHARACTER SET latin1', "'\u00e9'", "'e'"],
    ['geometry', "ST_GeomFromText('POINT(1 2)', 4326)", "ST_GeomFromText('POINT(1 2)', 0)"],
    ['uuid', "'00000000-0000-4000-8000-000000000001'", "'00000000-0000-4000-8000-000000000002'"],
  ];
  const pairs: readonly Pair[] = [
    [float, '16777215', '16777214'],
    [float, '0.1', '0.10000001'],
    ['double precision', '0.3', '0.30000000000000004'],
    ['double precision', '123456789012345680', '123456789012345660'],
    ['decimal(30, 10)', '12345678901234567890.0000000001', '12345678901234567890.0000000002'],
    ['bigint', '9007199254740993', '9007199254740992'],
    ['boolean', 'TRUE', 'FALSE'],
    [bytes, hex('00ff00'), hex('00ff01')],
    [bytes, hex('00'), hex('0000')],
    ['time(6)', "'10:00:00.000001'", "'10:00:00.000002'"],
    [isPostgres ? 'jsonb' : 'json', `'{"a": [1, 2]}'`, `'{"a": [2, 1]}'`],
    ...(isPostgres ? ofPostgres : ofMariadb),
  ];
  it.each(pairs)('tell values of the type %s apart: %s, %s', async (type, from, to) => {
    expect(await saidOf(oneColumn(type, from), setTo(to))).toEqual(WORD_CHANGED);
  });

  it('tell one byte at the end of a long value apart, and rows that are longer than a packet', async () => {
    const megabytes = 40;
    const long = (end: string) =>
      isPostgres
        ? `convert_to(repeat('x', ${2 ** 20}), 'UTF8') || '${end}'::bytea`
        : `CONCAT(REPEAT('x', ${megabytes * 2 ** 20}), '${end}')`;
    const type = isPostgres ? 'bytea' : 'longblob';
    expect(
      await saidOf(
        [
          `CREATE TABLE item (number int, word ${type}, more ${type})`,
          'INSERT INTO item VALUES (1, NULL, NULL)',
          ...setTo(long('a')),
          `UPDATE item SET more = ${long('a')}`,
        ],
        setTo(long('b')),
      ),
    ).toEqual(WORD_CHANGED);
  }, 60_000);

  it('take no account of time zones, formats and other settings of a session', async () => {
    const types = isPostgres
      ? [
          ['timestamptz', "'2026-06-01 12:00:00.5+02'"],
          ['timestamp', "'2026-06-01 12:00:00.5'"],
          ['date', "'2026-06-01'"],
          ['interval', "'1 year 2 days 03:04:05.6'"],
          ['bytea', "'\\x00ff'"],
          ['double precision', '0.30000000000000004'],
          ['real', '0.1'],
          ['money', '12345.67'],
          ['timestamptz[]', "ARRAY['2026-06-01 12:00:00+02'::timestamptz]"],
        ]
      : [
          ['timestamp(3) NULL', "'2026-06-01 12:00:00.500'"],
          ['datetime', "'2026-06-01 12:00:00'"],
          ['double', '0.30000000000000004'],
          ['float', '0.1'],
          ['varchar(10)', "'\u00e9'"],
        ];
    const settings = isPostgres
      ? [
          "SET timezone = 'Asia/Kolkata'",
          "SET datestyle = 'SQL, DMY'",
          "SET intervalstyle = 'iso_8601'",
          "SET bytea_output = 'escape'",
          'SET extra_float_digits = -10',
        ]
      : [
          "SET SESSION time_zone = '-07:00'",
          "SET SESSION lc_time_names = 'de_DE'",
          'SET SESSION div_precision_increment = 0',
          "SET SESSION character_set_results = 'latin1', collation_connection = 'latin1_german1_ci'",
        ];
    await write(
      `CREATE TABLE item (${types.map(([type], index) => `c${index} ${type}`).join(', ')})`,
      `INSERT INTO item VALUES (${types.map(([, value]) => value).join(', ')})`,
    );
    const before = await readContents(database);
    const shown = () =>
      database.transaction((session) =>
        session.rows<{ shown: string }>(`SELECT ${database.dialect.text('c0')} AS shown FROM item`),
      );
    const [usual] = await shown();
    await write(...settings);
    try {
      // The settings are those of the one session there is.
      expect(await shown()).not.toEqual([usual]);
      expect(said(before, await readContents(database, { like: before }))).toEqual([]);
    } finally {
      await write(
        ...(isPostgres
          ? ['RESET ALL', "SET datestyle = 'ISO, YMD'"]
          : [
              'SET SESSION time_zone = DEFAULT, lc_time_names = DEFAULT, div_precision_increment = DEFAULT',
              'SET NAMES utf8mb4',
            ]),
      );
    }
  });

  it('leave out what was added, and miss what is gone', async () => {
    await write(...letters("(1, 'a')", '(2, NULL)'), 'CREATE TABLE other (number int)');
    const before = await readContents(database);
    await write('ALTER TABLE item ADD COLUMN more int DEFAULT 7', 'ALTER TABLE item ADD COLUMN link int');
    const added = await readContents(database, { like: before });
    expect(said(before, added)).toEqual([]);
    expect(said(before, await readContents(database))).not.toEqual([]);
    await write(
      'ALTER TABLE item DROP COLUMN word',
      'DROP TABLE other',
      'CREATE TABLE audit_log (number int)',
      'INSERT INTO audit_log VALUES (1)',
    );
    const differences = compareContents(before, await readContents(database, { like: before }));
    expect(differences.map(({ message }) => message).toSorted()).toEqual([
      'audit_log: the table is new (1 row)',
      'item: column word is gone',
      'other: the table is gone',
    ]);
    await write('UPDATE item SET number = 3 WHERE number = 2');
    const changed = await readContents(database, { like: before, scope: scopeOf(['audit_log']) });
    expect(said(before, changed).toSorted()).toEqual([
      'item: 2 rows as before, but values changed in the column number',
      'item: column word is gone',
      'other: the table is gone',
    ]);
    await expect(readContents(database, { scope: scopeOf(['audit_logs']) })).rejects.toThrow(
      '--ignore-table audit_logs: there is no such table.',
    );
    await write('DROP TABLE audit_log');
  });

  it('tells what the application moves by itself from what it changes', async () => {
    const scope = scopeOf();
    await write(
      'CREATE TABLE item (number int, word varchar(20), moved varchar(20))',
      `INSERT INTO item VALUES (1, 'one', 'then'), (2, 'two', 'then')`,
    );
    const before = await readContents(database, { scope });
    const kinds = async () =>
      compareContents(before, await readContents(database, { like: before, scope })).map(
        ({ kind, message }) => `${kind} ${message}`,
      );
    expect(await kinds()).toEqual([]);
    await write(`UPDATE item SET moved = 'now' WHERE number = 1`);
    expect(await kinds()).toEqual(['moved item: the application has moved the volatile column moved']);
    // Two rows that have swapped their words, as well.
    await write(`UPDATE item SET word = CASE number WHEN 1 THEN 'two' ELSE 'one' END`);
    expect(await kinds()).toEqual([
      'moved item: the application has moved the volatile column moved',
      'values item: 2 rows as before, but values stand in other rows',
    ]);
  });

  it('is never read without the tables that a migration is about', () => {
    expect(() => scopeOf(['item'])).toThrow(
      '--ignore-table item: this table is what the rehearsal is about.',
    );
    expect(() => scopeOf(['other'])).toThrow('what the rehearsal is about');
  });

  it('leave out the journal and the mark of a disposable database, and no table that is called alike', async () => {
    const alike = isPostgres ? 'journal' : 'onecard_like';
    const journal = isPostgres ? 'onecard.run' : 'onecard_run';
    await write(
      ...(isPostgres ? ['CREATE SCHEMA onecard'] : []),
      ...[journal, alike, 'onecard_disposable'].map((table) => `CREATE TABLE ${table} (id int)`),
    );
    const { tables } = await readContents(database);
    expect(tables.map(({ label }) => label)).toEqual([alike]);
    await write(
      ...[journal, alike, 'onecard_disposable'].map((table) => `DROP TABLE ${table}`),
      ...(isPostgres ? ['DROP SCHEMA onecard'] : []),
    );
  });

  it.runIf(isPostgres)('read partitions once, heirs by themselves, and other schemas, too', async () => {
    await write(
      'CREATE TABLE item (number int, word text) PARTITION BY LIST (number)',
      'CREATE TABLE item_1 PARTITION OF item FOR VALUES IN (1)',
      'CREATE TABLE item_2 PARTITION OF item FOR VALUES IN (2)',
      "INSERT INTO item VALUES (1, 'a'), (2, 'b')",
      'CREATE TABLE other (number int GENERATED ALWAYS AS IDENTITY, twice int GENERATED ALWAYS AS (word * 2) STORED, word int)',
      'INSERT INTO other (word) VALUES (1)',
      'CREATE SCHEMA shop',
      'CREATE TABLE shop.heir () INHERITS (other)',
      'INSERT INTO shop.heir (number, word) VALUES (5, 1), (6, 1)',
    );
    const { tables } = await readContents(database);
    expect(tables.map(({ label, rows, columns }) => [label, rows, [...columns.keys()].join()])).toEqual([
      ['item', 2, 'number,word'],
      ['other', 1, 'number,word'],
      ['shop.heir', 2, 'number,word'],
    ]);
    await write('DROP SCHEMA shop CASCADE');
  });

  it('say how large the database and the log are', async () => {
    await write(...letters());
    const before = await readSizes(database);
    await write(
      `INSERT INTO item VALUES ${Array.from({ length: 5_000 }, () => "(1, 'abcdefgh')").join(', ')}`,
    );
    const after = await readSizes(database);
    expect(after.databaseBytes).toBeGreaterThan(10_000);
    expect(after.journalBytes).toBe(0);
    expect(logBytesBetween(before, after)).toBeGreaterThan(40_000);
    expect(logBytesBetween(after, before)).toBeNull();
    expect(logBytesBetween(before, { ...after, logPosition: null })).toBeNull();
  });

  it.runIf(name !== 'embedded')('name the tables that this user may not read', async () => {
    await write(...letters("(1, 'a')"), 'CREATE TABLE other (number int, word int)');
    const before = await readContents(database);
    const role = await place.createRole();
    await write(
      `GRANT SELECT ON item TO ${role.name}`,
      // Enough to know that it is there.
      `GRANT SELECT (number), INSERT (word) ON other TO ${role.name}`,
    );
    const reader = await openTest({ ...place, url: role.url }, 'read');
    try {
      const after = await readContents(reader, { like: before });
      expect(after.unread).toEqual(['other']);
      expect(said(before, after)).toEqual(['other: could be read before, and cannot be read any more']);
      expect(said(after, await readContents(reader, { like: after }))).toEqual([]);
      // Whatever it may not ask for, it is not told.
      const sizes = await readSizes(reader);
      expect(sizes.databaseBytes).toBeGreaterThan(0);
      if (!isPostgres) return;
      await write(
        `GRANT SELECT ON other TO ${role.name}`,
        'ALTER TABLE item ENABLE ROW LEVEL SECURITY',
        'REVOKE EXECUTE ON FUNCTION pg_current_wal_insert_lsn() FROM public',
      );
      // All rows of the one, and of the other those that a policy lets through.
      expect(await readContents(reader)).toMatchObject({ tables: [{ label: 'other' }], unread: ['item'] });
      expect(await readSizes(reader)).toMatchObject({ journalBytes: 0, logPosition: null });
    } finally {
      await reader.close();
    }
  });
});
