import type { PolicyFlags } from '../config/load.js';
import { ExitCode } from '../model/exit-code.js';
import { renderScan } from '../output/terminal/scan.js';
import { proveReadOnly } from '../plan/read-only.js';
import { requirePrivileges } from '../privileges/require.js';
import { assessReadiness } from '../scan/readiness.js';
import { scanDatabase } from '../scan/scan.js';
import { pendingCode } from './outcome.js';
import {
  announceSample,
  lookOf,
  readRequest,
  type SharedFlags,
  type Terminal,
  warnOfSlowLookups,
  withDatabase,
  write,
} from './terminal.js';

export interface ScanFlags extends SharedFlags, PolicyFlags {
  readonly detailedExitcode?: boolean;
}

/** Takes stock of a database, read-only. */
export async function scan(terminal: Terminal, flags: ScanFlags): Promise<ExitCode> {
  const request = readRequest(terminal, flags);
  announceSample(terminal, flags, request);
  return withDatabase(terminal, request, 'read', async ({ database, layout }) => {
    await requirePrivileges('scan', database, layout);
    await proveReadOnly(database);
    await warnOfSlowLookups(terminal, flags, { database, layout });
    const readiness = await assessReadiness(database, layout);
    const found = await database.snapshot((session) => scanDatabase(session, database, layout));
    const { identity } = database;
    const text = flags.json
      ? JSON.stringify({ database: identity, ...found, readiness })
      : renderScan(found, {
          look: lookOf(terminal.stdout, terminal, flags),
          configuration: layout.configuration,
          identity,
          readiness,
        });
    await write(terminal.stdout, `${text}\n`);
    return flags.detailedExitcode ? pendingCode(found.tallies) : ExitCode.Done;
  });
}
