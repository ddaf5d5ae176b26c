/** Commands that privileges are granted for; `dry-run` is `migrate --dry-run`. */
export const GRANTED_COMMANDS = [
  'scan',
  'dry-run',
  'migrate',
  'review',
  'verify',
  'report',
  'rollback',
  'uninstall',
] as const;
export type GrantedCommand = (typeof GRANTED_COMMANDS)[number];
