import {
  escaped,
  type Grammar,
  lineComment,
  nestedComment,
  quoted,
  type Stretch,
  tagged,
} from '../script/grammar.js';

const STRING = quoted("'");
const ESCAPED_STRING = escaped("'");
const NAME = quoted('"');

const NAME_OF = String.raw`(?:"(?:[^"]|"")*"|[\w$\x80-\xff]+)`;
/** `COPY name (columns) FROM stdin`, and nothing that only looks like it: `FROM PROGRAM` would run one. */
const WITH_ROWS = new RegExp(
  String.raw`^COPY\s+${NAME_OF}(?:\.${NAME_OF})?\s*(?:\((?:"(?:[^"]|"")*"|[^"()])*\)\s*)?\sFROM\s+stdin\b`,
  'i',
);

const ROUTINE = /^create (?:or replace )?(?:function|procedure) /;

/** As psql splits it: statements, lines to psql behind a backslash, and rows behind COPY. */
export class PostgresGrammar implements Grammar {
  readonly delimiter = ';';
  readonly run = /[^'"$\-/;()\\A-Za-z_\x80-\xff]+/y;
  readonly marks =
    /[eE]?'|"|\$(?:[A-Za-z_\x80-\xff][\w\x80-\xff]*)?\$|--|\/\*|[()]|[A-Za-z_\x80-\xff][\w$\x80-\xff]*/y;
  readonly command = /\\/y;
  #string = STRING;
  #parentheses = 0;
  /** `BEGIN ATOMIC` and `CASE` without their `END`, in the body of a routine. */
  #blocks = 0;
  /** The first words, by which a routine is told. */
  #start = '';

  get isNested(): boolean {
    return this.#parentheses > 0 || this.#blocks > 0;
  }

  begin(): void {
    this.#parentheses = 0;
    this.#blocks = 0;
    this.#start = '';
  }

  take(mark: string): Stretch | undefined {
    switch (mark) {
      case "'":
        return this.#string;
      case '"':
        return NAME;
      case '--':
        return lineComment;
      case '/*':
        return nestedComment();
      case '(':
        this.#parentheses++;
        return undefined;
      case ')':
        this.#parentheses = Math.max(0, this.#parentheses - 1);
        return undefined;
    }
    if (mark.endsWith("'")) return ESCAPED_STRING;
    if (mark.startsWith('$')) return tagged(mark);
    this.#takeWord(mark);
    return undefined;
  }

  #takeWord(word: string): void {
    if (this.#start.length < 40) this.#start += `${word.toLowerCase()} `;
    if (this.#parentheses > 0 || word.length > 5 || !ROUTINE.test(this.#start)) return;
    const lower = word.toLowerCase();
    if (lower === 'begin' || (lower === 'case' && this.#blocks > 0)) this.#blocks++;
    else if (lower === 'end') this.#blocks = Math.max(0, this.#blocks - 1);
  }

  end(statement: string): boolean {
    const standard = /^SET\s+standard_conforming_strings\s*(?:=|TO)\s*'?(on|off)/i.exec(statement)?.[1];
    if (standard !== undefined) this.#string = standard.toLowerCase() === 'on' ? STRING : ESCAPED_STRING;
    return WITH_ROWS.test(statement);
  }

  obeys(): boolean {
    return false;
  }
}
