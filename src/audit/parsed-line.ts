import { bodyOf, digestOf, nextLink, withheld } from './chain.js';
import type { FileLine } from './reading.js';

/** A line that looks like one of a report. */
export interface Parsed {
  readonly body: Buffer;
  readonly link: string;
  readonly value: Record<string, unknown>;
}

const END = /^,"chain":"([0-9a-f]{64})"\}$/;
const END_LENGTH = ',"chain":""}'.length + 64;

/** Undefined where it is no such line. */
export function parse({ bytes }: FileLine): Parsed | undefined {
  const link = END.exec(bytes.subarray(-END_LENGTH).toString('latin1'))?.[1];
  if (link === undefined) return undefined;
  const body = bytes.subarray(0, -END_LENGTH);
  try {
    return { body, link, value: JSON.parse(`${body.toString('utf8')}}`) };
  } catch {
    return undefined;
  }
}

/** A transfer that converts texts leaves one on every line: what they were can still be seen. */
export function withoutReturn(line: FileLine): FileLine {
  return endsWithReturn(line) ? { ...line, bytes: line.bytes.subarray(0, -1) } : line;
}

export const endsWithReturn = ({ bytes }: FileLine) => bytes.at(-1) === 0x0d;

export const isWithheld = ({ value }: Parsed) => value['kind'] === 'withheld';

/** Whether it is the line of that place, as it was written. */
export function fits(parsed: Parsed, before: string, { number }: FileLine): boolean {
  return parsed.value['line'] === number && isBoundTo(before, parsed, number);
}

/** Whether a line of this number would be bound to the link before: the number is in its digest, too. */
export function isBoundTo(before: string, parsed: Parsed, number: number): boolean {
  const { body, link, value } = parsed;
  const claimed = bodyStart(value['line']);
  if (!body.subarray(0, claimed.length).equals(Buffer.from(claimed))) return false;
  const rest = body.subarray(claimed.length);
  if (!isWithheld(parsed))
    return nextLink(before, digestOf(Buffer.concat([Buffer.from(bodyStart(number)), rest]))) === link;
  // Its digest stands for another line: nothing else binds what such a line says besides.
  const digest = String(value['digest']);
  return (
    rest.equals(Buffer.from(bodyOf(number, withheld(digest)).slice(bodyStart(number).length))) &&
    nextLink(before, digest) === link
  );
}

const bodyStart = (number: unknown) => `{"line":${number},`;
