import { cardColumnMigration } from '../../migrations/card-columns.js';
import type { Layout } from '../config/layout.js';
import type { SchemaGap } from '../config/schema-gaps.js';
import type { Database } from '../database/database.js';

/** Where the schema falls short of what a run needs or wishes for. */
export interface SchemaFinding {
  readonly table: string;
  readonly column: string;
  readonly holds: SchemaGap['holds'];
  readonly problem: 'missing' | 'not-unique';
  readonly consequence: string;
  /** What a run would execute. */
  readonly sql?: string;
}

const MISSING = 'A run adds it, which changes a table of the application: only with --allow-schema-changes.';
const NOT_UNIQUE =
  'The database lets two operators share one person. A run checks every link it sets and looks again at its ' +
  'end, but cannot keep others from linking the same person meanwhile; it reports such pairs.';

/** Columns a run has to add, and a link column that allows what must not be. */
export function findSchemaGaps(database: Database, layout: Layout): SchemaFinding[] {
  const missing = layout.gaps.map(
    (gap): SchemaFinding => ({
      table: gap.table.name,
      column: gap.column,
      holds: gap.holds,
      problem: 'missing',
      consequence:
        gap.meant === undefined
          ? MISSING
          : `There is a column ${gap.meant}: if it is meant, say so in the configuration. Otherwise: ${MISSING}`,
      sql: additionOf(gap, database, layout),
    }),
  );
  return [...missing, ...doubtfulLink(layout)];
}

/** The very statement of the migration. */
function additionOf(gap: SchemaGap, { dialect }: Database, layout: Layout): string {
  return cardColumnMigration(gap, layout, dialect).sql;
}

function doubtfulLink({ configuration, operators }: Layout): SchemaFinding[] {
  const { link } = configuration.operators;
  const isUnique = operators.uniqueIndexes.some(([first, ...more]) => first === link && more.length === 0);
  if (isUnique || !operators.columns.has(link)) return [];
  return [
    {
      table: operators.name.name,
      column: link,
      holds: 'link',
      problem: 'not-unique',
      consequence: NOT_UNIQUE,
    },
  ];
}
