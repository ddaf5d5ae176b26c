import { writeReportFile } from './files.js';

/**
 * Keeps what a run or a rollback came to beside its audit report, for scripts and for people.
 * @returns the text of the one for scripts, which the other can be made of again.
 */
export async function writeSummary<Summary extends object>(
  workingFolder: string,
  folder: string,
  summary: Summary,
  asMarkdown: (summary: Summary) => string,
): Promise<string> {
  const text = `${JSON.stringify(summary, null, 2)}\n`;
  await writeReportFile(workingFolder, folder, 'summary.md', [asMarkdown(summary)]);
  await writeReportFile(workingFolder, folder, 'summary.json', [text]);
  return text;
}
