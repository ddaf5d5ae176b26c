import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { MysqlGrammar } from '../../src/database/mysql/grammar.js';
import { PostgresGrammar } from '../../src/database/postgres/grammar.js';
import type { Grammar } from '../../src/database/script/grammar.js';
import { type Piece, Splitter } from '../../src/database/script/splitter.js';

/** Each with something in it that is no delimiter, though it looks like one. */
const POSTGRES_STATEMENTS = [
  'SELECT 1',
  "INSERT INTO t VALUES ('a;b', 'it''s;', 'c:\\', '\n;\n-- no comment\n')",
  "SELECT E'a\\';b', e'\\\\', name, table_e'x;\\'",
  'CREATE TABLE "a;""b" (x int)',
  'CREATE FUNCTION f() RETURNS void LANGUAGE plpgsql AS $$ BEGIN; $a$ ; END; $$',
  'CREATE FUNCTION g() AS $_X$\nBEGIN\n  x := $1; -- $$\nEND;\n$_X$',
  'SELECT a$b, c$d$e; SELECT 2'.split(';')[0],
  'SELECT 1 /* a /* ; */ ; */ + 2',
  "SELECT 1 -- it's; a comment\n + 2",
  'CREATE RULE r AS ON INSERT TO t DO INSTEAD (INSERT INTO u VALUES (1); DELETE FROM v;)',
  'CREATE OR REPLACE FUNCTION public.h(a int) RETURNS int LANGUAGE sql BEGIN ATOMIC SELECT CASE WHEN a > 1 THEN 1 END; SELECT 2; END',
  'CREATE PROCEDURE p() BEGIN ATOMIC INSERT INTO t VALUES (1); END',
  'CREATE TABLE begin_end (begin_at int, case_id int)',
  'BEGIN',
  'COMMIT',
  "INSERT INTO t VALUES ('\xc3\xa4\xf0\x9f\x98\x80;')",
  // Long enough to be cut anywhere within.
  `SELECT E'${"\\';\\\\".repeat(200)}'`,
  `SELECT $_X$${'$_X ;$_'.repeat(150)}$_X$`,
  `SELECT /*${'/*;*/'.repeat(200)}*/ 3`,
] as string[];

const MYSQL_STATEMENTS = [
  'SELECT 1',
  "INSERT INTO `t` VALUES ('a;b','it\\'s;','it''s;','\\\\'),\n(1,\"x;'\\\"\")",
  'CREATE TABLE `a;``b` (x int)',
  '/*!40101 SET @saved_cs_client = @@character_set_client */',
  "/*M!100616 SET @OLD_NOTE_VERBOSITY=@@NOTE_VERBOSITY, NOTE_VERBOSITY='a;b' */",
  'SELECT 1 /* a; */ + 2',
  "SELECT 1 -- it's; a comment\n + 2",
  "SELECT 1 # it's; a comment\n + 2",
  'SELECT 5--3, 6-/* ; */-2',
  `INSERT INTO t VALUES (0x${'AB12'.repeat(300)}, _binary '\xff\\0\\Z;\\'')`,
  "INSERT INTO t VALUES ('\xc3\xa4\xf0\x9f\x98\x80;')",
  // Long enough to be cut anywhere within.
  `SELECT '${"\\';\\\\".repeat(200)}'`,
  `SELECT /*${'; * / '.repeat(200)}*/ 3`,
];

/** Where statements may not be, but may be skipped. */
const GAPS = ['\n', '\n\n', ' \t\n', '\r\n', '\n/* between; them */\n', ';\n'];

describe.each([
  ['PostgreSQL', () => new PostgresGrammar(), POSTGRES_STATEMENTS],
  ['MySQL', () => new MysqlGrammar(), MYSQL_STATEMENTS],
] as const)('a script of %s', (_, grammar, statements) => {
  it('gives back its statements with their lines, however it is cut into chunks', () => {
    const some = fc.array(fc.tuple(fc.constantFrom(...statements), fc.constantFrom(...GAPS)), {
      maxLength: 30,
    });
    fc.assert(
      fc.property(some, fc.infiniteStream(fc.integer({ min: 1, max: 700 })), (parts, lengths) => {
        const script = parts.map(([statement, gap]) => `${statement};${gap}`).join('');
        const pieces = split(grammar(), cut(script, lengths));
        let at = 0;
        const expected = parts.map(([text]) => {
          const start = script.indexOf(text, at);
          at = start + text.length;
          return { text, line: lineOf(script, start) };
        });
        expect(statementsOf(pieces)).toEqual(expected);
        expect(pieces.at(-1)).toEqual({ kind: 'end', line: lineOf(script, script.length), isWhole: true });
      }),
      { numRuns: 300 },
    );
  });

  it('is not whole where it ends within a string, a name or a comment', () => {
    for (const open of ["SELECT 'a;\n", 'SELECT 1; SELECT "a', 'SELECT /* a;']) {
      expect(split(grammar(), [open]).at(-1)).toMatchObject({ kind: 'end', isWhole: false });
    }
  });

  it('tells its comments, and the last statement that has no delimiter', () => {
    expect(split(grammar(), ['-- PostgreSQL database dump\n\nSELECT 1;\n-- over\nSELECT 2'])).toEqual([
      { kind: 'comment', text: '-- PostgreSQL database dump', line: 1 },
      { kind: 'statement', text: 'SELECT 1', line: 3, hasRows: false },
      { kind: 'comment', text: '-- over', line: 4 },
      { kind: 'statement', text: 'SELECT 2', line: 5, hasRows: false },
      { kind: 'end', line: 5, isWhole: true },
    ]);
  });
});

