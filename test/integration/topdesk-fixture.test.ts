import { expect, it } from 'vitest';
import { cast } from '../../fixtures/topdesk/cast/index.js';
import { databases } from '../support/databases.js';
import { topdeskTemplate } from '../support/topdesk.js';

it.each(databases)(
  '$name takes the database in the shape of TOPdesk',
  async ({ fresh }) => {
    const { query } = await fresh(topdeskTemplate);
    const [row] = await query(`
    SELECT (SELECT COUNT(*) FROM actiedoor) AS operators, (SELECT COUNT(*) FROM persoon) AS persons`);
    expect(Number(row?.['operators'])).toBe(cast.flatMap(({ operators }) => operators).length);
    expect(Number(row?.['persons'])).toBe(cast.flatMap(({ persons }) => persons).length);
  },
  60_000,
);
