import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { OnecardError } from '../errors.js';
import { FILLED_COLUMNS, type FilledFile } from '../model/human-decision.js';
import { readCsv } from '../output/csv-table.js';

/** Columns that hold keys of cards. */
export const KEY_COLUMNS = ['operator', 'person'] as const;

/** @throws OnecardError where the file cannot be read, or is no CSV file with the columns of a decisions file. */
export async function readDecisionsFile(path: string): Promise<FilledFile> {
  const bytes = await readFile(path).catch((cause) => {
    throw new OnecardError(`The decisions file ${path} cannot be read (${cause.code ?? cause}).`, {
      remedy: 'Write one with: onecard review --output FILE',
      cause,
    });
  });
  return {
    path,
    digest: createHash('sha256').update(bytes).digest('hex'),
    lines: readCsv(bytes, path, FILLED_COLUMNS, KEY_COLUMNS),
  };
}
