import { ExitCode } from '../model/exit-code.js';
import { renderRuns } from '../output/terminal/runs.js';
import { overviewOfRuns } from '../report/runs.js';
import {
  announceSample,
  lookOf,
  readRequest,
  type SharedFlags,
  type Terminal,
  withConnection,
  write,
} from './terminal.js';

/** The runs of a database and how far they are, for a second terminal. */
export async function runs(terminal: Terminal, flags: SharedFlags): Promise<ExitCode> {
  const request = readRequest(terminal, flags);
  announceSample(terminal, flags, request);
  const overview = await withConnection(terminal, request, 'read', overviewOfRuns);
  const text = flags.json
    ? JSON.stringify(overview)
    : renderRuns(overview, lookOf(terminal.stdout, terminal, flags));
  await write(terminal.stdout, `${text}\n`);
  return ExitCode.Done;
}
