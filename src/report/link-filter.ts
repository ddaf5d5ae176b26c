import type { LinkRow } from './links.js';

/** What people look for, held against what they see of a row: alike on every server. */
export class LinkFilter {
  readonly #branch: string | undefined;
  readonly #search: string | undefined;

  constructor(branch: string | undefined, search: string | undefined) {
    this.#branch = branch === undefined ? undefined : folded(branch).trim();
    this.#search = search === undefined ? undefined : folded(search);
  }

  /** Lets every row through. */
  get isOpen(): boolean {
    return this.#branch === undefined && this.#search === undefined;
  }

  get needsEvidence(): boolean {
    return this.#search !== undefined;
  }

  lets(row: LinkRow): boolean {
    return this.#isOfBranch(row) && this.#holdsText(row);
  }

  #isOfBranch({ branch }: LinkRow): boolean {
    return this.#branch === undefined || (branch !== null && folded(branch).trim() === this.#branch);
  }

  #holdsText(row: LinkRow): boolean {
    const search = this.#search;
    if (search === undefined) return true;
    const { operator, operatorName, branch, person, personName, reason, reasonText, decidedBy, details } =
      row;
    return [
      operator,
      operatorName,
      branch,
      person,
      personName,
      reason,
      reasonText,
      decidedBy,
      ...details.evidence,
    ].some((text) => text !== null && folded(text).includes(search));
  }
}

/** Without capitals, and with accents in one spelling. */
const folded = (text: string) => text.normalize('NFC').toLowerCase();
