import { comment, escaped, type Grammar, lineComment, quoted, type Stretch } from '../script/grammar.js';
import { PLAIN, readingOf } from './masked.js';

const NAME = quoted('`');
const STRING = { plain: quoted("'"), escaped: escaped("'") };
const DOUBLE_QUOTED = { plain: quoted('"'), escaped: escaped('"') };

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
  /** A mode of the server changes what a backslash and a double quote mean. */
  reading = PLAIN;

  begin(): void {}

  take(mark: string): Stretch | undefined {
    switch (mark) {
      case "'":
        return this.reading.noBackslashEscapes ? STRING.plain : STRING.escaped;
      case '"':
        return this.reading.noBackslashEscapes || this.reading.ansiQuotes
          ? DOUBLE_QUOTED.plain
          : DOUBLE_QUOTED.escaped;
      case '`':
        return NAME;
      case '#':
      case '--':
        return lineComment;
      default:
        return comment;
    }
  }

  /** A mode of before may come back. */
  end(statement: string): boolean {
    if (statement.length > 1000 || !/\bsql_mode\b/i.test(statement)) return false;
    this.reading = readingOf(/\bsql_mode\s*:?=\s*'([^']*)'/i.exec(statement)?.[1] ?? '');
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
