import { randomBytes } from 'node:crypto';

/** How the names of scratch databases end; SQL of every server reads it, too. */
export const SCRATCH_NAME = '_rehearsal_[0-9a-f]{6}$';

/** That which follows the name of the original. */
const SUFFIX_LENGTH = '_rehearsal_123456'.length;

/** What a connection URL, or a program's option, would take for something else. */
const SPECIAL = /[;/?:@&=+$,#%\\]/g;

/**
 * A name for a scratch database: that of its original, as far as there is room, and what tells it from others.
 * @param longest of the server's names, as `measure` measures them.
 */
export function scratchName(original: string, longest: number, measure: (text: string) => number): string {
  const room = longest - SUFFIX_LENGTH;
  let beginning = '';
  for (const character of original.replaceAll(SPECIAL, '_')) {
    if (measure(beginning + character) > room) break;
    beginning += character;
  }
  return `${beginning}_rehearsal_${randomBytes(3).toString('hex')}`;
}
