import { brushFor, type Look } from './look.js';

/** What to type, without the name of the program, and what it does. */
export type NextStep = readonly [command: string, does: string];

/** Where one of the commands is longer than this, each has its explanation below it. */
const LONGEST_BESIDE = 50;

/** What to type next; each command stays in one piece, to be copied. */
export function renderNext(steps: readonly NextStep[], look: Look): string {
  const brush = brushFor(look);
  const width = Math.max(...steps.map(([command]) => command.length));
  const lines = steps.map(([command, does]) =>
    width > LONGEST_BESIDE
      ? `  onecard ${command}\n      ${brush.quiet(does)}`
      : `  onecard ${command.padEnd(width)}   ${does}`,
  );
  return [brush.strong('Next:'), ...lines].join('\n');
}
