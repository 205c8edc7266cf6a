/**
 * Sets the newest entry of a map, which keeps so many: a Map gives its keys in
 * the order they were set, so the first is the oldest, and forgotten.
 *
 * @param most How many entries are kept.
 */
export function setNewest<K, V>(
  map: Map<K, V>,
  key: K,
  value: V,
  most: number,
): void {
  map.delete(key);
  map.set(key, value);
  if (map.size <= most) return;
  const [oldest] = map.keys();
  map.delete(oldest!);
}
