import { type Grammar, LONGEST_MARK, lineComment, type Stretch } from './grammar.js';

/** A part of a script, in its order; `line` is that of its first character, from 1. */
export type Piece =
  /** A comment from `--` or `#` to the end of its line, between statements. */
  | { readonly kind: 'comment'; readonly text: string; readonly line: number }
  /** Without its delimiter, and without what stands before it. */
  | { readonly kind: 'statement'; readonly text: string; readonly line: number; readonly hasRows: boolean }
  /** A line to the client. */
  | { readonly kind: 'command'; readonly text: string; readonly line: number }
  /** Some of the rows of the statement before, cut anywhere. */
  | { readonly kind: 'rows'; readonly text: string; readonly line: number }
  | { readonly kind: 'end of rows'; readonly line: number }
  /** The last one. `isWhole`: the script does not end within a string, a comment or rows. */
  | { readonly kind: 'end'; readonly line: number; readonly isWhole: boolean };

const SPACE = /[\s\0]+/y;
const END_OF_ROWS = /\\\.\r?(?:\n|$)/y;
const LAST_ROW = /\n(?=\\\.\r?\n)/g;
/** What `LAST_ROW` has to see to find its match. */
const END_OF_ROWS_WIDTH = 5;

/**
 * Splits a script that comes in chunks, cut anywhere. It holds one statement at a time, and of rows no more than
 * a chunk.
 */
export class Splitter {
  readonly #grammar: Grammar;
  /** What was not passed over in earlier chunks, and the chunk. */
  #text = '';
  #at = 0;
  /** Where in `#text` the part of the piece at hand begins that is not among `#parts`; its line is `#line`. */
  #from = 0;
  #parts: string[] = [];
  #line = 1;
  #pieceLine = 1;
  #state: 'between' | 'statement' | 'comment' | 'command' | 'behind copy' | 'rows' = 'between';
  #stretch: Stretch | undefined;
  #startsLine = false;

  constructor(grammar: Grammar) {
    this.#grammar = grammar;
  }

  /** The line up to which the script was split. */
  get line(): number {
    return this.#line + linesIn(this.#text, this.#from, this.#at);
  }

  *push(chunk: string): Generator<Piece> {
    this.#text += chunk;
    yield* this.#split(false);
  }

