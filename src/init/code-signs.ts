import type { CatalogColumn } from '../database/catalog.js';
import type { Plain } from './proposal.js';
import { NOUNS, type Purpose, SAYINGS, type Sign } from './sign.js';
import { type Code, counted, MOST_CODES, sayings, truthOf } from './value-words.js';

/** Words rather than yes and no. */
export const hasWords = (codes: readonly Code[]) =>
  codes.some((code) => code.meaning !== undefined) ||
  (codes.length <= MOST_CODES &&
    codes.every(({ value }) => value === null || truthOf(value) === undefined) &&
    codes.some((code) => sayings(code).some((saying) => saying === 'live' || saying === 'archived')));

/** A column of codes, such as a status or a kind, with words for what they say; numbers without words are a question. */
export function codeSign(
  column: CatalogColumn,
  codes: readonly Code[],
  purpose: Purpose,
  isGeneral: boolean,
): Sign | undefined {
  const { name } = column;
  if (codes.length > MOST_CODES || codes.length < (isGeneral ? 2 : 1)) return undefined;
  const own = SAYINGS[purpose];
  const isStatus = purpose === 'archived' || purpose === 'anonymized';
  const told = codes.filter((code) => {
    const said = sayings(code);
    return said.includes(own) && !(own === 'archived' && said.includes('anonymized'));
  });
  // The same word in another spelling is another value: texts are compared exactly.
  const kept = told.filter((code) => told.find((other) => spelling(other) === spelling(code)) === code);
  const variants = told.filter((code) => !kept.includes(code));
  const known = isStatus
    ? (['live', 'archived', 'anonymized'] as const)
    : (['human', 'api', 'group', 'excluded'] as const);
  const unknown = codes.filter(
    (code) =>
      code.value !== null &&
      code.value !== '' &&
      !sayings(code).some((said) => (known as readonly string[]).includes(said)),
  );
  const isKnownAtAll = codes.some((code) =>
    sayings(code).some((said) => (known as readonly string[]).includes(said)),
  );
  const doubts = [
    ...(variants.length > 0
      ? [`${name} holds other spellings, too: ${counted(variants)}; they count as other values.`]
      : []),
    ...(unknown.length > 0 && (isKnownAtAll || isGeneral)
      ? [`what do these values of ${name} mean: ${counted(unknown)}?`]
      : []),
  ];
  if (kept.length === 0) {
    if (doubts.length === 0 || !isGeneral || purpose === 'excluded') return undefined;
    const example = unknown.at(-1);
    return {
      condition: { column: name, is: example?.plain ?? null },
      ...(codes.every(({ value }) => value !== null) && {
        negation: { column: name, isNot: example?.plain ?? null },
      }),
      because: `${name} holds ${counted(codes)}`,
      isSure: false,
      doubt: `${name} holds ${counted(codes)}: which of them mean ${NOUNS[purpose]}?`,
    };
  }
  const others = codes.filter((code) => !told.includes(code));
  const canList = others.length > 0 && others.length <= 5 && others.every(({ value }) => value !== null);
  return {
    condition: isOneOf(name, kept),
    ...(canList && { negation: isOneOf(name, others) }),
    because: `${name} holds ${counted(codes)}`,
    isSure: true,
    doubt: doubts.length === 0 ? undefined : `${doubts.join('; ')} Which of them mean ${NOUNS[purpose]}?`,
  };
}

const spelling = ({ value }: Code) => (value ?? '').trim().toLowerCase();

const isOneOf = (column: string, codes: readonly Code[]): Plain =>
  codes.length === 1
    ? { column, is: codes[0]?.plain ?? null }
    : { column, in: codes.map(({ plain }) => plain) };
