/**
 * Work on a stream with a bounded number of items under way: results in the order of the items, each as soon as it is its turn,
 * however slowly the next item comes.
 */

/** @throws what the stream or a result throws; at most `most` items are under way */
export async function* inOrder<Item, Result>(
  items: Iterable<Item> | AsyncIterable<Item>,
  most: number,
  work: (item: Item) => Promise<Result>,
): AsyncGenerator<Result, void, undefined> {
  const iterator = Symbol.asyncIterator in items ? items[Symbol.asyncIterator]() : items[Symbol.iterator]();
  const underWay: Promise<Result>[] = [];
  let reading: Promise<IteratorResult<Item>> | null = null;
  let hasEnded = false;
  try {
    while (!hasEnded || underWay.length > 0) {
      if (!hasEnded && underWay.length < most) reading ??= Promise.resolve(iterator.next());
      const [first] = underWay;
      const event = await Promise.race([
        ...(reading ? [reading.then((read) => ({ read }))] : []),
        ...(first ? [first.then((result) => ({ result }))] : []),
      ]);
      if ("result" in event) {
        underWay.shift();
        yield event.result;
        continue;
      }
      reading = null;
      if (event.read.done) {
        hasEnded = true;
        continue;
      }
      const result = work(event.read.value);
      result.catch(() => undefined); // told when it is its turn
      underWay.push(result);
    }
  } finally {
    if (!hasEnded) await iterator.return?.();
  }
}
