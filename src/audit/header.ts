/** What a report says of itself in its first line. */
export interface Header {
  readonly kind: 'run' | 'rollback' | 'plan';
  readonly run: string;
  /** The number of the rollback, of the report of one. */
  readonly rollback: number | null;
  /** Pseudonyms stand in it: no journal has its head. */
  readonly redacted: boolean;
  /** The kind of server, and the database. */
  readonly database: { readonly kind: string; readonly database: string };
}

const KINDS: readonly unknown[] = ['run', 'rollback', 'plan'] satisfies Header['kind'][];
const isKind = (kind: unknown): kind is Header['kind'] => KINDS.includes(kind);

/** Null where it is none. */
export function readHeader({
  kind,
  run,
  rollback,
  redacted,
  database,
}: Record<string, unknown>): Header | null {
  if (!isKind(kind) || typeof run !== 'string' || typeof database !== 'object' || database === null)
    return null;
  const named = Object(database);
  return {
    kind,
    run,
    rollback: typeof rollback === 'number' ? rollback : null,
    redacted: redacted === true,
    database: { kind: String(named.kind), database: String(named.database) },
  };
}
