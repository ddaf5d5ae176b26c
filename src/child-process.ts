import type { ChildProcess } from 'node:child_process';

/** What a program that is asked to end has to end what it has begun elsewhere, in milliseconds. */
const GRACE = 2_000;

/**
 * Ends a program when the signal comes: asks it to, and kills it where it stays. Where this process ends first, by
 * itself, the program goes with it.
 */
export function endOn(signal: AbortSignal | undefined, child: ChildProcess): void {
  let killing: NodeJS.Timeout | undefined;
  const kill = () => child.kill('SIGKILL');
  const end = () => {
    child.kill();
    killing = setTimeout(kill, GRACE);
  };
  process.once('exit', kill);
  if (signal?.aborted) end();
  else signal?.addEventListener('abort', end, { once: true });
  child.once('close', () => {
    clearTimeout(killing);
    signal?.removeEventListener('abort', end);
    process.off('exit', kill);
  });
}
