import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';

/** A line about an operator, as DESIGN §2 and the issue name its fields. */
export interface PlanLine {
  readonly operator: string;
  readonly decision: string;
  readonly action: string;
  readonly reason: string;
  readonly person: string | null;
  readonly candidates: readonly string[];
  readonly evidence: readonly object[];
  readonly card: Readonly<Record<string, string | boolean | null>> | null;
  readonly candidateCount?: number;
  readonly finding?: string;
}

export interface WrittenPlan {
  readonly header: Readonly<Record<string, unknown>>;
  /** The lines about operators as they stand in the file. */
  readonly texts: readonly string[];
  readonly lines: readonly PlanLine[];
  readonly last: { readonly totals: readonly Record<string, unknown>[]; readonly digest: string };
  /** SHA-256 of all bytes before the last line. */
  readonly digestOfBody: string;
}

export async function readPlanFile(path: string): Promise<WrittenPlan> {
  const bytes = await readFile(path);
  const start = bytes.lastIndexOf('\n', bytes.length - 2) + 1;
  const [header = '', ...texts] = bytes.toString('utf8', 0, start).trimEnd().split('\n');
  return {
    header: JSON.parse(header),
    texts,
    lines: texts.map((text) => JSON.parse(text)),
    last: JSON.parse(bytes.toString('utf8', start)),
    digestOfBody: createHash('sha256').update(bytes.subarray(0, start)).digest('hex'),
  };
}
