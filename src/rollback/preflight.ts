import type { Layout } from '../config/layout.js';
import { OnecardError } from '../errors.js';
import { readBackOf } from '../journal/read-back.js';
import type { Run } from '../journal/run.js';

/**
 * Whether the tables still have what the run has read back of them.
 * @throws OnecardError where the tables are others, or a column is gone: nobody could tell what was changed since.
 */
export function checkReadBack(layout: Layout, { id, readBack }: Run): void {
  const { configuration, operators, persons } = layout;
  const { place } = readBackOf(layout);
  if (readBack.place.join() !== place.join())
    throw new OnecardError(
      `The run ${id} worked on ${readBack.place.join(', ')}; the configuration names ${place.join(', ')}.`,
      { remedy: 'Use the configuration that the run was made with; nothing was changed.' },
    );
  const { link } = configuration.operators;
  const missing = [
    ...[link, ...readBack.stamps]
      .filter((column) => !operators.columns.has(column))
      .map((column) => `${operators.name.name}.${column}`),
    ...readBack.card
      .filter((column) => !persons.columns.has(column))
      .map((column) => `${persons.name.name}.${column}`),
  ];
  if (missing.length === 0) return;
  throw new OnecardError(
    `The run ${id} cannot be taken back: ${missing.join(', ')} ${missing.length === 1 ? 'is' : 'are'} gone since, so that nobody could tell which cards were edited.`,
    { remedy: 'Use the configuration that the run was made with, or take its cards back by hand.' },
  );
}
