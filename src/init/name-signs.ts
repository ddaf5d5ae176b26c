import { meantBy, type Side, textsOf } from './side.js';
import { NOUNS, type Purpose, SAYINGS, type Sign } from './sign.js';
import { sayings } from './value-words.js';
import type { Concept } from './words.js';

const BEGINNING = /^([[(<]?)(\p{L}+?)(\d*)([\])>]?)([-_:. ]+)/u;
const NAMES: readonly (Concept | undefined)[] = ['fullName', 'lastName', 'firstName'];
const LOGINS: readonly (Concept | undefined)[] = ['login', 'networkLogin', undefined];

/**
 * Names that begin alike with a word for such rows: `svc-print`, `[group] Network`, `Training 3`. Between a word and
 * a blank, only brackets or a word that is in no human's name say so: "Service Desk" is no service account.
 */
export function nameSigns(side: Side, purpose: Purpose): Sign[] {
  const isAboutNames = purpose === 'group' || purpose === 'anonymized';
  const columns = side.values
    .filter(
      ({ relation, column }) => relation === undefined && column.family === 'text' && column !== side.key,
    )
    .filter((candidate) => [...NAMES, ...(isAboutNames ? [] : LOGINS)].includes(meantBy(candidate)?.concept))
    .map(({ column }) => column.name);
  const found = columns.flatMap((column) =>
    [...beginningsOf(textsOf(side, column), purpose)].map(([pattern, count]) => ({ column, pattern, count })),
  );
  const texts = found.map(
    ({ column, pattern, count }) => `${JSON.stringify(pattern)} (${count} in ${column})`,
  );
  return found.map(
    ({ column, pattern, count }, index): Sign => ({
      condition: { column, matches: pattern },
      because: `${count} of ${column} are like ${JSON.stringify(pattern)}`,
      isSure: false,
      doubt: index === 0 ? `is each name like ${texts.join(', ')} ${NOUNS[purpose]}?` : undefined,
    }),
  );
}

/** Patterns of names, each with the number of names like it. */
function beginningsOf(texts: readonly (string | null)[], purpose: Purpose): Map<string, number> {
  const beginnings = new Map<string, number>();
  for (const text of texts) {
    const [, open = '', word = '', digits = '', close = '', end = ''] = BEGINNING.exec(text ?? '') ?? [];
    const says = sayings({ value: word, meaning: undefined }).includes(SAYINGS[purpose]);
    const isMarked = /[-_:.]/.test(end) || open !== '' || purpose === 'excluded' || purpose === 'anonymized';
    if (!says || !isMarked) continue;
    const pattern = `${open}${word}${'?'.repeat(digits.length)}${close}${end}*`;
    beginnings.set(pattern, (beginnings.get(pattern) ?? 0) + 1);
  }
  return beginnings;
}
