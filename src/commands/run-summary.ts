import type { BatchTimes } from '../apply/batch-clock.js';
import type { PolicyFlags } from '../config/load.js';
import type { DatabaseIdentity } from '../database/database.js';
import type { DecisionsTaken } from '../journal/human-decisions.js';
import type { Refused } from '../journal/refused.js';
import type { Closing } from '../journal/run.js';
import type { Tally } from '../model/decision.js';
import { type Drift, driftedCount } from '../model/drift.js';
import { formatCount, formatDuration } from '../output/terminal/amounts.js';
import { renderDrift } from '../output/terminal/drift.js';
import { brushFor, type Look } from '../output/terminal/look.js';
import { type NextStep, renderNext } from '../output/terminal/next-steps.js';
import { printable } from '../output/terminal/printable.js';
import { renderFacts } from '../output/terminal/tables.js';
import { renderViolations } from '../output/terminal/verification.js';
import type { Check } from '../verify/verification.js';
import { samePlace, samePolicies } from './same-flags.js';
import type { SharedFlags } from './terminal.js';

/** What a run came to: `summary.json`, and the end of what `onecard migrate` prints. */
export interface RunSummary extends BatchTimes {
  readonly run: string;
  readonly database: DatabaseIdentity;
  readonly ticket: string | null;
  readonly startedAt: string;
  readonly finishedAt: string | null;
  readonly milliseconds: number;
  readonly decisions: number | null;
  readonly created: number;
  readonly linked: number;
  /** Planned, but changed by others before their batch: not written. */
  readonly stale: number;
  /** Refused by the database, row by row. */
  readonly failed: number;
  /** The first of them. */
  readonly refused: readonly Refused[];
  /** What a run would write now: for operators that arrived or changed while this one worked. */
  readonly pending: number;
  readonly leftForReview: number;
  /** What others did while the run worked. */
  readonly closing: Closing | null;
  /** All operators as they are now. */
  readonly totals: readonly Tally[];
  readonly violations: number;
  readonly checks: readonly Check[];
  /** The approved plan that it was started with, and how the database differed from that. */
  readonly plan: { readonly digest: string; readonly drift: Drift } | null;
  /** What it has taken from a decisions file. */
  readonly humanDecisions: DecisionsTaken | null;
  readonly report: string;
  readonly auditHead: string;
}

/** What arrived while the run worked, so many of them by name. */
const NAMED = 3;

function arrivalsOf({ closing }: RunSummary): (readonly [string, string])[] {
  if (closing === null) return [];
  const kinds = [
    ['persons with two operators', closing.doubleLinks],
    ['persons came for new cards', closing.lateCandidates],
  ] as const;
  return kinds
    .filter(([, { count }]) => count > 0)
    .map(([label, { count, first }]) => {
      const more = count > NAMED ? ' …' : '';
      return [label, `${formatCount(count)}: ${first.slice(0, NAMED).join(', ')}${more}`];
    });
}

const planFacts = ({
  digest,
  drift,
}: NonNullable<RunSummary['plan']>): (readonly [string, string | number])[] => [
  ['approved plan', digest],
  ['left out, not as in the plan', drift.leftOut],
];

const decisionFacts = ({
  digest,
  decisions,
  who,
}: DecisionsTaken): (readonly [string, string | number])[] => [
  [
    'decisions taken',
    `${formatCount(decisions)}, by ${who.slice(0, NAMED).join(', ')}${who.length > NAMED ? ' …' : ''}`,
  ],
  ['decisions file', digest],
];

/** Those that are named, each with its reason. */
export function renderRefused(
  { failed, refused }: Pick<RunSummary, 'failed' | 'refused'>,
  look: Look,
): string {
  const brush = brushFor(look);
  return [
    brush.warning(`${formatCount(failed)} refused, nothing of them written:`),
    ...refused.map(({ operator, reason }) => printable(`  operator ${operator}: ${reason}`)),
    ...(failed > refused.length
      ? [brush.quiet(`  … and ${formatCount(failed - refused.length)} more: onecard report names all`)]
      : []),
  ].join('\n');
}

/** What clears away unused persons would take their operators along. */
const NO_CALLS_YET =
  'The new cards have no calls yet: clean-ups of unused persons, and imports that archive persons they do not\n' +
  'know, would take their operators along. Tell whoever runs those, before they run.';

/** @param flags those of the run: what comes next repeats them. */
export function renderRunSummary(summary: RunSummary, look: Look, flags: SharedFlags & PolicyFlags): string {
  const brush = brushFor(look);
  const good = summary.violations === 0;
  const facts: (readonly [string, string | number])[] = [
    ['run', summary.run],
    ['database', `${summary.database.kind} ${summary.database.version}, ${summary.database.database}`],
    ['operators seen', summary.decisions ?? 0],
    ['cards created and linked', summary.created],
    ['linked to existing persons', summary.linked],
    ...(summary.stale > 0 ? [['not written, changed by others', summary.stale] as const] : []),
    ...(summary.failed > 0 ? [['refused by the database', summary.failed] as const] : []),
    ...(summary.plan === null ? [] : planFacts(summary.plan)),
    ...(summary.humanDecisions === null ? [] : decisionFacts(summary.humanDecisions)),
    ...arrivalsOf(summary),
    ...(summary.pending > 0 ? [['arrived or changed meanwhile', summary.pending] as const] : []),
    ['left for review', summary.leftForReview],
    [
      'verification',
      good
        ? `passed, ${summary.checks.length} checks`
        : `FAILED: ${formatCount(summary.violations)} violations`,
    ],
    ['duration', formatDuration(summary.milliseconds)],
    ['audit report', summary.report],
  ];
  const next: NextStep[] = [
    ...(summary.pending + summary.failed > 0
      ? [[`migrate${samePolicies(flags)}`, 'takes up what changed or arrived meanwhile'] as const]
      : []),
    [`verify${samePolicies(flags)}`, 'prove it again at any time'],
    [`report${samePlace(flags, { run: summary.run })}`, 'who is linked to whom, and why'],
    ...(summary.leftForReview > 0
      ? [
          [
            `review${samePolicies(flags, { output: 'FILE' })}`,
            'what a human has to decide, as a spreadsheet',
          ] as const,
        ]
      : []),
  ];
  return [
    brush[good ? 'good' : 'bad'](good ? 'Done.' : 'Done, but the verification found violations.'),
    renderFacts(facts, look),
    ...(summary.plan === null || driftedCount(summary.plan.drift) === 0
      ? []
      : ['', renderDrift(summary.plan.drift, look, NAMED)]),
    ...(summary.failed === 0 ? [] : ['', renderRefused(summary, look)]),
    ...(good ? [] : ['', renderViolations(summary.checks, look)]),
    '',
    ...(summary.created === 0 ? [] : [NO_CALLS_YET, '']),
    renderNext(next, look),
  ].join('\n');
}
