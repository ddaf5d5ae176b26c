import { type Command, Option } from 'commander';
import type { AuditExportFlags } from '../commands/audit-export.js';
import type { AuditVerifyFlags } from '../commands/audit-verify.js';
import type { ReportFlags } from '../commands/report.js';
import type { LicenceFlags } from '../commands/report-licences.js';
import type { Terminal } from '../commands/terminal.js';
import { DECISIONS } from '../model/decision.js';
import type { Call } from './call.js';
import { day, formatOption, OUTPUT_TEXT, onDatabase, positiveNumber, shared } from './options.js';
import { refuseBefore } from './usage-error.js';

/** What people read afterwards, and whether it is as it was written. */
export function addReports(program: Command, call: Call): void {
  const report = shared(program.command('report'))
    .enablePositionalOptions()
    .description('who is linked to whom, by which run, and why')
    .addOption(formatOption())
    .option('--output <file>', OUTPUT_TEXT)
    .option('--columns <names>', 'only these columns, such as operator,branch,key.email')
    .option('--sort <names>', 'by these columns, each turned round by a minus: branch,-changedAt')
    .option('--details', 'for each operator its card as it is now, the evidence, and all that runs did')
    .option('--redact', 'pseudonyms in place of personal data')
    .option('--run <run>', 'only operators that this run decided about')
    .option('--since <time>', 'only what was written since this date or time')
    .option('--branch <name>', 'only operators of this branch')
    .option('--search <text>', 'only rows with this text in a key, a name, the reason or the evidence')
    .option('--limit <n>', 'only the first n', positiveNumber)
    .addOption(new Option('--decision <kind>', 'only operators with this decision').choices(DECISIONS))
    .action((_, command: Command) =>
      call<ReportFlags>(
        command,
        import('../commands/report.js').then((module) => module.report),
      ),
    );

  shared(report.command('licences'))
    .description(
      'when each operator was last seen, on either card, and totals per kind of licence; read-only',
    )
    .addOption(formatOption())
    .option('--output <file>', OUTPUT_TEXT)
    .option(
      '--not-seen-for <days>',
      'only human operators whom nobody has seen for so many days, or ever; totals count them (default: 90)',
      positiveNumber,
    )
    .option('--as-of <date>', 'the day that days are counted to (default: today, in UTC, by the server)', day)
    .option('--totals', 'only the totals')
    .option('--redact', 'pseudonyms for keys and names (see ONECARD_REDACT_KEY in the README)')
    .addHelpText('after', LICENCE_EXAMPLES)
    .action((_, command: Command) => {
      refuseBefore(report);
      return call<LicenceFlags>(
        command,
        import('../commands/report-licences.js').then((module) => module.reportLicences),
      );
    });

  const audit = program
    .command('audit')
    .description('verify audit reports, and export them from the journal')
    .helpCommand(false);
  audit.exitOverride().allowExcessArguments(false);
  onDatabase(audit.command('verify'))
    .description('find the first line of an audit report that is not as it was written')
    .argument('<file>', 'the audit.ndjson of a run')
    .option('--head <sha256>', 'the head of the report, as it was noted; no database is asked then')
    .action((file: string, _, command: Command) =>
      call<AuditVerifyFlags>(
        command,
        import('../commands/audit-verify.js').then(
          (module) => (terminal: Terminal, flags: AuditVerifyFlags) =>
            module.auditVerify(terminal, flags, file),
        ),
      ),
    );
  onDatabase(audit.command('export'))
    .description('write the report of a run from the journal, byte for byte as it was')
    .argument('<run>', 'the run, as `onecard runs` names it')
    .option('--rollback <n>', 'the report of its rollback of this number', positiveNumber)
    .option(
      '--output <folder>',
      'a new folder for the report and its summaries (default: the report to stdout)',
    )
    .option('--redact', 'pseudonyms in place of personal data')
    .action((run: string, _, command: Command) =>
      call<AuditExportFlags>(
        command,
        import('../commands/audit-export.js').then(
          (module) => (terminal: Terminal, flags: AuditExportFlags) =>
            module.auditExport(terminal, flags, run),
        ),
      ),
    );
}

const LICENCE_EXAMPLES = `
Examples:
  onecard report licences                                     all, and totals per kind of licence
  onecard report licences --not-seen-for 180 --format csv     who may give a licence back
  onecard report licences --totals --as-of 2026-06-30         a reckoning that can be repeated
`;
