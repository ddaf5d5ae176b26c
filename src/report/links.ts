import type { Layout } from '../config/layout.js';
import type { Database } from '../database/database.js';
import type { Session } from '../database/session.js';
import type { ChangeState } from '../journal/run.js';
import { RunReportTable } from '../journal/run-reports.js';
import { hasTable } from '../journal/tables.js';
import { type Action, type Decision, REASONS, type Reason } from '../model/decision.js';
import type { LinkDetails } from '../model/report.js';
import type { Redactor } from '../redactor.js';
import { detailsOf } from './details.js';
import { FactReader, type LinkFacts } from './link-facts.js';
import { LinkFilter } from './link-filter.js';
import {
  type DetailPart,
  type JournalAtHand,
  LinkStatement,
  type SelectedLink,
  type Sort,
} from './links-sql.js';
import { redactedFacts } from './redaction.js';

export interface LinkReportOptions {
  /** Takes the word of this run alone. */
  readonly run?: string;
  readonly decision?: Decision;
  /** Only operators whose change was written since then: how the journal writes times, or a beginning of that. */
  readonly since?: string;
  /** Only operators of this branch, whatever its capitals. */
  readonly branch?: string;
  /** Only rows that hold this text in a key, a name, the branch, the reason, who decided or the evidence. */
  readonly search?: string;
  readonly limit?: number;
  /** By the keys of the operators where nothing is said, and among equals. */
  readonly sort?: readonly Sort[];
  /** Reads the operator's values of the match keys. */
  readonly withKeys?: boolean;
  /** What to read for a closer look: the more, the longer it takes. */
  readonly details?: Iterable<DetailPart>;
  /** Puts pseudonyms in place of personal data; filters see the data themselves. */
  readonly redactor?: Redactor | undefined;
}

/** Whom an operator row is linked to, and why. */
export interface LinkRow {
  readonly operator: string;
  readonly operatorName: string;
  /** Null where it has none, or where the configuration does not say where to find it. */
  readonly branch: string | null;
  /**
   * Of the run that linked it; without a link, of the run whose change was taken back since the newest run began;
   * else of the newest run. Null where no run decided about it.
   */
  readonly decision: Decision | null;
  readonly reason: Reason | null;
  readonly reasonText: string | null;
  /** The human who decided, where the reason is that. */
  readonly decidedBy: string | null;
  /** As the link says, even where there is no such person. */
  readonly person: string | null;
  readonly personName: string | null;
  /** `before`: by anybody else. Null where there is no link. */
  readonly linkedBy: 'onecard' | 'before' | null;
  /** The run that the decision is of. */
  readonly run: string | null;
  readonly changedAt: string | null;
  readonly action: Action | null;
  readonly state: ChangeState | null;
  /** Why nothing was written for it, or why it was kept in a rollback: the words of the journal. */
  readonly why: string | null;
  /** Of the operator, in the order of the configuration; empty where they were not asked for. */
  readonly keys: readonly (string | null)[];
  /** What was not asked for is empty. */
  readonly details: LinkDetails;
}

/**
 * Who is linked to whom, by which run and why: every operator row, read piece by piece. What is shown is the live
 * link; the journal says how it came about.
 */
export async function* linkReport(
  session: Session,
  database: Database,
  layout: Layout,
  options: LinkReportOptions,
): AsyncIterable<LinkRow> {
  const { limit, redactor, branch, search, ...selection } = options;
  const filter = new LinkFilter(branch, search);
  const journal = await findJournal(session, database);
  const details = new Set([
    ...(options.details ?? []),
    ...(filter.needsEvidence ? ['evidence' as const] : []),
  ]);
  const legends = details.has('evidence') ? await new RunReportTable(database).legends(session) : new Map();
  const reader = new FactReader(layout, legends);
  const statement = new LinkStatement(database.dialect, layout, journal, {
    ...selection,
    details,
    limit: filter.isOpen ? limit : undefined,
  });
  let left = limit ?? Number.POSITIVE_INFINITY;
  // A stream is read to its end.
  for await (const selected of session.stream<SelectedLink>(statement.rows())) {
    if (left <= 0) continue;
    const facts = reader.read(selected);
    if (!filter.isOpen && !filter.lets(rowOf(facts))) continue;
    left--;
    yield rowOf(redactor === undefined ? facts : redactedFacts(facts, redactor));
  }
}

export async function findJournal(session: Session, database: Database): Promise<JournalAtHand> {
  return {
    isThere: await hasTable(session, database, 'change'),
    hasRollbacks: await hasTable(session, database, 'taken_back'),
  };
}

function rowOf(facts: LinkFacts): LinkRow {
  const { card, evidence, candidates, history, decided, ...row } = facts;
  return {
    ...row,
    reasonText: reasonTextOf(facts),
    decidedBy: decided?.who ?? null,
    details: detailsOf(facts),
  };
}

function reasonTextOf({ reason, decided }: LinkFacts): string | null {
  if (reason === null) return null;
  if (decided === null) return REASONS[reason] ?? reason;
  return `${REASONS.decided}: ${decided.word}${decided.note === '' ? '' : `, ${decided.note}`}`;
}
