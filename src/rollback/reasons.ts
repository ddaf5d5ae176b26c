/** Why a change is kept, or what of it is left: kept in the journal, and read by people. */
export const CARD_EDITED = 'the card was edited since';
/** Followed by what refers to it. */
export const CARD_REFERENCED = 'the card is referenced';
/** Followed by the words of the server. */
export const REFUSED = 'the database refuses to take it back';
export const LINK_CHANGED = 'the link of the operator was changed since, and is left as it is';
export const OPERATOR_GONE = 'the operator is gone';
export const CARD_GONE = 'the card is gone';
export const STAMP_MOVED =
  'a stamp of the operator was moved since, by others or by a trigger, and is left as it is';

/** The reason without what follows it. */
export function kindOf(reason: string): string {
  return [CARD_REFERENCED, REFUSED].find((kind) => reason.startsWith(`${kind}: `)) ?? reason;
}

/** Whether all of it are words of ours, which hold no personal data: those of the server may. */
export function isOurs(reason: string): boolean {
  const fixed: readonly string[] = [CARD_EDITED, LINK_CHANGED, OPERATOR_GONE, CARD_GONE, STAMP_MOVED];
  return fixed.includes(reason) || reason.startsWith(`${CARD_REFERENCED}: `);
}
