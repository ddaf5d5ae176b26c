import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { type Held, holdAgainstJournal } from '../audit/authenticity.js';
import type { Header } from '../audit/header.js';
import { type Inspection, inspectFile } from '../audit/inspect.js';
import { EMBEDDED_FOLDER } from '../database/embedded.js';
import { findTarget, type Target } from '../database/target.js';
import { OnecardError } from '../errors.js';
import { ExitCode } from '../model/exit-code.js';
import { countOf, formatCount } from '../output/terminal/amounts.js';
import { brushFor } from '../output/terminal/look.js';
import { printable } from '../output/terminal/printable.js';
import { lookOf, type SharedFlags, type Terminal, withConnection, write } from './terminal.js';

export interface AuditVerifyFlags extends SharedFlags {
  /** The last link of the report, as somebody has noted it. */
  readonly head?: string;
}

/** What was found out about a file: what `--json` prints. */
interface Verdict {
  readonly file: string;
  readonly report: Header | null;
  readonly lines: number;
  /** So many lines say nothing but their digest. */
  readonly withheld: number;
  readonly head: string;
  readonly verdict: 'authentic' | 'internally consistent' | 'not authentic' | 'inconsistent';
  readonly heldAgainst: 'head' | 'journal' | null;
  readonly problem: { readonly line: number | null; readonly kind: string; readonly text: string } | null;
}

/** Says whether an audit report is as it was written, as far as can be told. */
export async function auditVerify(
  terminal: Terminal,
  flags: AuditVerifyFlags,
  file: string,
): Promise<ExitCode> {
  const head = flags.head === undefined ? undefined : readHead(flags.head);
  const inspection = await inspectFile(file);
  const verdict = await judge(terminal, flags, file, inspection, head);
  await write(
    terminal.stdout,
    flags.json
      ? `${JSON.stringify(verdict)}\n`
      : render(verdict, inspection.withheld, lookOf(terminal.stdout, terminal, flags)),
  );
  return verdict.problem === null ? ExitCode.Done : ExitCode.Pending;
}

function readHead(text: string): string {
  const head = text.trim().toLowerCase();
  if (/^[0-9a-f]{64}$/.test(head)) return head;
  throw new OnecardError('--head has to be 64 hexadecimal digits.', {
    remedy: 'It stands in the summary of the run, as the head of the audit chain.',
  });
}

async function judge(
  terminal: Terminal,
  { databaseUrl }: AuditVerifyFlags,
  file: string,
  inspection: Inspection,
  head: string | undefined,
): Promise<Verdict> {
  const { header, lines, withheld, problem } = inspection;
  const known = { file, report: header, lines, withheld: withheld.length, head: inspection.head };
  if (problem !== null || header === null)
    return { ...known, verdict: 'inconsistent', heldAgainst: null, problem };
  if (head !== undefined) return against(known, 'head', heldAgainstHead(inspection, head));
  const target = findTarget(databaseUrl, terminal.env);
  if (!isAtHand(terminal, target, header))
    return { ...known, verdict: 'internally consistent', heldAgainst: null, problem: null };
  const held = await withConnection(terminal, { target }, 'read', (database) =>
    holdAgainstJournal(database, file, inspection, header),
  );
  return against(known, 'journal', held);
}

/** A sample is not made only to be asked, and knows nothing of the reports of servers. */
function isAtHand({ folder }: Terminal, target: Target, { database, kind, redacted }: Header): boolean {
  if (kind === 'plan' || redacted) return false;
  if (target.kind !== 'embedded') return true;
  return database.kind === 'embedded sample' && existsSync(join(folder, EMBEDDED_FOLDER));
}

function heldAgainstHead(inspection: Inspection, head: string): Held {
  const isAuthentic = inspection.head === head;
  return {
    isAuthentic,
    text: isAuthentic
      ? null
      : 'Its head is another one than the one given: it was written anew, or is another report.',
    line: null,
  };
}

function against(
  known: Pick<Verdict, 'file' | 'report' | 'lines' | 'withheld' | 'head'>,
  heldAgainst: 'head' | 'journal',
  { isAuthentic, text, line }: Held,
): Verdict {
  return {
    ...known,
    verdict: isAuthentic ? 'authentic' : 'not authentic',
    heldAgainst,
    problem: text === null ? null : { line, kind: 'not authentic', text },
  };
}

/** A person reads so many numbers at most. */
const NAMED = 10;

/** Whoever has the file can withhold a line of it, and its head stays the same: the journal alone tells that. */
function describeWithheld(lines: readonly number[], heldAgainst: Verdict['heldAgainst']): string {
  const more = lines.length > NAMED ? ` and ${formatCount(lines.length - NAMED)} more` : '';
  const numbers = `${lines.slice(0, NAMED).map(formatCount).join(', ')}${more}`;
  const whose =
    heldAgainst === 'journal'
      ? 'as in the journal, where they were purged'
      : 'whether a purge or somebody else took them out, only the journal can tell';
  return `Of ${countOf(lines.length, 'line')} nothing but the digest is there (${numbers}): ${whose}.`;
}

const PROOFS = {
  head: 'Authentic: its head is the one given.',
  journal: 'Authentic: its head is the one that the journal holds.',
} as const;

function render(verdict: Verdict, withheld: readonly number[], look: Parameters<typeof brushFor>[0]): string {
  const { report, file, lines, head, heldAgainst, problem } = verdict;
  const brush = brushFor(look);
  const isInJournal = report !== null && report.kind !== 'plan' && !report.redacted;
  const name = report === null ? 'an audit report' : nameOf(report);
  const facts = `${printable(file)}: ${name}, ${formatCount(lines)} lines${problem === null ? '' : ' read'}`;
  const left = withheld.length === 0 ? [] : [describeWithheld(withheld, heldAgainst)];
  if (verdict.verdict === 'inconsistent')
    return `${facts}\n${brush.bad('Not as it was written.')} ${problem?.text ?? ''}\n`;
  const consistent = 'Internally consistent: every line fits the one before, up to the closing summary.';
  if (verdict.verdict === 'not authentic')
    return `${facts}\n${consistent}\n${brush.bad('Not authentic.')} ${problem?.text ?? ''}\n`;
  if (heldAgainst === null)
    return [
      facts,
      brush.good(consistent),
      ...left,
      'That does not show that it is authentic: whoever writes all of it anew gets this far. Hold it against',
      `${isInJournal ? 'the journal (DATABASE_URL), or against ' : ''}the head as it was noted elsewhere (--head).`,
      `Its head: ${head}`,
      '',
    ].join('\n');
  return [facts, consistent, brush.good(PROOFS[heldAgainst]), ...left, ''].join('\n');
}

function nameOf({ kind, run, rollback }: Header): string {
  if (kind === 'plan') return `dry run ${printable(run)}`;
  return kind === 'run' ? `run ${printable(run)}` : `rollback ${rollback} of run ${printable(run)}`;
}
