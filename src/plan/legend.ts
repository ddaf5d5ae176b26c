import type { Layout } from '../config/layout.js';
import { operatorFields, personFields } from './expressions.js';

/**
 * The names without which the arrays in the journal cannot be read. A run keeps its own: by the time somebody
 * reads, the configuration may be another one.
 */
export interface Legend {
  /** In the order of their numbers; `isMany` where a card may have several values of it. */
  readonly keys: readonly {
    readonly name: string;
    readonly operatorIsMany: boolean;
    readonly personIsMany: boolean;
  }[];
  /** The column of the operator that holds the key of its person. */
  readonly link: string;
  /** What a decision rests on. */
  readonly operatorFields: readonly string[];
  readonly personFields: readonly string[];
}

export function legendOf(layout: Layout): Legend {
  return {
    keys: layout.keys.map(({ name, operator, person }) => ({
      name,
      operatorIsMany: operator.rows !== undefined,
      personIsMany: person.rows !== undefined,
    })),
    link: layout.configuration.operators.link,
    operatorFields: operatorFields(layout).map(({ name }) => name),
    personFields: personFields(layout).map(({ name }) => name),
  };
}
