import { OnecardError } from '../errors.js';
import { REHEARSAL_STEPS, type RehearsalStep, type StepResult } from '../model/rehearsal.js';

/** What a step comes to, while it is taken. Problems make it fail; it goes on all the same. */
export class Findings {
  /** What was seen, where all is well. */
  seen = '';
  readonly problems: string[] = [];
  readonly details: string[] = [];
  /** What to do about the problems. */
  remedy: string | undefined;

  problem(text: string, details: readonly string[] = []): void {
    this.problems.push(text);
    this.details.push(...details);
  }
}

/** A step failed that the others build on. */
class Blocked extends Error {}

/** Names so many details of a step; the rest is counted. */
const KEPT_DETAILS = 30;

/** Is told of each step; the engine itself never prints. */
export interface StepsObserver {
  begun(step: RehearsalStep): void;
  ended(result: StepResult): void;
}

/** Takes the steps of a rehearsal, each timed, and keeps what they came to. */
export class Steps {
  readonly results: StepResult[] = [];
  /** What broke the first step that failed off, where it did not just find something. */
  error: unknown;
  readonly #observer: StepsObserver;
  readonly #clean: (text: string) => string;

  /** @param clean takes personal data out of what servers and commands say. */
  constructor(observer: StepsObserver, clean: (text: string) => string) {
    this.#observer = observer;
    this.#clean = clean;
  }

  /** Takes steps until one fails that the others build on. */
  async inTurn(work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch (error) {
      if (!(error instanceof Blocked)) throw error;
    }
  }

  /** A step that the next ones need the result of; undefined for none. */
  async need<T>(step: RehearsalStep, work: (findings: Findings) => Promise<T | undefined>): Promise<T> {
    const result = await this.take(step, work);
    if (result === undefined) throw new Blocked();
    return result;
  }

  /** @returns undefined where it broke off. */
  async take<T>(step: RehearsalStep, work: (findings: Findings) => Promise<T>): Promise<T | undefined> {
    this.#observer.begun(step);
    const started = performance.now();
    const findings = new Findings();
    let result: T | undefined;
    try {
      result = await work(findings);
    } catch (error) {
      if (this.havePassed) this.error = error;
      // A value may go on over line breaks: the whole is cleaned.
      const [message = '', ...more] = this.#clean(wordsFor(error)).split('\n');
      findings.problem(
        message,
        more.map((line) => line.trim()),
      );
      if (error instanceof OnecardError) findings.remedy = error.remedy && this.#clean(error.remedy);
    }
    const hasFailed = findings.problems.length > 0;
    this.#add({
      step,
      outcome: hasFailed ? 'failed' : 'passed',
      milliseconds: Math.round(performance.now() - started),
      message: hasFailed ? findings.problems.join('; ') : findings.seen,
      details: shortened(findings.details),
      ...(findings.remedy !== undefined && { remedy: findings.remedy }),
    });
    return result;
  }

  skip(step: RehearsalStep, why: string): void {
    this.#add({ step, outcome: 'skipped', milliseconds: 0, message: why, details: [] });
  }

  /** Those up to this one that were not taken. */
  skipUpTo(last: RehearsalStep): void {
    const names = Object.keys(REHEARSAL_STEPS) as RehearsalStep[];
    const failed = this.results.findLast(({ outcome }) => outcome === 'failed');
    const why = failed === undefined ? 'not taken' : `since "${REHEARSAL_STEPS[failed.step]}" failed`;
    for (const step of names.slice(0, names.indexOf(last) + 1)) if (!this.#has(step)) this.skip(step, why);
  }

  get havePassed(): boolean {
    return this.results.every(({ outcome }) => outcome !== 'failed');
  }

  #has(step: RehearsalStep): boolean {
    return this.results.some((result) => result.step === step);
  }

  #add(result: StepResult): void {
    this.results.push(result);
    this.#observer.ended(result);
  }
}

const wordsFor = (error: unknown) => (error instanceof Error ? error.message : String(error));

function shortened(details: readonly string[]): readonly string[] {
  if (details.length <= KEPT_DETAILS) return details;
  return [...details.slice(0, KEPT_DETAILS), `… and ${details.length - KEPT_DETAILS} more`];
}
