import type { Terminal } from './terminal.js';

/** What is to be done when somebody wants the work to end. */
export interface StopHandlers {
  /** It is to end in good order. */
  readonly first: () => void;
  /** It is to end at once; can come more than once. */
  readonly again: () => void;
}

/**
 * Listens for what asks to stop: Ctrl-C, SIGTERM, a terminal that goes away (SIGHUP), and a standard output that
 * nobody reads any more, or that cannot be written to (SIGPIPE, which `main` emits). The last two do so once, however
 * often they come: only somebody who asks twice wants it at once. Without a terminal there is none to go away: that is
 * how `nohup` calls a command, which has to stay then.
 *
 * @returns what ends the listening.
 */
export function onStopSignals(
  { stdin, stdout, stderr }: Pick<Terminal, 'stdin' | 'stdout' | 'stderr'>,
  { first, again }: StopHandlers,
): () => void {
  const hasTerminal = [stdin, stdout, stderr].some(({ isTTY }) => isTTY === true);
  let isStopping = false;
  const begin = () => {
    if (isStopping) return;
    isStopping = true;
    first();
  };
  const asked = () => (isStopping ? again() : begin());
  const hungUp = () => {
    if (!hasTerminal) return;
    begin();
    dieOfIt('SIGHUP');
  };
  process.on('SIGINT', asked).on('SIGTERM', asked).on('SIGHUP', hungUp).on('SIGPIPE', begin);
  return () => {
    process.off('SIGINT', asked).off('SIGTERM', asked).off('SIGHUP', hungUp).off('SIGPIPE', begin);
    // From here on, the exit code tells of the work, whoever reads the rest.
    process.on('SIGPIPE', () => undefined);
  };
}

/**
 * In the end, as whoever called it expects; and before Node.js sets back a terminal that is not there any more, which
 * would abort the process.
 */
function dieOfIt(signal: NodeJS.Signals): void {
  process.once('exit', () => {
    process.removeAllListeners(signal);
    process.kill(process.pid, signal);
  });
}
