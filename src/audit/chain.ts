import { createHash, createHmac } from 'node:crypto';

/** What the first line is bound to. */
export const NO_LINK = '0'.repeat(64);

const sha256 = (text: string | Uint8Array) => createHash('sha256').update(text).digest('hex');

/**
 * A line of an audit report without its end, as text: `{"line":2,"kind":"operator",…`. Its digest is what the chain
 * is made of, so that a line can be withheld without breaking the chain.
 */
export const bodyOf = (line: number, value: object): string =>
  JSON.stringify({ line, ...value }).slice(0, -1);

export const digestOf = (body: string | Uint8Array): string => sha256(body);

/** SHA-256 of the link before, a line break and the digest of the line: all as hexadecimal digits. */
export const nextLink = (link: string, digest: string): string => sha256(`${link}\n${digest}`);

/** A line that was purged, or is not to be shown: what is left of it binds the others as before. */
export interface Withheld {
  readonly kind: 'withheld';
  /** Of the line that stood here. */
  readonly digest: string;
}

export const withheld = (digest: string): Withheld => ({ kind: 'withheld', digest });

export const isWithheld = (value: object): value is Withheld => 'kind' in value && value.kind === 'withheld';

/** Lines of which each is bound to all before it. */
export class Chain {
  #head = NO_LINK;
  #lines = 0;

  /** The last link: it stands for every line so far. */
  get head(): string {
    return this.#head;
  }

  /** @returns the line, its break included. */
  link(value: object): string {
    const body = bodyOf(++this.#lines, value);
    this.#head = nextLink(this.#head, isWithheld(value) ? value.digest : digestOf(body));
    return `${body},"chain":"${this.#head}"}\n`;
  }
}

/**
 * What keeps a digest from being guessed back where its line is withheld: 128 bits that come of the key of the run,
 * and go with it.
 * @param key 32 bytes of hex. @param report tells the reports of one run apart.
 * @param position of its row in the journal.
 */
export function saltOf(key: string, report: string, position: string): string {
  return createHmac('sha256', Buffer.from(key, 'hex'))
    .update(`${report}\n${position}`)
    .digest('hex')
    .slice(0, 32);
}
