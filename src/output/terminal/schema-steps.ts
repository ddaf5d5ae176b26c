import type { SchemaStep } from '../../journal/migrate.js';
import { brushFor, type Look } from './look.js';
import { printable } from './printable.js';

/** All DDL of a run, for a reader who has to allow it. */
export function renderSchemaSteps(steps: readonly SchemaStep[], look: Look): string {
  const brush = brushFor(look);
  const part = (title: string, chosen: readonly SchemaStep[]) =>
    chosen.length === 0
      ? []
      : [
          brush.strong(title),
          ...chosen.flatMap(({ sql, meant }) => [
            indented(sql),
            ...(meant === undefined
              ? []
              : [
                  brush.warning(
                    `  There is a column ${printable(meant)}: is it meant? Then say so in the configuration instead.`,
                  ),
                ]),
          ]),
        ];
  return [
    ...part(
      "Schema changes on the application's own tables (these need --allow-schema-changes):",
      steps.filter(({ isApplication }) => isApplication),
    ),
    ...part(
      "Schema changes: onecard's journal, in tables of its own:",
      steps.filter(({ isApplication }) => !isApplication),
    ),
    // knex makes these two itself, before the first step.
    brush.quiet('  and beside it migration and migration_lock, which keep what of this was done.'),
  ].join('\n');
}

const indented = (sql: string) => `  ${sql.replaceAll('\n', '\n  ')};`;
