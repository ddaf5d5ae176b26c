/** A stretch of a script in which a delimiter means nothing: a string, a quoted name, a comment. */
export interface Stretch {
  readonly kind: 'text' | 'comment' | 'line comment';
  /** Whatever matters in it; global. */
  readonly marks: RegExp;
  /** The most characters that a mark has. */
  readonly width: number;
  /** The stretch that goes on behind a mark; undefined where it ends. */
  after(mark: string): Stretch | undefined;
}

/**
 * What a splitter has to know of a dialect, and what it has to remember from one statement to the next: one
 * grammar is for one script. Texts hold one byte in each character, whatever their encoding: it is one in which
 * the signs of ASCII stand for themselves alone.
 */
export interface Grammar {
  readonly delimiter: string;
  /** What is passed over at once, as nothing in it matters; sticky. */
  readonly run: RegExp;
  /** What matters; sticky. */
  readonly marks: RegExp;
  /** How a line to the client begins, where a statement could begin; sticky. */
  readonly command: RegExp;
  /** A delimiter here would not end the statement. */
  readonly isNested: boolean;
  begin(): void;
  /** Takes note of a mark of a statement; the stretch that it opens, if it does. */
  take(mark: string): Stretch | undefined;
  /** Takes note of a whole statement; whether rows follow it, up to a line with `\.`. */
  end(statement: string): boolean;
  /** Whether a line to the client was one to the splitter. */
  obeys(command: string): boolean;
}

/** The most characters that a mark of a grammar has, with what has to be seen behind it. */
export const LONGEST_MARK = 200;

/** A string or a name, in which a doubled quote is one that closes and opens it again. */
export function quoted(quote: string): Stretch {
  return { kind: 'text', marks: new RegExp(quote, 'g'), width: 1, after: () => undefined };
}

/** The same where a backslash takes the meaning from what follows it. */
export function escaped(quote: string): Stretch {
  const stretch: Stretch = {
    kind: 'text',
    marks: new RegExp(`${quote}|\\\\[^]`, 'g'),
    width: 2,
    after: (mark) => (mark === quote ? undefined : stretch),
  };
  return stretch;
}

/** A string between two equal tags, `$body$ … $body$`. */
export function tagged(tag: string): Stretch {
  return {
    kind: 'text',
    marks: new RegExp(tag.replaceAll('$', '\\$'), 'g'),
    width: tag.length,
    after: () => undefined,
  };
}

export const lineComment: Stretch = {
  kind: 'line comment',
  marks: /\n/g,
  width: 1,
  after: () => undefined,
};

export const comment: Stretch = { kind: 'comment', marks: /\*\//g, width: 2, after: () => undefined };

/** @param depth in how many comments, itself included. */
export function nestedComment(depth = 1): Stretch {
  return {
    kind: 'comment',
    marks: /\/\*|\*\//g,
    width: 2,
    after(mark) {
      if (mark === '/*') return nestedComment(depth + 1);
      return depth === 1 ? undefined : nestedComment(depth - 1);
    },
  };
}