  /** The script is over. */
  *end(): Generator<Piece> {
    yield* this.#split(true);
    const isWhole = this.#isWhole();
    if (isWhole && this.#state !== 'between') {
      const last = this.#finish();
      if (last !== undefined) yield last;
    }
    yield { kind: 'end', line: this.#line, isWhole };
  }

  #isWhole(): boolean {
    if (this.#state === 'rows' || this.#state === 'behind copy') return false;
    return this.#stretch === undefined || this.#stretch.kind === 'line comment';
  }

  *#split(isLast: boolean): Generator<Piece> {
    for (;;) {
      const before = this.#at;
      const state = this.#state;
      const stretch = this.#stretch;
      const piece = this.#step(isLast);
      if (piece !== undefined) yield piece;
      else if (this.#at === before && this.#state === state && this.#stretch === stretch) break;
    }
    this.#keep();
    this.#text = this.#text.slice(this.#at);
    this.#at = 0;
    this.#from = 0;
  }

  /** Goes on by one mark; the piece that ends with it. Stands still where it has to see more of the script. */
  #step(isLast: boolean): Piece | undefined {
    if (this.#state === 'behind copy') return this.#skipLine();
    if (this.#state === 'rows') return this.#passRows(isLast);
    if (this.#stretch !== undefined) return this.#passStretch(this.#stretch, isLast);
    const left = this.#text.length - this.#at;
    if (left === 0 || (!isLast && left < LONGEST_MARK)) return undefined;
    return this.#state === 'between' ? this.#begin() : this.#passMark();
  }

  #begin(): Piece | undefined {
    if (this.#passes(SPACE)) {
      this.#drop();
      return undefined;
    }
    const { delimiter, command } = this.#grammar;
    if (this.#text.startsWith(delimiter, this.#at)) {
      this.#at += delimiter.length;
      this.#drop();
      return undefined;
    }
    this.#pieceLine = this.#line;
    if (this.#passes(command)) {
      this.#state = 'command';
      this.#stretch = lineComment;
      return undefined;
    }
    this.#grammar.begin();
    this.#state = 'statement';
    const piece = this.#passMark();
    const opened: Stretch | undefined = this.#stretch;
    if (opened !== undefined && opened.kind !== 'text') this.#state = 'comment';
    return piece;
  }

  #passMark(): Piece | undefined {
    const { run, marks, delimiter } = this.#grammar;
    if (this.#passes(run)) return undefined;
    if (!this.#grammar.isNested && this.#text.startsWith(delimiter, this.#at)) {
      const piece = this.#finish();
      this.#at += delimiter.length;
      this.#from = this.#at;
      return piece;
    }
    const start = this.#at;
    if (this.#passes(marks)) this.#stretch = this.#grammar.take(this.#text.slice(start, this.#at));
    else this.#at += 1;
    return undefined;
  }

  #passStretch(stretch: Stretch, isLast: boolean): Piece | undefined {
    stretch.marks.lastIndex = this.#at;
    const mark = stretch.marks.exec(this.#text);
    if (mark === null) {
      const seen = this.#text.length - (isLast ? 0 : stretch.width - 1);
      this.#at = Math.max(this.#at, seen);
      return undefined;
    }
    this.#at = mark.index + mark[0].length;
    this.#stretch = stretch.after(mark[0]);
    if (this.#stretch !== undefined) return undefined;
    return this.#state === 'statement' ? undefined : this.#finish();
  }

  /** The rest of the line behind a statement whose rows follow. */
  #skipLine(): undefined {
    const end = this.#text.indexOf('\n', this.#at);
    this.#at = end < 0 ? this.#text.length : end + 1;
    this.#drop();
    if (end < 0) return;
    this.#state = 'rows';
    this.#startsLine = true;
  }

  #passRows(isLast: boolean): Piece | undefined {
    if (!isLast && this.#text.length - this.#at < END_OF_ROWS_WIDTH) return undefined;
    const line = this.#line;
    if (this.#startsLine && this.#passes(END_OF_ROWS)) {
      this.#drop();
      this.#state = 'between';
      return { kind: 'end of rows', line };
    }
    LAST_ROW.lastIndex = this.#at;
    const last = LAST_ROW.exec(this.#text);
    const to = last ? last.index + 1 : this.#text.length - (isLast ? 0 : END_OF_ROWS_WIDTH - 1);
    if (to <= this.#at) return undefined;
    const text = this.#text.slice(this.#at, to);
    this.#at = to;
    this.#startsLine = text.endsWith('\n');
    this.#drop();
    return { kind: 'rows', text, line };
  }

  /** The piece at hand, which ends here; none where it is of no use to anybody. */
  #finish(): Piece | undefined {
    this.#keep();
    const text = this.#parts.join('').trimEnd();
    const line = this.#pieceLine;
    const state = this.#state;
    this.#parts = [];
    this.#stretch = undefined;
    this.#state = 'between';
    switch (state) {
      case 'comment':
        return { kind: 'comment', text, line };
      case 'command':
        return this.#grammar.obeys(text) ? undefined : { kind: 'command', text, line };
      default: {
        const hasRows = this.#grammar.end(text);
        if (hasRows) this.#state = 'behind copy';
        return { kind: 'statement', text, line, hasRows };
      }
    }
  }

  #passes(pattern: RegExp): boolean {
    pattern.lastIndex = this.#at;
    if (!pattern.test(this.#text)) return false;
    this.#at = pattern.lastIndex;
    return true;
  }

  #keep(): void {
    if (this.#state !== 'between' && this.#from < this.#at) {
      this.#parts.push(this.#text.slice(this.#from, this.#at));
    }
    this.#drop();
  }

  #drop(): void {
    this.#line += linesIn(this.#text, this.#from, this.#at);
    this.#from = this.#at;
  }
}

function linesIn(text: string, from: number, to: number): number {
  let lines = 0;
  for (let at = text.indexOf('\n', from); at >= 0 && at < to; at = text.indexOf('\n', at + 1)) lines++;
  return lines;
}
