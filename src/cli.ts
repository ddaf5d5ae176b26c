#!/usr/bin/env node
import { OnecardError } from './errors.js';
import { ExitCode } from './model/exit-code.js';
import { runProgram } from './program.js';

// A reader that stops reading, such as `head`, is no failure.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit(ExitCode.Done);
});

try {
  process.exitCode = await runProgram(process.argv, {
    stdout: process.stdout,
    stderr: process.stderr,
    stdin: process.stdin,
    env: process.env,
    folder: process.cwd(),
  });
} catch (error) {
  if (error instanceof OnecardError) {
    process.stderr.write(
      `onecard: ${error.message}\n${error.remedy === undefined ? '' : `  → ${error.remedy}\n`}`,
    );
    process.exitCode = error.exitCode;
  } else {
    const detail = error instanceof Error ? (error.stack ?? error.message) : String(error);
    process.stderr.write(`onecard: an internal error, please report it.\n${detail}\n`);
    process.exitCode = ExitCode.Failed;
  }
}
