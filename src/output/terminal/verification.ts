import type { Check } from '../../verify/verification.js';
import { countOf, formatCount } from './amounts.js';
import { brushFor, type Look } from './look.js';
import { printable } from './printable.js';

/** Every check in a line: what was proved, and of how many rows. */
export function renderChecks(checks: readonly Check[], look: Look): string {
  const brush = brushFor(look);
  return checks
    .map(({ title, checked, violationCount }) =>
      violationCount === 0
        ? `${brush.good('✔')} ${title} ${brush.quiet(`(${formatCount(checked)} checked)`)}`
        : `${brush.bad('✖')} ${title}: ${brush.bad(countOf(violationCount, 'violation'))}`,
    )
    .join('\n');
}

/** Every violation by name, below its check. */
export function renderViolations(checks: readonly Check[], look: Look): string {
  const brush = brushFor(look);
  return checks
    .filter(({ violationCount }) => violationCount > 0)
    .flatMap(({ name, violations, violationCount }) => [
      brush.bad(`${name}:`),
      ...violations.map(({ text }) => `  ${printable(text)}`),
      ...(violationCount > violations.length
        ? [`  … and ${formatCount(violationCount - violations.length)} more`]
        : []),
    ])
    .join('\n');
}
