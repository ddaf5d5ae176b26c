import type { Difference } from './compare-contents.js';
import type { Discretion } from './discretion.js';
import type { RollbackDocument, RunDocument, StoppedDocument, VerificationDocument } from './onecard.js';
import type { Findings } from './steps.js';

type Checks = VerificationDocument['checks'];

/** @param maxFailed so many rows may be refused by the database. */
export function judgeRun(
  findings: Findings,
  { created, linked, stale, failed, refused, pending, closing, checks }: RunDocument,
  { maxFailed, discretion }: { readonly maxFailed: number; readonly discretion: Discretion },
): void {
  findings.seen = `${created} cards created and linked, ${linked} operators linked to persons that were there`;
  if (failed > maxFailed) reportRefused(findings, { failed, refused }, discretion);
  if (stale > 0)
    findings.problem(
      `${plural(stale, 'operator')} changed or vanished while the run worked: something writes to this database, or a trigger does`,
    );
  // Whom the database has refused is tried again, too.
  const arrived = pending - failed - stale;
  if (arrived > 0)
    findings.problem(
      `${plural(arrived, 'operator')} came while the run worked, and would be written by another`,
    );
  if ((closing?.doubleLinks.count ?? 0) > 0)
    findings.problem(`${plural(closing?.doubleLinks.count ?? 0, 'person')} linked to two operators`);
  if ((closing?.lateCandidates.count ?? 0) > 0)
    findings.problem(
      `persons came for ${plural(closing?.lateCandidates.count ?? 0, 'card')} while the run worked`,
    );
  judgeChecks(findings, checks, discretion);
}

/** Named, as far as the run has named them, each with the words of the server. */
export function reportRefused(
  findings: Findings,
  { failed, refused }: Pick<StoppedDocument, 'failed' | 'refused'>,
  discretion: Discretion,
): void {
  findings.problem(`the database refused ${plural(failed, 'operator')}`, [
    ...refused.map(
      ({ operator, reason }) => `operator ${discretion.operator(operator)}: ${discretion.words(reason)}`,
    ),
    ...(failed > refused.length ? [`… and ${failed - refused.length} more`] : []),
  ]);
}

export function judgeVerification(
  findings: Findings,
  { checks }: Pick<VerificationDocument, 'checks'>,
  discretion: Discretion,
): void {
  findings.seen = `${checks.length} checks passed`;
  judgeChecks(findings, checks, discretion);
}

/** Names whom a check is about; what their fields hold is said to whoever may see it. */
function judgeChecks(findings: Findings, checks: Checks, discretion: Discretion): void {
  for (const { title, violationCount, violations } of checks) {
    if (violationCount === 0) continue;
    findings.problem(
      `${plural(violationCount, 'violation')} of "${title}"`,
      violations.map(({ operator, text }) =>
        operator === null
          ? discretion.words(text)
          : `operator ${discretion.operator(operator)}: ${discretion.words(text)}`,
      ),
    );
  }
}

/** @param written operators that the run wrote. */
export function judgeRollback(
  findings: Findings,
  { removed, restored, kept, linksLeft, reasons }: RollbackDocument,
  written: number,
  discretion: Discretion,
): void {
  findings.seen = `${removed} cards removed, ${restored} links restored`;
  if (kept + linksLeft > 0)
    findings.problem(
      `${plural(kept, 'card')} kept and ${plural(linksLeft, 'link')} left: others changed them or refer to them since`,
      reasons.map(({ reason, operators }) => `${operators} × ${discretion.words(reason)}`),
    );
  else if (restored !== written)
    findings.problem(`${written} operators were written, and ${restored} links restored`);
}

/** What stands in tables that should not, and the triggers that may have put it there. */
export function reportDifferences(findings: Findings, differences: readonly Difference[]): void {
  for (const { message, kind } of differences)
    if (kind === 'moved') findings.details.push(message);
    else findings.problem(message);
  const [first] = differences.filter(({ kind }) => kind !== 'moved');
  if (first === undefined) return;
  findings.remedy = REMEDY;
  findings.details.push(
    ...first.triggers.map(
      ({ name, table, when }) => `may be by the trigger ${name} on ${table.name}, ${when}`,
    ),
    ...first.hiddenTriggers.map((table) => `this user may not see the triggers of ${table}`),
  );
}

const REMEDY =
  'Where the application does that by itself and it is no harm, name a column of operators or persons in volatileColumns, or another table with --ignore-table.';

export const plural = (count: number, noun: string) => `${count} ${noun}${count === 1 ? '' : 's'}`;
