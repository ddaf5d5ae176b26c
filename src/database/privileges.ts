import { OnecardError } from '../errors.js';
import type { TableName } from '../model/configuration.js';
import type { JournalTable } from './dialect.js';
import type { Session } from './session.js';

/** What a command does to the database, in words that hold on every server. */
export type Need =
  | { readonly to: 'read' | 'delete'; readonly table: Required<TableName> }
  /** Adds or removes columns; an index comes with some that are added. */
  | { readonly to: 'alter'; readonly table: Required<TableName>; readonly withIndex?: boolean }
  /** No columns stand for all of them: some are still to be added. */
  | {
      readonly to: 'insert' | 'update';
      readonly table: Required<TableName>;
      readonly columns: readonly string[];
    }
  /** Locks rows that it leaves as they are. */
  | { readonly to: 'lock'; readonly table: Required<TableName>; readonly column: string }
  /** Takes new keys from it. */
  | { readonly to: 'make-keys'; readonly sequence: Required<TableName> }
  /** Sees every foreign key to the table, whoever owns the table that has it. */
  | { readonly to: 'see-all-references'; readonly of: Required<TableName> }
  | { readonly to: JournalNeed };

/**
 * `keep` makes the journal where there is none; `mark` notes a rollback in one that is there, `purge` takes personal
 * data out of it.
 */
export type JournalNeed =
  | 'read-journal'
  | 'mark-journal'
  | 'purge-journal'
  | 'keep-journal'
  | 'remove-journal';

/** Something that a user can be granted privileges on. */
export interface Securable {
  readonly kind: 'database' | 'schema' | 'table' | 'sequence';
  readonly schema: string | undefined;
  readonly name: string;
}

/** One privilege, as GRANT names it. */
export interface Privilege {
  readonly on: Securable;
  /** `OWNERSHIP` is what the owner alone may; it is granted by membership in the owner. */
  readonly action: string;
  /** Empty for the whole of it. */
  readonly columns: readonly string[];
  /** Where the server is content with the privilege on any one column. */
  readonly onAnyColumn?: boolean;
  /** Among those that are lacking: it may be held, and has to be in the same statement as another that is not. */
  readonly isUnsure?: boolean;
  /** Of `OWNERSHIP`. */
  readonly owner?: string;
  /** What goes wrong without it, where that does not show from the privilege itself. */
  readonly why?: string;
}

/** Asks the server, on a session of its own; failures come described. */
export type Ask = <T>(work: (session: Session) => Promise<T>) => Promise<T>;

type Writing = { readonly [Table in JournalTable]?: readonly string[] };

/** What is written into the journal beside a run. */
export const JOURNAL_WRITING: Readonly<Record<'mark-journal' | 'purge-journal', Writing>> = {
  'mark-journal': {
    run: ['UPDATE'],
    change: ['UPDATE'],
    rollback: ['INSERT', 'UPDATE'],
    taken_back: ['INSERT', 'UPDATE'],
  },
  'purge-journal': {
    run: ['UPDATE'],
    decision: ['UPDATE'],
    change: ['UPDATE'],
    human_decision: ['UPDATE'],
    run_report: ['UPDATE'],
    rollback: ['UPDATE'],
    taken_back: ['UPDATE'],
    purge: ['INSERT'],
    withheld_line: ['INSERT'],
  },
};

export const whole = (on: Securable, action: string): Privilege => ({ on, action, columns: [] });
export const tableOf = ({ schema, name }: TableName): Securable => ({ kind: 'table', schema, name });

/** What the server knows about who may do what. */
export interface Privileges {
  /** Who is connected, as `grants` takes a name. */
  user(): Promise<string>;
  /** The least that these needs come down to, given what the database holds at the moment. */
  toMeet(needs: readonly Need[]): Promise<Privilege[]>;
  /**
   * Those that the connected user has not. Nothing is written, and what a read-only session cannot tell counts
   * as held.
   */
  lacking(privileges: readonly Privilege[]): Promise<Privilege[]>;
  /** The statements that give them, one for each thing that is granted on. */
  grants(privileges: readonly Privilege[], role: string): string[];
  /** What the connected user may do beyond anything that onecard needs, in sentences. */
  excessive(): Promise<string[]>;
}

/** For a sentence: `UPDATE (person_id) on the table public.operator`. */
function describePrivilege({ on, action, columns, why }: Privilege): string {
  const thing = `the ${on.kind} ${on.schema === undefined ? on.name : `${on.schema}.${on.name}`}`;
  const privilege =
    action === 'OWNERSHIP' ? `ownership of ${thing}` : `${actionText(action, columns, plain)} on ${thing}`;
  return why === undefined ? privilege : `${privilege}: ${why}`;
}

const plain = (name: string) => name;

/** `INSERT (id, email)` */
export function actionText(
  action: string,
  columns: readonly string[],
  identifier: (name: string) => string,
): string {
  return columns.length === 0 ? action : `${action} (${columns.map(identifier).join(', ')})`;
}

/** Privileges by what they are on; what is asked for twice is there once. */
export function byObject(privileges: readonly Privilege[]): Privilege[][] {
  const groups = new Map<string, Map<string, Privilege>>();
  for (const privilege of privileges) {
    const key = JSON.stringify(privilege.on);
    const group = groups.get(key) ?? new Map<string, Privilege>();
    groups.set(key, group.set(actionText(privilege.action, privilege.columns, plain), privilege));
  }
  return [...groups.values()].map((group) => [...group.values()]);
}

export const describeLacking = (lacking: readonly Privilege[]) =>
  lacking.filter(({ isUnsure }) => !isUnsure).map(describePrivilege);

/** @throws OnecardError that names each privilege the connected user lacks for these needs, and what grants it. */
export async function requireFor(privileges: Privileges, needs: readonly Need[]): Promise<void> {
  const lacking = await privileges.lacking(await privileges.toMeet(needs));
  if (lacking.length === 0) return;
  const user = await privileges.user();
  const [first, ...more] = describeLacking(lacking);
  const grants = privileges.grants(lacking, user);
  throw new OnecardError(
    more.length === 0
      ? `The database user ${user} lacks ${first}.`
      : `The database user ${user} lacks ${more.length + 1} privileges:\n${[first, ...more].map((each) => `  ${each}`).join('\n')}`,
    {
      remedy: `Grant what is missing; nothing was written:\n${grants.map((grant) => `    ${grant}`).join('\n')}`,
    },
  );
}
