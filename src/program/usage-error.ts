import type { Command, CommanderError } from 'commander';
import { OnecardError } from '../errors.js';

/** Commander's message, as a sentence that names the flag and never what might be a password behind it. */
export function usageError({ code, message }: CommanderError, program: Command): OnecardError {
  const { command, name } = called(program);
  const excess = command.args[0];
  const text =
    code === 'commander.excessArguments' && excess !== undefined
      ? `${JSON.stringify(excess)} is no flag of ${name}`
      : message
          .replace(/^error: /, '')
          .replace(/\n\(/, ' (')
          .replace(/^option '(--[\w-]+)[^']*' argument missing$/, '$1 needs a value')
          .replace(/^option '(--[\w-]+)[^']*' argument ('.*') is invalid\./s, '$1 cannot be $2.')
          .replace(/^(unknown option '(?:--[^'=]+|-[^-'])).*?'/s, "$1'");
  const sentence = text.charAt(0).toUpperCase() + text.slice(1);
  return new OnecardError(/[.)]$/.test(sentence) ? sentence : `${sentence}.`, {
    remedy: `See \`onecard ${name === '' ? '' : `${name} `}--help\`.`,
  });
}

/** The command that was called, a subcommand with its parent's name: `report licences`. */
function called(program: Command): { command: Command; name: string } {
  const names: string[] = [];
  let command = program;
  for (;;) {
    const below = command.commands.find((candidate) => candidate.name() === command.args[0]);
    if (below === undefined) return { command, name: names.join(' ') };
    names.push(below.name());
    command = below;
  }
}

/** @throws CommanderError where a flag stands before the subcommand: it would count for nothing. */
export function refuseBefore(command: Command): void {
  const [flag] = command.options.filter(
    (option) => command.getOptionValueSource(option.attributeName()) === 'cli',
  );
  if (flag !== undefined)
    command.error(`error: put ${flag.long} behind ${command.args[0]}`, { code: 'onecard.flagBefore' });
}
