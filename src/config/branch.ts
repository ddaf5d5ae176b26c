import type { Database } from '../database/database.js';
import type { Table } from '../database/schema.js';
import type { Configuration } from '../model/configuration.js';
import type { CheckedValue } from './checked.js';
import { type NotFound, Resolver } from './resolver.js';

/** Where the branch of an operator is found, which reports alone read. */
export interface FoundBranch {
  readonly value: CheckedValue | undefined;
  /** That it is read from. */
  readonly tables: readonly Table['name'][];
  /** What is wrong with a column of the operators. */
  readonly problems: readonly NotFound[];
  /** What is wrong with another table: it may be that this user does not see it, which concerns reports alone. */
  readonly elsewhere: readonly NotFound[];
}

export async function findBranch(
  database: Database,
  { operators: { branch } }: Configuration,
  operators: Table,
): Promise<FoundBranch> {
  const find = new Resolver(database);
  const value = branch && (await find.value(['operators', 'branch'], operators, branch));
  const isElsewhere = branch?.rows !== undefined;
  return {
    value,
    tables: find.tables().map(({ name }) => name),
    problems: isElsewhere ? [] : find.problems,
    elsewhere: isElsewhere ? find.problems : [],
  };
}
