import { topdesk } from '../../fixtures/topdesk/index.js';
import type { Template } from './databases.js';
import { readExpectations } from './expectations.js';

/** A database in the shape of TOPdesk 5. */
export const topdeskTemplate: Template = {
  name: 'topdesk',
  async fill(run, kind) {
    for (const statement of topdesk(kind)) await run(statement);
  },
};

export const topdeskExpectations = readExpectations('topdesk');
