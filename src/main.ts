import { setFlagsFromString } from 'node:v8';
import type { Terminal } from './commands/terminal.js';
import { OnecardError } from './errors.js';
import { ExitCode } from './model/exit-code.js';
import { runProgram } from './program.js';

/** Runs the command that this process was called with, and sets its exit code. */
export async function main(world: Pick<Terminal, 'openDatabase'> = {}): Promise<void> {
  // Left alone, the heap grows to several times what is in use: a million operators have to fit into 200 MB.
  setFlagsFromString('--heap-growing-percent=50');

  // A reader that stops reading, such as `head`, is no failure; whoever has to clean up first listens for it.
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (!isClosed(error) || process.emit('SIGPIPE', 'SIGPIPE')) return;
    process.exit(process.exitCode ?? ExitCode.Done);
  });
  process.stderr.on('error', (error: NodeJS.ErrnoException) => {
    if (!isClosed(error)) throw error;
  });

  try {
    process.exitCode = await runProgram(process.argv, {
      stdout: process.stdout,
      stderr: process.stderr,
      stdin: process.stdin,
      env: process.env,
      folder: process.cwd(),
      ...world,
    });
  } catch (error) {
    if (error instanceof OnecardError) {
      const remedy = error.remedy === undefined ? '' : `  → ${error.remedy}\n`;
      fail(`onecard: ${error.message}\n${remedy}`, error.exitCode);
    } else {
      const detail = error instanceof Error ? (error.stack ?? error.message) : String(error);
      fail(`onecard: an internal error, please report it.\n${detail}\n`, ExitCode.Failed);
    }
  }
}

/** The pipe, or the terminal. */
const isClosed = ({ code }: NodeJS.ErrnoException) => code === 'EPIPE' || code === 'EIO';

/** Ends at once: a connection that failed half-way can stay open for a minute, until the server gives up. */
function fail(text: string, exitCode: ExitCode): void {
  process.exitCode = exitCode;
  process.stderr.write(withoutPasswords(text), () => process.stdout.write('', () => process.exit()));
}

/** A URL can stand where nobody expects one: as a misplaced argument, or in what a driver says. */
function withoutPasswords(text: string): string {
  return text.replace(/:\/\/([^\s:/@]*):\S*@/g, '://$1:…@');
}
