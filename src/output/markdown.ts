import type { Refused } from '../journal/refused.js';
import { REASONS, type Tally } from '../model/decision.js';
import type { Drift } from '../model/drift.js';
import { driftInWords } from '../plan/drift.js';
import { inMarkdown } from './markdown-text.js';

interface Summary {
  readonly run: string;
  readonly ticket: string | null;
  readonly startedAt: string;
  readonly finishedAt: string | null;
  readonly created: number;
  readonly linked: number;
  readonly stale: number;
  readonly failed: number;
  readonly refused: readonly Refused[];
  readonly pending: number;
  readonly leftForReview: number;
  readonly violations: number;
  readonly totals: readonly Tally[];
  readonly plan: { readonly digest: string; readonly drift: Drift } | null;
  readonly auditHead: string;
}

/**
 * The summary of a run for a change record; it holds counts, and no personal data but in the server's own
 * words where it refused rows.
 */
export function renderSummaryMarkdown(summary: Summary): string {
  const facts: (readonly [string, string | number | null])[] = [
    ['Ticket', summary.ticket],
    ['Started', summary.startedAt],
    ['Finished', summary.finishedAt],
    ['Cards created and linked', summary.created],
    ['Linked to existing persons', summary.linked],
    ['Not written, changed by others', summary.stale],
    ['Refused by the database', summary.failed],
    ['Approved plan', summary.plan?.digest ?? null],
    ['Drifted since the plan', summary.plan && (driftInWords(summary.plan.drift) || 'nothing')],
    ['Left out, not as in the plan', summary.plan?.drift.leftOut ?? null],
    ['Arrived or changed meanwhile, and pending now', summary.pending],
    ['Left for review', summary.leftForReview],
    ['Violations found by the verification', summary.violations],
    ['Head of the audit chain', summary.auditHead],
  ];
  return [
    `# onecard run ${summary.run}`,
    '',
    ...factLines(facts),
    '',
    ...(summary.refused.length === 0
      ? []
      : [
          '## Refused, nothing of them written',
          '',
          ...summary.refused.map(
            ({ operator, reason }) => `- operator ${inMarkdown(operator)}: ${inMarkdown(reason)}`,
          ),
          ...(summary.failed > summary.refused.length
            ? [`- … and ${summary.failed - summary.refused.length} more: \`onecard report\` names all`]
            : []),
          '',
        ]),
    '## All operators after the run',
    '',
    ...totalLines(summary.totals),
    '',
  ].join('\n');
}

interface RollbackFacts {
  readonly run: string;
  readonly rollback: number;
  readonly only?: string;
  readonly ticket: string | null;
  readonly startedAt: string;
  readonly finishedAt: string;
  readonly removed: number;
  readonly restored: number;
  readonly kept: number;
  readonly linksLeft: number;
  readonly reasons: readonly { readonly reason: string; readonly operators: number }[];
  readonly auditHead: string;
}

/** The summary of a rollback for a change record: counts, and the key of the operator where it is about one. */
export function renderRollbackMarkdown(summary: RollbackFacts): string {
  const facts: (readonly [string, string | number | null])[] = [
    ['Operator', summary.only ?? null],
    ['Ticket', summary.ticket],
    ['Started', summary.startedAt],
    ['Finished', summary.finishedAt],
    ['Cards removed', summary.removed],
    ['Links as before the run', summary.restored],
    ['Changes kept', summary.kept],
    ['Links that others have changed, and that stay', summary.linksLeft],
    ['Head of the audit chain', summary.auditHead],
  ];
  return [
    `# onecard rollback ${summary.rollback} of run ${summary.run}`,
    '',
    ...factLines(facts),
    '',
    ...(summary.reasons.length === 0
      ? []
      : [
          '| reason | operators |',
          '| --- | ---: |',
          ...summary.reasons.map(({ reason, operators }) => `| ${inMarkdown(reason)} | ${operators} |`),
          '',
        ]),
  ].join('\n');
}

interface PlanFacts {
  readonly plan: string;
  readonly ticket: string | null;
  readonly startedAt: string;
  readonly operators: number;
  readonly totals: readonly Tally[];
  readonly auditHead: string;
}

/** The summary of a dry run for a change record: counts alone. */
export function renderPlanMarkdown(summary: PlanFacts): string {
  return [
    `# onecard dry run ${summary.plan}`,
    '',
    ...factLines([
      ['Ticket', summary.ticket],
      ['Started', summary.startedAt],
      ['Operators', summary.operators],
      ['Head of the audit chain', summary.auditHead],
    ]),
    '',
    ...totalLines(summary.totals),
    '',
  ].join('\n');
}

const totalLines = (totals: readonly Tally[]) => [
  '| decision | reason | meaning | operators |',
  '| --- | --- | --- | ---: |',
  ...totals.map(
    ({ decision, reason, finding, operators }) =>
      `| ${decision} | ${finding ?? reason} | ${REASONS[reason]} | ${operators} |`,
  ),
];

const factLines = (facts: readonly (readonly [string, string | number | null])[]) =>
  facts
    .filter(([, value]) => value !== null)
    .map(([label, value]) => `- ${label}: ${inMarkdown(String(value))}`);
