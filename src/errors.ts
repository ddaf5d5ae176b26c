import { ExitCode } from './model/exit-code.js';

/**
 * An error the user can mend: one sentence that says what is wrong, and the remedy.
 * Anything else that reaches the top is a fault of onecard itself.
 */
export class OnecardError extends Error {
  override readonly name = 'OnecardError';
  readonly remedy: string | undefined;
  readonly exitCode: ExitCode;

  constructor(message: string, options: { remedy?: string; exitCode?: ExitCode; cause?: unknown } = {}) {
    super(message, { cause: options.cause });
    this.remedy = options.remedy;
    this.exitCode = options.exitCode ?? ExitCode.Usage;
  }
}

/** Somebody wants the end at once: nothing is waited for any more, and nothing is closed in good order. */
export class Aborted extends OnecardError {
  constructor(resuming: string) {
    super('Aborted: the open batch is rolled back.', { remedy: resuming, exitCode: ExitCode.Interrupted });
  }
}
