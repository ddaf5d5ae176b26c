import type { PolicyFlags } from '../config/load.js';
import { ExitCode } from '../model/exit-code.js';
import { brushFor } from '../output/terminal/look.js';
import { renderFacts } from '../output/terminal/tables.js';
import { renderChecks, renderViolations } from '../output/terminal/verification.js';
import { requirePrivileges } from '../privileges/require.js';
import { verifyDatabase } from '../verify/verify.js';
import {
  announceSample,
  lookOf,
  readRequest,
  type SharedFlags,
  type Terminal,
  withDatabase,
  write,
} from './terminal.js';

export interface VerifyFlags extends SharedFlags, PolicyFlags {
  readonly complete?: boolean;
  readonly run?: string;
}

/** Proves the invariants from the database itself; exit code 3 names what breaks them. */
export async function verify(terminal: Terminal, flags: VerifyFlags): Promise<ExitCode> {
  const request = readRequest(terminal, flags);
  announceSample(terminal, flags, request);
  return withDatabase(terminal, request, 'read', async ({ database, layout }) => {
    await requirePrivileges('verify', database, layout);
    const verification = await verifyDatabase(database, layout, {
      complete: flags.complete ?? false,
      ...(flags.run !== undefined && { run: flags.run }),
    });
    const violations = verification.checks.reduce((total, { violationCount }) => total + violationCount, 0);
    const look = lookOf(terminal.stdout, terminal, flags);
    const brush = brushFor(look);
    if (flags.json) {
      await write(
        terminal.stdout,
        `${JSON.stringify({ database: database.identity, violations, ...verification })}\n`,
      );
    } else {
      const { counts } = verification;
      const parts = [
        `${brush.strong('Verify')} ${database.identity.kind} ${database.identity.version}, database ${database.identity.database}`,
        renderChecks(verification.checks, look),
        renderFacts(Object.entries(counts), look),
        ...(violations > 0 ? [renderViolations(verification.checks, look)] : []),
        violations === 0 ? brush.good('Verified.') : brush.bad('Not as it should be.'),
      ];
      await write(terminal.stdout, `${parts.join('\n\n')}\n`);
    }
    return violations === 0 ? ExitCode.Done : ExitCode.Pending;
  });
}
