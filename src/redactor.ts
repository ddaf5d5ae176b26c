import { createHmac, randomBytes } from 'node:crypto';
import { OnecardError } from './errors.js';

/** What a pseudonym stands for; the same text of two kinds has two pseudonyms. */
export type PersonalKind =
  /** Keys of cards. */
  | 'operator'
  | 'person'
  /** Names that people read. */
  | 'name'
  /** Any other value of a card, such as an e-mail address: the same on both cards. */
  | 'value'
  /** Who decided, or ran onecard. */
  | 'human'
  /** Words that may hold any of these: notes, and what a server says. */
  | 'text';

const FEWEST_CHARACTERS = 16;

/**
 * Replaces personal data by pseudonyms, `name-3f9a2c7d1b04e5a6`: the same text is the same pseudonym wherever the key
 * is the same, and without the key nobody can guess it back (HMAC-SHA-256, 64 bits of it).
 */
export class Redactor {
  readonly #key: string | Buffer;

  constructor(key: string | Buffer) {
    this.#key = key;
  }

  /**
   * With the key in `ONECARD_REDACT_KEY`, pseudonyms are the same in all reports; without, only within one.
   * @throws OnecardError where that key is too short to be secret.
   */
  static of({ ONECARD_REDACT_KEY: key }: NodeJS.ProcessEnv): Redactor {
    if (key === undefined) return new Redactor(randomBytes(32));
    if (key.length >= FEWEST_CHARACTERS) return new Redactor(key);
    throw new OnecardError(`ONECARD_REDACT_KEY has fewer than ${FEWEST_CHARACTERS} characters.`, {
      remedy: 'Set it to a long random secret, such as what `openssl rand -hex 32` prints, or unset it.',
    });
  }

  /** The same of all that have the same key, and of no others; it says nothing about the key. */
  get keyCheck(): string {
    // No kind of personal data: no text has this for its pseudonym.
    return createHmac('sha256', this.#key).update('key-check\0onecard').digest('hex').slice(0, 16);
  }

  pseudonym(kind: PersonalKind, text: string): string {
    return `${kind}-${createHmac('sha256', this.#key).update(`${kind}\0${text}`).digest('hex').slice(0, 16)}`;
  }
}
