import { OnecardError } from '../errors.js';
import { ExitCode } from '../model/exit-code.js';
import { formatDuration } from '../output/terminal/amounts.js';
import type { Terminal } from './terminal.js';

/** When a rehearsal ends before its end. */
export interface Stops {
  /** The step at hand ends in good order. */
  readonly signal: AbortSignal;
  /** It ends at once. */
  readonly atOnce: AbortSignal;
}

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGPIPE'] as const;

/**
 * Lets the first Ctrl-C, SIGTERM, the end of the terminal or of whoever reads what is written, or the end of the time,
 * end the step at hand; the second Ctrl-C ends it at once. Either way what was made is removed.
 * @param maxDuration milliseconds.
 */
export async function interruptible<T>(
  terminal: Terminal,
  maxDuration: number | undefined,
  work: (stops: Stops) => Promise<T>,
): Promise<T> {
  const stop = new AbortController();
  const atOnce = new AbortController();
  const onSignal = () => {
    if (stop.signal.aborted) return atOnce.abort();
    // What is written from here on may have no reader, which ends the process.
    process.exitCode = ExitCode.Interrupted;
    terminal.stderr.write(
      '\nStopping, and removing what was made; once more ends the command at hand at once.\n',
    );
    stop.abort(new OnecardError('interrupted', { exitCode: ExitCode.Interrupted }));
  };
  const onTime = () =>
    stop.abort(
      new OnecardError(`stopped after ${formatDuration(maxDuration ?? 0)}, as --max-duration asks`, {
        exitCode: ExitCode.Pending,
      }),
    );
  const timer = maxDuration === undefined ? undefined : setTimeout(onTime, maxDuration);
  for (const signal of SIGNALS) process.on(signal, onSignal);
  try {
    return await work({ signal: stop.signal, atOnce: atOnce.signal });
  } finally {
    clearTimeout(timer);
    for (const signal of SIGNALS) process.off(signal, onSignal);
  }
}
