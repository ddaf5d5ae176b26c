import { resolve } from 'node:path';
import { OnecardError } from '../errors.js';
import { formatOfFile, REPORT_FORMATS, type ReportFormat } from '../model/report-format.js';
import { FORMATS } from '../output/report/formats.js';
import type { Report } from '../output/report/report.js';
import { brushFor } from '../output/terminal/look.js';
import { printable } from '../output/terminal/printable.js';
import { PrivateFile } from '../private-file.js';
import { lookOf, type SharedFlags, type Terminal, write } from './terminal.js';

export interface OutputFlags extends SharedFlags {
  readonly format?: ReportFormat;
  readonly output?: string;
}

/**
 * What the flags ask for: `--format`, else `--json`, else what the name of the file says, else a table.
 * @throws OnecardError where they contradict each other, or the format is for files alone.
 */
export function formatOf(flags: OutputFlags, stdout: { readonly isTTY?: boolean }): ReportFormat {
  const { format, json, output } = flags;
  if (json && format !== undefined && format !== 'json')
    throw new OnecardError(`--json and --format ${format} contradict each other.`, {
      remedy: 'Leave one of them out.',
    });
  const chosen = json ? 'json' : (format ?? (output === undefined ? 'table' : formatOfFile(output)));
  if (chosen === undefined)
    throw new OnecardError(
      `The name ${JSON.stringify(output)} does not say which format the report is to have.`,
      {
        remedy: `Say it: --format ${REPORT_FORMATS.join(', ')}.`,
      },
    );
  if (FORMATS[chosen].isBinary && output === undefined && stdout.isTTY)
    throw new OnecardError(`A report in ${chosen} is for a file, not for a terminal.`, {
      remedy: `Name the file: --output report.${chosen}.`,
    });
  return chosen;
}

/** Writes a report to standard output, or into a new file that its owner alone may read. */
export async function writeReport<Row>(
  report: Report<Row>,
  format: ReportFormat,
  terminal: Terminal,
  flags: OutputFlags,
): Promise<void> {
  const brush = brushFor(lookOf(terminal.stderr, terminal, flags));
  const notes: string[] = [];
  const note = (text: string) => notes.push(text);
  const look = lookOf(terminal.stdout, terminal, flags);
  const { output } = flags;
  if (output === undefined) {
    for await (const piece of FORMATS[format].write(report, { look, note }))
      await write(terminal.stdout, piece);
  } else {
    const plain = { color: false, width: look.width };
    const pieces = FORMATS[format].write(report, { look: plain, note });
    await PrivateFile.fill(resolve(terminal.folder, output), pieces);
    if (!flags.quiet) terminal.stderr.write(`${brush.strong('Written')}: ${printable(output)}\n`);
  }
  // What a file lacks is said, however quiet it is to be.
  for (const text of notes) terminal.stderr.write(`${brush.warning(text)}\n`);
}
