import { SCRATCH_NAME } from '../database/scratch-name.js';
import type { Redactor } from '../redactor.js';
import { withoutValues } from './redaction.js';

/** How a rehearsal names people, and repeats what servers say, in places that many can read. */
export interface Discretion {
  /** These words are names of tables, columns and their like: they may be repeated. */
  learn(names: Iterable<string>): void;
  operator(key: string): string;
  /** What a server or a command said: it may hold values. */
  words(text: string): string;
}

/** For whoever may see everything. */
export const PLAIN: Discretion = {
  learn: () => undefined,
  operator: (key) => key,
  words: (text) => text,
};

/** For whoever may read the log of a pipeline. */
export function redacted(redactor: Redactor): Discretion {
  const known = new KnownNames();
  return {
    learn(names) {
      for (const name of names) known.add(name);
    },
    operator: (key) => redactor.pseudonym('operator', key),
    words: (text) => withoutValues(text, known),
  };
}

const OURS = new RegExp(SCRATCH_NAME);

/** What we have named ourselves is known before anything is learned. */
class KnownNames extends Set<string> {
  override has(name: string): boolean {
    return super.has(name) || OURS.test(name);
  }
}
