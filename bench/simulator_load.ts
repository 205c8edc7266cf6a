import type { Random } from "../tests/simulation/random.ts";

/**
 * Draws the aggregates that events belong to.
 *
 * @param count How many there are.
 * @param skew Zipf's exponent: with 1 the second has half as many as the first,
 * the third a third; with 0 all have the same.
 */
export function createAggregates(
  count: number,
  skew: number,
  random: Random,
): () => string {
  const sums: number[] = [];
  for (let rank = 1, sum = 0; rank <= count; rank++) {
    sums.push(sum += rank ** -skew);
  }
  return () => {
    const drawn = random.next() * sums.at(-1)!;
    let low = 0;
    let high = sums.length - 1;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (sums[middle]! > drawn) high = middle;
      else low = middle + 1;
    }
    return `aggregate ${low}`;
  };
}
