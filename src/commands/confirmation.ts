import { createInterface } from 'node:readline/promises';
import { OnecardError } from '../errors.js';
import type { SharedFlags, Terminal } from './terminal.js';

/** What has to be typed before a command writes. */
export interface Confirmation {
  /** Of onecard, as its dry run is called. */
  readonly command: string;
  readonly question: string;
  readonly answer: string;
}

/**
 * Asks on the terminal, unless `--yes` has answered.
 * @throws OnecardError where there is no terminal to ask on.
 */
export async function isConfirmed(
  terminal: Terminal,
  flags: SharedFlags & { readonly yes?: boolean },
  { command, question, answer }: Confirmation,
): Promise<boolean> {
  if (flags.yes) return true;
  if (!terminal.stdin.isTTY || !terminal.stderr.isTTY || flags.input === false) {
    throw new OnecardError('A run asks before it writes, and there is no terminal to ask on.', {
      remedy: `Add --yes once you have seen \`onecard ${command} --dry-run\`; nothing was changed.`,
    });
  }
  const prompt = createInterface({ input: terminal.stdin, output: terminal.stderr });
  try {
    return (await prompt.question(`\n${question}`)).trim() === answer;
  } catch {
    // Ctrl-C and the end of the input are answers, too.
    return false;
  } finally {
    prompt.close();
  }
}
