import type { Layout } from '../config/layout.js';
import type { ChangeState } from '../journal/run.js';
import type { Action, Decision, Evidence, Reason } from '../model/decision.js';
import type { HistoryEntry } from '../model/report.js';
import { readEvidence } from '../plan/evidence.js';
import { type Legend, legendOf } from '../plan/legend.js';
import { type CardFieldNow, cardFieldsNow } from './card-now.js';
import type { SelectedLink } from './links-sql.js';

/** What was found about an operator row, part by part, before it is put into words. */
export interface LinkFacts {
  readonly operator: string;
  readonly operatorName: string;
  readonly branch: string | null;
  readonly person: string | null;
  readonly personName: string | null;
  readonly linkedBy: 'onecard' | 'before' | null;
  readonly decision: Decision | null;
  readonly reason: Reason | null;
  /** Of a human, where the reason is that. */
  readonly decided: { readonly word: string; readonly who: string; readonly note: string } | null;
  readonly run: string | null;
  readonly changedAt: string | null;
  readonly action: Action | null;
  readonly state: ChangeState | null;
  readonly why: string | null;
  /** Of the operator, in the order of the keys; empty where nobody asked for them, as are those that follow. */
  readonly keys: readonly (string | null)[];
  readonly card: readonly (CardFieldNow & { readonly value: string | null })[];
  readonly evidence: readonly Evidence[];
  readonly candidates: readonly string[];
  readonly history: readonly HistoryEntry[];
}

/** Reads what the server gives. */
export class FactReader {
  readonly #layout: Layout;
  readonly #legend: Legend;
  readonly #legends: ReadonlyMap<string, Legend>;
  readonly #card: readonly CardFieldNow[];

  /** @param legends of the runs that have kept one: their configurations may have named the keys otherwise. */
  constructor(layout: Layout, legends: ReadonlyMap<string, Legend>) {
    this.#layout = layout;
    this.#legend = legendOf(layout);
    this.#legends = legends;
    this.#card = cardFieldsNow(layout);
  }

  read({ detail, evidence, misfit, card, history, keys, ...row }: SelectedLink): LinkFacts {
    // The journal holds no other words than these.
    const words = row as Pick<LinkFacts, 'decision' | 'reason' | 'linkedBy' | 'action' | 'state'>;
    const legend = (row.run === null ? undefined : this.#legends.get(row.run)) ?? this.#legend;
    const found =
      row.reason === null || evidence === undefined
        ? { evidence: [], candidates: [] }
        : readEvidence({ reason: row.reason, evidence, detail, misfit: misfit ?? null }, legend);
    return {
      ...row,
      ...words,
      decided: row.reason === 'decided' && detail !== null ? readDecided(detail) : null,
      keys: keys === undefined ? [] : this.#readKeys(keys),
      card: card == null ? [] : this.#readCard(card),
      evidence: found.evidence,
      candidates: found.candidates,
      history: history == null ? [] : (JSON.parse(history) as HistoryFields[]).map(readEntry),
    };
  }

  #readKeys(json: string): (string | null)[] {
    return (JSON.parse(json) as (string | null)[]).map((value, index) =>
      value === null || this.#layout.keys[index]?.operator.rows === undefined
        ? value
        : (JSON.parse(value) as string[]).join(', '),
    );
  }

  #readCard(json: string): LinkFacts['card'] {
    const values = JSON.parse(json) as (string | null)[];
    return this.#card.map((field, index) => {
      const value = values[index] ?? null;
      return { ...field, value: field.holds === 'truth' ? truth(value) : value };
    });
  }
}

function readDecided(detail: string): LinkFacts['decided'] {
  const [word, who, note] = JSON.parse(detail) as [string, string, string];
  return { word, who, note };
}

/** Servers spell it in different ways. */
function truth(value: string | null): string | null {
  return value === null ? null : String(['1', 't', 'true'].includes(value));
}

type HistoryFields = [
  run: string,
  at: string,
  decision: string,
  reason: string,
  action: string,
  state: string | null,
  person: string | null,
  why: string | null,
];

const readEntry = ([run, at, decision, reason, action, state, person, why]: HistoryFields): HistoryEntry => ({
  run,
  at,
  decision,
  reason,
  action,
  state,
  person,
  why,
});