describe('a script of PostgreSQL', () => {
  it('has rows behind COPY, up to a line of a backslash and a point', () => {
    const rows = fc.array(
      fc.constantFrom('1\ta;b', "it's", '\\\\.', '\\N\t-- no comment', '', 'a\\.', '\\.x', '/* $$', ' \\.'),
      // Enough to be cut anywhere.
      { minLength: 100, maxLength: 200 },
    );
    fc.assert(
      fc.property(rows, fc.infiniteStream(fc.integer({ min: 1, max: 90 })), (lines, lengths) => {
        const data = lines.map((line) => `${line}\n`).join('');
        const script = `SET a = 1;\n\nCOPY t (a, b) FROM stdin;\n${data}\\.\n\n\nSELECT 2;\n`;
        const pieces = split(new PostgresGrammar(), cut(script, lengths));
        expect(pieces.map((piece) => (piece.kind === 'rows' ? piece.text : '')).join('')).toBe(data);
        expect(statementsOf(pieces).map(({ line }) => line)).toEqual([1, 3, 7 + lines.length]);
      }),
      { numRuns: 300 },
    );
  });

  it('is not whole without the end of its rows', () => {
    expect(split(new PostgresGrammar(), ['COPY t FROM stdin;\n1\n2\n']).at(-1)).toEqual({
      kind: 'end',
      line: 4,
      isWhole: false,
    });
  });

  it('has lines to psql', () => {
    expect(split(new PostgresGrammar(), ['\\restrict ab;c\n\nSELECT 1;\n\\connect x\n'])).toMatchObject([
      { kind: 'command', text: '\\restrict ab;c', line: 1 },
      { kind: 'statement', text: 'SELECT 1', line: 3 },
      { kind: 'command', text: '\\connect x', line: 4 },
      { kind: 'end', isWhole: true },
    ]);
  });

  it('knows backslashes in all strings once they are not standard ones', () => {
    const script = "SET standard_conforming_strings = off;\nSELECT 'a\\';b';\nSELECT 2;";
    expect(statementsOf(split(new PostgresGrammar(), [script]))).toHaveLength(3);
  });
});

describe('a script of MySQL', () => {
  it('has other delimiters where it says so', () => {
    const trigger =
      '/*!50003 CREATE*/ /*!50003 TRIGGER t BEFORE INSERT ON a FOR EACH ROW BEGIN\n  SET @a = 1;\nEND */';
    const script = `SELECT 1;\nDELIMITER ;;\n${trigger};;\nDELIMITER ;\nSELECT 2;\ndelimiter //\nSELECT 3//\nSELECT 4//`;
    expect(statementsOf(split(new MysqlGrammar(), [script]))).toEqual([
      { text: 'SELECT 1', line: 1 },
      { text: trigger, line: 3 },
      { text: 'SELECT 2', line: 7 },
      { text: 'SELECT 3', line: 9 },
      { text: 'SELECT 4', line: 10 },
    ]);
  });

  it('takes the line that puts the client into its sandbox for a comment', () => {
    const script = '/*M!999999\\- enable the sandbox mode */ \n-- MariaDB dump 10.19\nSELECT 1;';
    expect(statementsOf(split(new MysqlGrammar(), [script]))).toEqual([{ text: 'SELECT 1', line: 3 }]);
  });

  it('reads strings as the mode says, until another mode is set', () => {
    const script = [
      "SET sql_mode = 'ANSI_QUOTES,NO_BACKSLASH_ESCAPES';",
      'SELECT \'a\\\', "b\\";',
      "SET sql_mode = 'NO_AUTO_VALUE_ON_ZERO';",
      'SELECT \'a\\\';\', "b\\";";',
    ].join('\n');
    expect(statementsOf(split(new MysqlGrammar(), [script])).map(({ line }) => line)).toEqual([1, 2, 3, 4]);
  });
});

function split(grammar: Grammar, chunks: Iterable<string>): Piece[] {
  const splitter = new Splitter(grammar);
  return [...[...chunks].flatMap((chunk) => [...splitter.push(chunk)]), ...splitter.end()];
}

function* cut(script: string, lengths: Iterator<number>): Generator<string> {
  for (let at = 0; at < script.length; ) {
    const length = Number(lengths.next().value);
    yield script.slice(at, at + length);
    at += length;
  }
}

const statementsOf = (pieces: readonly Piece[]) =>
  pieces.flatMap((piece) => (piece.kind === 'statement' ? [{ text: piece.text, line: piece.line }] : []));

const lineOf = (script: string, at: number) => script.slice(0, at).split('\n').length;
