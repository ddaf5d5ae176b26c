import type { Database } from '../database/database.js';
import { OnecardError } from '../errors.js';
import type { Configuration } from '../model/configuration.js';
import type { NotFound } from './resolver.js';

/** One error for all that was not found, each with its place in the file. */
export function doesNotFit(
  { identity }: Database,
  { preset, placeOf }: Configuration,
  problems: readonly NotFound[],
  lacksTable: boolean,
): OnecardError {
  const source = preset === undefined ? 'The configuration' : `The configuration (preset "${preset}")`;
  const place =
    identity.kind === 'embedded sample'
      ? 'the embedded sample'
      : `the ${identity.kind} database ${identity.database}`;
  const texts = problems.map(({ path, text }) => `${placeOf(path)}${path.join('.')}: ${text}`);
  const different = [...new Set(texts)];
  const [first = ''] = different;
  return new OnecardError(
    different.length === 1
      ? `${source} does not fit ${place}: ${first}${first.endsWith('?') ? '' : '.'}`
      : `${source} does not fit ${place}:\n${different.map((problem) => `  ${problem}`).join('\n')}`,
    {
      remedy: lacksTable
        ? 'Name the right tables in onecard.yaml (operators.table, persons.table), or check the database and what its user may see.'
        : 'Correct this in onecard.yaml, or in the file given with --config.',
    },
  );
}
