import { basename } from 'node:path';

/** How the names of a run's template databases begin, by which they are found when it ends. */
export function templatePrefix(sharedFolder: string): string {
  return `template_${basename(sharedFolder)}_`;
}
