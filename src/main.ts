import { setFlagsFromString } from 'node:v8';
import type { Terminal } from './commands/terminal.js';
import { OnecardError } from './errors.js';
import { ExitCode } from './model/exit-code.js';
import { runProgram } from './program.js';

/** Runs the command that this process was called with, and sets its exit code. */
export async function main(world: Pick<Terminal, 'openDatabase'> = {}): Promise<void> {
  // Left alone, the heap grows to several times what is in use: a million operators have to fit into 200 MB.
  setFlagsFromString('--heap-growing-percent=50');

  const output = watchOutput();
  endWithCaller();

  try {
    process.exitCode = await runProgram(process.argv, {
      stdout: process.stdout,
      stderr: process.stderr,
      stdin: process.stdin,
      env: process.env,
      folder: process.cwd(),
      ...world,
    });
    output.check();
  } catch (error) {
    if (error instanceof OnecardError) {
      const remedy = error.remedy === undefined ? '' : `  → ${error.remedy}\n`;
      end(error.exitCode, `onecard: ${error.message}\n${remedy}`);
    } else {
      const detail = error instanceof Error ? (error.stack ?? error.message) : String(error);
      end(ExitCode.Failed, `onecard: an internal error, please report it.\n${detail}\n`);
    }
  }
}

/**
 * Sees to it that nobody takes half of the data for the whole. Talk that nobody hears is no reason to end.
 * `check`: once all is done.
 */
function watchOutput(): { check(): void } {
  let failure: NodeJS.ErrnoException | undefined;
  process.stderr.on('error', () => undefined);
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (failure !== undefined) return;
    failure = error;
    // A reader that stops reading, such as `head`, is no failure; work that must not break off has a listener.
    const isGone = error.code === 'EPIPE';
    const isAtWork = process.listenerCount('SIGPIPE') > 0;
    if (isGone && !isAtWork) return end(ExitCode.Done);
    const words = isGone ? 'nobody reads it any more' : `it cannot be written to: ${error.message}`;
    const text = `onecard: standard output: ${words}.\n`;
    if (!isAtWork) return end(ExitCode.Failed, text);
    process.stderr.write(`\n${text}`);
    process.emit('SIGPIPE', 'SIGPIPE');
  });
  return {
    check: () => {
      if (failure !== undefined && failure.code !== 'EPIPE') process.exitCode ||= ExitCode.Failed;
    },
  };
}

/** A program that holds a channel to this process, as a rehearsal does, ends it by going away, however it goes. */
function endWithCaller(): void {
  if (process.channel === undefined) return;
  process.once('disconnect', () => process.kill(process.pid, 'SIGTERM'));
  // It is no reason to stay.
  process.channel?.unref();
}

/** Ends at once: a connection that failed half-way can stay open for a minute, until the server gives up. */
function end(exitCode: ExitCode, text = ''): void {
  process.exitCode = exitCode;
  flush(process.stderr, withoutPasswords(text), () => flush(process.stdout, '', () => process.exit()));
}

/** What failed once takes nothing any more, and never says so. */
function flush(stream: NodeJS.WriteStream, text: string, then: () => void): void {
  if (stream.errored === null) stream.write(text, then);
  else then();
}

/** A URL can stand where nobody expects one: as a misplaced argument, or in what a driver says. */
function withoutPasswords(text: string): string {
  return text.replace(/:\/\/([^\s:/@]*):\S*@/g, '://$1:…@');
}
