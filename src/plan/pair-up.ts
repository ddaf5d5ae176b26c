interface Keyed {
  readonly operator: string;
}

/** What two lists say of one operator; undefined where one of them says nothing. */
export interface Pair<A, B> {
  readonly planned: A | undefined;
  readonly found: B | undefined;
}

/**
 * Brings two lists of operators together, in step: what has found no partner yet waits. Both come in the order
 * of the keys, but each server orders keys in its own way, hence nothing here relies on what that order is: were
 * it another, more would wait.
 * @param atMost so many wait at a time; where it would be more, `refuse` gives the error.
 */
export async function* pairUp<A extends Keyed, B extends Keyed>(
  planned: AsyncIterable<A>,
  found: AsyncIterable<B>,
  atMost: number,
  refuse: () => Error,
): AsyncIterable<Pair<A, B>> {
  const plannedWaiting = new Map<string, A>();
  const foundWaiting = new Map<string, B>();
  const left = planned[Symbol.asyncIterator]();
  const right = found[Symbol.asyncIterator]();
  let [leftIsOpen, rightIsOpen] = [true, true];
  try {
    while (leftIsOpen || rightIsOpen) {
      if (leftIsOpen) {
        const next = await left.next();
        leftIsOpen = next.done !== true;
        if (!next.done) yield* meet(next.value, plannedWaiting, foundWaiting, pairOf);
      }
      if (rightIsOpen) {
        const next = await right.next();
        rightIsOpen = next.done !== true;
        if (!next.done) yield* meet(next.value, foundWaiting, plannedWaiting, (b, a) => pairOf(a, b));
      }
      if (plannedWaiting.size + foundWaiting.size > atMost) throw refuse();
    }
    for (const a of plannedWaiting.values()) yield { planned: a, found: undefined };
    for (const b of foundWaiting.values()) yield { planned: undefined, found: b };
  } finally {
    // Where this ends early, files and sessions are still open.
    await left.return?.();
    await right.return?.();
  }
}

const pairOf = <A, B>(planned: A, found: B): Pair<A, B> => ({ planned, found });

function* meet<X extends Keyed, Y extends Keyed, P>(
  item: X,
  ownWaiting: Map<string, X>,
  otherWaiting: Map<string, Y>,
  pair: (item: X, partner: Y) => P,
): Iterable<P> {
  const partner = otherWaiting.get(item.operator);
  if (partner === undefined) {
    ownWaiting.set(item.operator, item);
    return;
  }
  otherWaiting.delete(item.operator);
  yield pair(item, partner);
}
