import type { CatalogColumn } from '../database/catalog.js';
import type { Plain } from './proposal.js';
import { type Code, truthOf } from './value-words.js';

/** The values that stand for yes and no; where only one of them is there, the other is inferred from it. */
export function yesAndNo(
  { family }: CatalogColumn,
  codes: readonly Code[],
): [yes: Plain | undefined, no: Plain | undefined] {
  if (family === 'boolean') return [true, false];
  const yes = codes.find(({ value }) => truthOf(value) === true);
  const no = codes.find(({ value }) => truthOf(value) === false);
  if (yes === undefined && no === undefined)
    return family === 'integer' && codes.every(({ value }) => value === null)
      ? [1, 0]
      : [undefined, undefined];
  return [yes?.plain ?? counterpart(no), no?.plain ?? counterpart(yes)];
}

const COUNTERPARTS: readonly (readonly [string, string])[] = [
  ...([
    ['1', '0'],
    ['Y', 'N'],
    ['y', 'n'],
    ['J', 'N'],
    ['j', 'n'],
    ['T', 'F'],
    ['t', 'f'],
  ] as const),
  ...([
    ['yes', 'no'],
    ['Yes', 'No'],
    ['true', 'false'],
    ['ja', 'nee'],
    ['ja', 'nein'],
    ['oui', 'non'],
    ['on', 'off'],
  ] as const),
];

function counterpart(code: Code | undefined): Plain | undefined {
  if (code === undefined) return undefined;
  if (typeof code.plain === 'number') return code.plain === 0 ? 1 : 0;
  const pair = COUNTERPARTS.find((texts) => texts.includes(code.value ?? ''));
  return pair?.find((text) => text !== code.value);
}
