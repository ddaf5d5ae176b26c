import type { RunEvent } from '../apply/run.js';
import { formatCount } from '../output/terminal/amounts.js';
import type { Stages } from './stages.js';

/** Turns what a run says into its progress line. */
export function showRunEvent(event: RunEvent, { next, done, progress }: Stages): void {
  switch (event.kind) {
    case 'schema':
      break;
    case 'planning':
      next('planning');
      done(`planned as run ${event.run}`);
      break;
    case 'planned':
      next('applying', event.total);
      progress.update(0);
      break;
    case 'resumed':
      next('applying', event.total);
      progress.note(
        `resuming run ${event.run} after ${formatCount(event.done)} of ${formatCount(event.total)} operators`,
      );
      progress.update(event.done);
      done(`applied ${formatCount(event.total)}`);
      break;
    case 'applied':
      progress.update(event.done);
      done(`applied ${formatCount(event.done)} of ${formatCount(event.total)}`);
      break;
    case 'retrying':
      progress.hold(`trying again: ${event.why}`);
      break;
    case 'paused':
      progress.hold(event.why);
      break;
    case 'failed':
      // Whom, and the server's words, which may hold values, stand in the summary.
      progress.note('one operator was refused by the database, and nothing is written for it');
      break;
    case 'closing':
      next('classifying once more');
      done('classified once more');
      break;
  }
}
