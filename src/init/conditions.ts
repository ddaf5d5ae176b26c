import type { CatalogTable } from '../database/catalog.js';
import { codeSign, hasWords } from './code-signs.js';
import { flagSign } from './flag-signs.js';
import { nameSigns } from './name-signs.js';
import type { Guess, Plain } from './proposal.js';
import { type CodesOfColumn, pairSigns, tagSigns } from './row-signs.js';
import type { Sampler } from './sample.js';
import { keyValueColumns, type Side } from './side.js';
import { CONCEPTS, PLURALS, type Purpose, type Sign } from './sign.js';
import { labelOf } from './tables.js';
import { codesOf, meaningsOfCodes } from './value-words.js';

/**
 * Which rows are archived, anonymized, API accounts, groups, or to be left out: by flags (`inactive`, `is_bot`), dates
 * (`left_on`), codes (`status` with the values live and gone, or a number whose word is in another table), rows of
 * other tables (a preference `is_group`, a tag `demo`) and the beginnings of names (`svc-…`).
 *
 * Signs that are sure make up the condition. What is not sure is a question, and the condition with it is shown.
 */
export class ConditionFinder {
  readonly #sampler: Sampler;
  readonly #tables: readonly CatalogTable[];

  constructor(sampler: Sampler, tables: readonly CatalogTable[]) {
    this.#sampler = sampler;
    this.#tables = tables;
  }

  async find(side: Side, purpose: Purpose): Promise<Guess> {
    const told = [...(await this.#columnSigns(side, purpose)), ...(await this.#rowSigns(side, purpose))];
    // Where a flag tells archived and anonymized rows, names need not.
    const isTold = told.some(({ isSure }) => isSure);
    const signs = purpose === 'anonymized' && isTold ? told.filter(({ isSure }) => isSure) : told;
    const isAboutState = purpose === 'archived' || purpose === 'anonymized';
    const isNamed = isAboutState ? purpose === 'anonymized' && !isTold : side.role === 'operators';
    return guessFrom([...signs, ...(isNamed ? nameSigns(side, purpose) : [])], purpose, side);
  }

  async #columnSigns(side: Side, purpose: Purpose): Promise<Sign[]> {
    const signs: Sign[] = [];
    for (const { column, relation, meanings } of side.values) {
      if (relation !== undefined) continue;
      // A telephone number called "active_phone" is none.
      const wanted = meanings.find(({ concept }) => CONCEPTS[purpose].includes(concept));
      if (wanted === undefined || wanted.strength < 0.7) continue;
      const { codes } = await this.#codes(side.table, column, side.sample.rows);
      const isCoded = wanted.concept === 'kind' || wanted.concept === 'status' || hasWords(codes);
      const sign = isCoded
        ? codeSign(column, codes, purpose, wanted.concept === 'kind' || wanted.concept === 'status')
        : flagSign(
            column,
            codes,
            wanted.isNegated !== (wanted.concept === 'active' && purpose === 'archived'),
            purpose,
          );
      if (sign !== undefined) signs.push(sign);
    }
    return signs;
  }

  readonly #codes: CodesOfColumn = async (table, column, rows) => {
    const texts = rows.map((row) => row[column.name] ?? null);
    const meanings =
      column.family === 'integer'
        ? await meaningsOfCodes(this.#sampler, this.#tables, table, column)
        : new Map<string, string>();
    return { codes: codesOf(column, texts, meanings), hasMeanings: meanings.size > 0 };
  };

  async #rowSigns(side: Side, purpose: Purpose): Promise<Sign[]> {
    const signs: Sign[] = [];
    for (const relation of side.relations) {
      const pairs = keyValueColumns(relation);
      if (pairs !== undefined) signs.push(...pairSigns(relation, purpose));
      else if (purpose !== 'archived' && purpose !== 'anonymized')
        signs.push(...(await tagSigns(this.#codes, relation, purpose)));
    }
    return signs;
  }
}

/** The condition that the signs make up; for groups, the one that the other rows meet. */
function guessFrom(signs: readonly Sign[], purpose: Purpose, side: Side): Guess {
  const sure = signs.filter(({ isSure }) => isSure);
  const unsure = signs.filter(({ isSure }) => !isSure);
  const doubts = signs.flatMap(({ doubt }) => (doubt === undefined ? [] : [doubt]));
  const isFilter = purpose === 'group';
  const combined = (parts: readonly Sign[]): Plain | undefined => {
    const conditions = parts.map(({ condition, negation }) =>
      isFilter ? (negation ?? { not: condition }) : condition,
    );
    const [only, ...more] = conditions;
    if (only === undefined) return undefined;
    return more.length === 0 ? only : isFilter ? { all: conditions } : { any: conditions };
  };
  const value = combined(sure);
  return {
    value,
    because:
      sure.length === 0 && doubts.length === 0
        ? [`nothing in ${labelOf(side.table)} says which rows are ${PLURALS[purpose]}`]
        : sure.map(({ because }) => because),
    question: doubts.length === 0 ? undefined : doubts.join(' '),
    alternative: unsure.length === 0 ? undefined : combined(signs),
  };
}
