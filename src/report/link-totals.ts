import type { Layout } from '../config/layout.js';
import type { Database } from '../database/database.js';
import type { Session } from '../database/session.js';
import { DECISIONS, type Decision, REASONS, type Reason } from '../model/decision.js';
import type { ReportCount, ReportTotal } from '../model/report.js';
import { findJournal } from './links.js';
import { LinkStatement } from './links-sql.js';

/** How many operator rows there are, whatever a report leaves out of them. */
export interface LinkTotals {
  readonly operators: number;
  /** Those that a card is for: neither groups nor API accounts, nor excluded by the configuration. */
  readonly needingCards: number;
  /** Of these: linked by others than onecard, and linked now. */
  readonly linkedBefore: number;
  readonly linkedNow: number;
  /** Of all rows, by decision, in the order of the decisions; rows that no run has decided about last. */
  readonly decisions: readonly ReportCount[];
  /** And by reason, in plain words, the most frequent first. */
  readonly reasons: readonly ReportCount[];
}

interface TotalRow {
  readonly decision: Decision | null;
  readonly reason: Reason | null;
  readonly linked_by: 'onecard' | 'before' | null;
  readonly operators: string;
}

const NO_CARD: ReadonlySet<string | null> = new Set<Reason>(['not-an-operator', 'api-account', 'excluded']);
const UNDECIDED = 'no run has decided about it';

/** As pictures: each adds up to a whole. */
export function picturesOf(totals: LinkTotals): readonly ReportTotal[] {
  const linked = (count: number) => [
    { label: 'linked to a person card', count },
    { label: 'without one', count: totals.needingCards - count },
  ];
  return [
    { title: 'Human operators before onecard', counts: linked(totals.linkedBefore) },
    { title: 'Human operators now', counts: linked(totals.linkedNow) },
    { title: 'Decisions', counts: totals.decisions },
    { title: 'Reasons', counts: totals.reasons },
  ];
}

/** Counted by the server, in one statement. */
export async function reportTotals(
  session: Session,
  database: Database,
  layout: Layout,
): Promise<LinkTotals> {
  const journal = await findJournal(session, database);
  const statement = new LinkStatement(database.dialect, layout, journal, {});
  const rows = await session.rows<TotalRow>(statement.totals());
  const sum = (counts: (row: TotalRow) => boolean) =>
    rows.filter(counts).reduce((total, { operators }) => total + Number(operators), 0);
  const needsCard = ({ reason }: TotalRow) => !NO_CARD.has(reason);
  const reasons = [...new Set(rows.map(({ reason }) => reason))];
  return {
    operators: sum(() => true),
    needingCards: sum(needsCard),
    linkedBefore: sum((row) => needsCard(row) && row.linked_by === 'before'),
    linkedNow: sum((row) => needsCard(row) && row.linked_by !== null),
    decisions: [...DECISIONS, null]
      .map((decision) => ({ label: decision ?? UNDECIDED, count: sum((row) => row.decision === decision) }))
      .filter(({ count }) => count > 0),
    reasons: reasons
      .map((reason) => ({
        label: reason === null ? UNDECIDED : (REASONS[reason] ?? reason),
        count: sum((row) => row.reason === reason),
      }))
      .toSorted((one, other) => other.count - one.count || (one.label < other.label ? -1 : 1)),
  };
}
