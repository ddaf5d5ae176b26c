import type { Trigger } from '../database/schema.js';
import type { SchemaStep } from '../journal/migrate.js';
import type { PlannedOperator, Tally } from '../model/decision.js';

/** What a run would do beside the plan: to the schema, and by the application's own triggers. */
export interface Besides {
  readonly steps: readonly SchemaStep[];
  readonly triggers: readonly Trigger[];
  readonly cardTriggers: readonly string[];
  /** Tables whose triggers cannot be seen. */
  readonly hidden: readonly string[];
}

/** What was written to files beside it. */
export interface Written {
  readonly plan: { readonly file: string; readonly digest: string } | undefined;
  readonly report: { readonly folder: string; readonly head: string } | undefined;
}

/** Where a plan is shown, piece by piece as it is read. */
export interface Presenter {
  show(planned: PlannedOperator): Promise<void>;
  /** @param left how many more the filters chose than were shown. */
  end(tallies: readonly Tally[], left: number, written: Written): Promise<void>;
}
