/** One line of a file, without its break, byte by byte as it stands there. */
export interface FileLine {
  /** Counted from 1. */
  readonly number: number;
  readonly bytes: Buffer;
  /** False of a last line that ends without a break. */
  readonly isWhole: boolean;
}

/** Longer lines are none of ours. */
const LONGEST = 1 << 26;
const BREAK = 0x0a;

/** @param tooLong gives the error where a line is longer than any that we write. */
export async function* linesIn(chunks: AsyncIterable<Buffer>, tooLong: () => Error): AsyncIterable<FileLine> {
  let number = 0;
  let rest: Buffer[] = [];
  let length = 0;
  const take = (end: Buffer, isWhole: boolean): FileLine => {
    const bytes = rest.length === 0 ? end : Buffer.concat([...rest, end]);
    rest = [];
    length = 0;
    return { number: ++number, bytes, isWhole };
  };
  for await (const chunk of chunks) {
    let from = 0;
    for (let at = chunk.indexOf(BREAK); at >= 0; at = chunk.indexOf(BREAK, from)) {
      yield take(chunk.subarray(from, at), true);
      from = at + 1;
    }
    if (from < chunk.length) rest.push(chunk.subarray(from));
    length += chunk.length - from;
    if (length > LONGEST) throw tooLong();
  }
  if (length > 0) yield take(Buffer.alloc(0), false);
}
