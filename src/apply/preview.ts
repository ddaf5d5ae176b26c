import type { Layout } from '../config/layout.js';
import type { Database } from '../database/database.js';
import type { SchemaStep } from '../journal/migrate.js';
import { readBackOf } from '../journal/read-back.js';
import type { Run } from '../journal/run.js';
import type { Decided } from '../plan/decided.js';
import { VERSION } from '../version.js';
import { deniedStatements } from './denied.js';
import { newCardStatements } from './new-cards.js';
import { batchStatements, planStatement, type Statement } from './statements.js';

/** The statements that a run would execute, commented, for a DBA to review; the first batch stands for all. */
export function renderRunSql(
  database: Database,
  layout: Layout,
  steps: readonly SchemaStep[],
  decided: Decided | undefined,
): string {
  const { dialect: sql, identity } = database;
  const run: Run = {
    id: '<run>',
    state: 'applying',
    token: 1,
    toolVersion: VERSION,
    identity,
    configurationDigest: layout.configuration.digest,
    policies: layout.configuration.policies,
    ticket: null,
    actor: '',
    startedAt: '',
    heartbeatAt: '',
    finishedAt: null,
    actions: null,
    decisions: null,
    done: 0,
    activity: '',
    readBack: readBackOf(layout),
    closing: null,
    digestKey: '00'.repeat(32),
    auditHead: null,
    planDigest: null,
    drift: null,
  };
  const first = { from: 1, to: 500 };
  const { lockOperators, lockPersons, journalChanges, setLinks, sealChanges } = batchStatements(
    layout,
    sql,
    run,
    first,
  );
  const newCards = newCardStatements(layout, sql, run, first);
  const denied = deniedStatements(layout, sql, run, first);
  const batch = [lockOperators, lockPersons, journalChanges, ...newCards, setLinks, ...denied, sealChanges];
  return [
    `-- What \`onecard migrate\` would execute on ${identity.kind} ${identity.version}, database ${identity.database}.`,
    '-- For review, not for running by hand: onecard also keeps its run, checks row counts and fences each batch.',
    '-- <run> stands for the name of the run; digests are keyed anew for each run (here: zeros).',
    '',
    ...(steps.length === 0 ? [] : ['-- 1. Schema changes.', ...steps.map((step) => `${step.sql};`), '']),
    '-- 2. The plan, in one transaction.',
    render(planStatement(layout, sql, run, decided)),
    '-- 3. Batch after batch, each in one READ COMMITTED transaction; here the first.',
    ...batch.map(render),
  ].join('\n');
}

const render = ({ why, sql }: Statement) => `-- ${why}\n${sql};\n`;
