import type { Command } from 'commander';
import type { SharedFlags, Terminal } from '../commands/terminal.js';
import type { ExitCode } from '../model/exit-code.js';

/** Runs what a command stands for, once it is loaded, with the flags that it was given. */
export type Call = <F extends SharedFlags>(
  command: Command,
  run: Promise<(terminal: Terminal, flags: F) => Promise<ExitCode>>,
) => Promise<void>;
