/** Commands that privileges are granted for; `dry-run` is `migrate --dry-run`, `purge` is `journal purge`. */
export const GRANTED_COMMANDS = [
  'scan',
  'dry-run',
  'migrate',
  'review',
  'verify',
  'report',
  'audit',
  'rollback',
  'purge',
  'uninstall',
] as const;
export type GrantedCommand = (typeof GRANTED_COMMANDS)[number];
