import { REHEARSAL_STEPS, type RehearsalStep, type StepResult } from '../model/rehearsal.js';
import { createProgress, type Progress } from '../output/terminal/progress.js';
import { renderStep } from '../output/terminal/rehearsal.js';
import type { StepsObserver } from '../rehearse/steps.js';
import { lookOf, type SharedFlags, type Terminal } from './terminal.js';

/** Shows each step as it ends; what is under way, on a terminal. */
export class StepsOnTerminal implements StepsObserver {
  readonly #terminal: Terminal;
  readonly #flags: SharedFlags;
  #progress: Progress | undefined;

  constructor(terminal: Terminal, flags: SharedFlags) {
    this.#terminal = terminal;
    this.#flags = flags;
  }

  begun(step: RehearsalStep): void {
    const { stderr } = this.#terminal;
    const animate = lookOf(stderr, this.#terminal, this.#flags).color;
    const label = REHEARSAL_STEPS[step];
    this.#progress = createProgress(stderr, { animate, quiet: this.#flags.quiet ?? false, label });
  }

  /** Data, unless that is a document: then it is talk. */
  ended(result: StepResult): void {
    this.#progress?.end();
    this.#progress = undefined;
    const { stdout, stderr } = this.#terminal;
    if (this.#flags.quiet && result.outcome !== 'failed') return;
    const stream = this.#flags.json ? stderr : stdout;
    stream.write(`${renderStep(result, lookOf(stream, this.#terminal, this.#flags))}\n`);
  }
}
