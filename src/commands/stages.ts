import { createProgress, type Progress } from '../output/terminal/progress.js';
import { lookOf, type SharedFlags, type Terminal } from './terminal.js';

/** A piece of work in stages, each with a progress line of its own. */
export interface Stages {
  /** Ends the stage at hand, and begins the next; `total` is the number of operators in it. */
  next(label: string, total?: number): void;
  /** What the stage at hand came to, to be said when it ends. */
  done(text: string): void;
  readonly progress: Pick<Progress, 'update' | 'hold' | 'note'>;
}

/** Shows on stderr how the work goes on; what breaks it ends the stage at hand. */
export async function inStages<T>(
  terminal: Terminal,
  flags: SharedFlags,
  first: { readonly label: string; readonly done: string },
  work: (stages: Stages) => Promise<T>,
): Promise<T> {
  const options = { animate: lookOf(terminal.stderr, terminal, flags).color, quiet: flags.quiet ?? false };
  const begin = (label: string, total?: number) =>
    createProgress(terminal.stderr, { ...options, label, total });
  let progress = begin(first.label);
  let outcome = first.done;
  const stages: Stages = {
    next(label, total) {
      progress.succeed(outcome);
      progress = begin(label, total);
    },
    done(text) {
      outcome = text;
    },
    progress: {
      update: (done) => progress.update(done),
      hold: (why) => progress.hold(why),
      note: (text) => progress.note(text),
    },
  };
  try {
    const result = await work(stages);
    progress.succeed(outcome);
    return result;
  } catch (error) {
    progress.fail('stopped');
    throw error;
  }
}
