const encoder = new TextEncoder();

/** Compares two texts by their UTF-8 bytes. */
export function compareBytes(left: string, right: string): number {
  const [a, b] = [encoder.encode(left), encoder.encode(right)];
  const length = Math.min(a.length, b.length);
  for (let index = 0; index < length; index++) {
    if (a[index] !== b[index]) return a[index]! - b[index]!;
  }
  return a.length - b.length;
}
