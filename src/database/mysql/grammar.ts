import { comment, escaped, type Grammar, lineComment, quoted, type Stretch } from '../script/grammar.js';
import { type Reading, readingOf } from './masked.js';

const NAME = quoted('`');

/**
 * As the client of MySQL and MariaDB splits it. What stands in a conditional comment is for the server, and the
 * delimiter counts in it; the line with which a dump puts the client into its sandbox is a plain comment.
 */
export class MysqlGrammar implements Grammar {
  delimiter = ';';
  run = runBefore(';');
  readonly marks = /['"`#]|--(?=[\s\0]|$)|\/\*M!999999\\-|\/\*(?!M?!)/y;
  readonly command = /delimiter(?=[ \t])|\\/iy;
  readonly isNested = false;
  #reading: Reading = readingOf('');
  #string = escaped("'");
  #doubleQuoted = escaped('"');

  /** Of the statements that follow. */
  get reading(): Reading {
    return this.#reading;
  }

  begin(): void {}

  take(mark: string): Stretch | undefined {
    switch (mark) {
      case "'":
        return this.#string;
      case '"':
        return this.#doubleQuoted;
      case '`':
        return NAME;
      case '#':
      case '--':
        return lineComment;
      default:
        return comment;
    }
  }

  /** A mode of the server changes what a backslash and a double quote mean; one of before may come back. */
  end(statement: string): boolean {
    if (statement.length > 1000 || !/\bsql_mode\b/i.test(statement)) return false;
    const mode = /\bsql_mode\s*:?=\s*'([^']*)'/i.exec(statement)?.[1]?.toUpperCase() ?? '';
    const noBackslashEscapes = mode.includes('NO_BACKSLASH_ESCAPES');
    const ansiQuotes = mode.includes('ANSI');
    this.#reading = { noBackslashEscapes, ansiQuotes };
    this.#string = noBackslashEscapes ? quoted("'") : escaped("'");
    this.#doubleQuoted = noBackslashEscapes || ansiQuotes ? quoted('"') : escaped('"');
    return false;
  }

  obeys(command: string): boolean {
    const delimiter = /^delimiter[ \t]+(\S+)/i.exec(command)?.[1];
    if (delimiter === undefined) return false;
    this.delimiter = delimiter;
    this.run = runBefore(delimiter);
    return true;
  }
}

function runBefore(delimiter: string): RegExp {
  const first = delimiter.slice(0, 1).replace(/[\\\]^-]/, '\\$&');
  return new RegExp(`[^'"\`#\\-/${first}]+`, 'y');
}
