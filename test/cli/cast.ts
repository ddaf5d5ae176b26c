import { sampleRows, sampleSchema } from '../../fixtures/sample/index.js';
import type { Template } from '../support/databases.js';

/** The cast of the sample alone: every decision, few rows. */
export const cast: Template = {
  name: 'cast-of-the-sample',
  async fill(query, kind) {
    const rows = sampleRows(kind, { operators: 0, persons: 0, junk: 0 });
    for (const statement of [...sampleSchema(kind), ...rows]) await query(statement);
  },
};
