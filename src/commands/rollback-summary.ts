import type { BatchTimes } from '../apply/batch-clock.js';
import type { DatabaseIdentity } from '../database/database.js';
import type { RunState } from '../journal/run.js';
import { formatCount, formatDuration } from '../output/terminal/amounts.js';
import { brushFor, type Look } from '../output/terminal/look.js';
import { renderNext } from '../output/terminal/next-steps.js';
import { printable } from '../output/terminal/printable.js';
import { renderFacts } from '../output/terminal/tables.js';
import type { Prospect } from '../rollback/preview.js';
import { kindOf } from '../rollback/reasons.js';
import { sumUp, type TakenBack } from '../rollback/totals.js';

/** What a rollback came to. */
export interface RollbackSummary extends TakenBack, BatchTimes {
  readonly run: string;
  /** Its number among the rollbacks of that run. */
  readonly rollback: number;
  readonly database: DatabaseIdentity;
  readonly state: RunState;
  /** The one operator that it was about. */
  readonly only?: string;
  readonly ticket: string | null;
  readonly startedAt: string;
  readonly finishedAt: string;
  readonly milliseconds: number;
  readonly report: string;
  readonly auditHead: string;
}

type Totals = Omit<TakenBack, 'named'>;

/** Counts what a dry run shows. */
export class Remarks {
  total = 0;
  #restored = 0;
  readonly #groups = new Map<string, Parameters<typeof sumUp>[0][number] & { operators: number }>();

  add({ action, state, reason, link }: Prospect): void {
    this.total++;
    if (link !== null) this.#restored++;
    const kind = reason === null ? null : kindOf(reason);
    const key = JSON.stringify([action, state, kind]);
    const operators = (this.#groups.get(key)?.operators ?? 0) + 1;
    this.#groups.set(key, { action, state, reason: kind, operators });
  }

  /** A link that somebody has put back already is not restored once more. */
  totals(): Totals {
    return { ...sumUp([...this.#groups.values()]), restored: this.#restored };
  }
}

export function renderProspects(totals: Totals, look: Look): string {
  return renderFacts(
    [
      ['cards that will be removed', totals.removed],
      ['links that will be restored', totals.restored],
      ['changes that will be kept', totals.kept],
      ...reasonsOf(totals),
    ],
    look,
  );
}

const reasonsOf = ({ reasons }: Totals) =>
  reasons.map(({ reason, operators }) => [`  ${reason}`, operators] as const);

/** So many of each reason are named. */
const NAMED = 3;

/** @param same the flags that further commands have to repeat. */
export function renderRollbackSummary(summary: RollbackSummary, look: Look, same: string): string {
  const brush = brushFor(look);
  const { run, kept, linksLeft, only } = summary;
  const facts: (readonly [string, string | number])[] = [
    ['run', run],
    ['database', `${summary.database.kind} ${summary.database.version}, ${summary.database.database}`],
    ...(only === undefined ? [] : [['operator', only] as const]),
    ['cards removed', summary.removed],
    ['links as before the run', summary.restored],
    ['changes kept', kept],
    ['duration', formatDuration(summary.milliseconds)],
    ['audit report, with all of them', summary.report],
  ];
  const isWhole = kept + linksLeft === 0;
  return [
    brush[isWhole ? 'good' : 'warning'](
      isWhole ? 'Taken back.' : 'Taken back, but for what others have changed since.',
    ),
    renderFacts(facts, look),
    ...remarksOf(summary, look),
    '',
    renderNext(
      [
        ...(kept > 0
          ? [[`rollback${same} ${run} --only OPERATOR`, 'tries one again that was kept'] as const]
          : []),
        [`verify${same}`, 'what is linked, and what is not'],
        [`migrate --dry-run${same}`, 'what a new run would do'],
        ...(isWhole && only === undefined ? [[`uninstall${same}`, 'removes the journal'] as const] : []),
      ],
      look,
    ),
  ].join('\n');
}

function remarksOf({ reasons, named }: RollbackSummary, look: Look): string[] {
  const brush = brushFor(look);
  return reasons.flatMap(({ reason, operators }) => {
    const shown = named.filter((remark) => kindOf(remark.reason) === reason).slice(0, NAMED);
    return [
      '',
      brush.warning(`${formatCount(operators)}: ${reason}`),
      ...shown.map(({ operator, person, reason: whole }) => {
        const more = whole.slice(reason.length).replace(/^: /, '');
        return printable(`  operator ${operator}, person ${person}${more === '' ? '' : `: ${more}`}`);
      }),
      ...(operators > shown.length
        ? [brush.quiet(`  … and ${formatCount(operators - shown.length)} more`)]
        : []),
    ];
  });
}
