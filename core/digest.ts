/**
 * SHA-256 as hexadecimal digits: a short name for a text of any length that no
 * other text shares. Not of `crypto.subtle`, which a page without TLS lacks, and
 * which answers later.
 */
export function digest(text: string): string {
  const bytes = new TextEncoder().encode(text);
  const blocks = Math.ceil((bytes.length + 9) / 64);
  const padded = new Uint8Array(blocks * 64);
  padded.set(bytes);
  padded[bytes.length] = 0x80;
  const view = new DataView(padded.buffer);
  view.setUint32(padded.length - 4, bytes.length * 8);
  const state = roots(8, 2);
  for (let at = 0; at < padded.length; at += 64) addBlock(state, view, at);
  return [...state].map((word) => word.toString(16).padStart(8, "0")).join("");
}

function addBlock(state: Uint32Array, view: DataView, at: number): void {
  const words = new Uint32Array(64);
  for (let index = 0; index < 64; index++) {
    words[index] = index < 16
      ? view.getUint32(at + index * 4)
      : words[index - 16]! + mixed(words[index - 15]!, 7, 18, 3) +
        words[index - 7]! + mixed(words[index - 2]!, 17, 19, 10);
  }
  let [a, b, c, d, e, f, g, h] = state;
  for (let index = 0; index < 64; index++) {
    const sum1 = turned(e!, 6) ^ turned(e!, 11) ^ turned(e!, 25);
    const choice = (e! & f!) ^ (~e! & g!);
    const first = (h! + sum1 + choice + constants[index]! + words[index]!) | 0;
    const sum0 = turned(a!, 2) ^ turned(a!, 13) ^ turned(a!, 22);
    const majority = (a! & b!) ^ (a! & c!) ^ (b! & c!);
    [h, g, f, e, d, c, b] = [g, f, e, (d! + first) | 0, c, b, a];
    a = (first + sum0 + majority) | 0;
  }
  [a, b, c, d, e, f, g, h].forEach((word, index) => state[index]! += word!);
}

const turned = (word: number, by: number) => (word >>> by) | (word << 32 - by);

const mixed = (word: number, first: number, second: number, shift: number) =>
  turned(word, first) ^ turned(word, second) ^ (word >>> shift);

/** 32 bits behind the point of the square or cube roots of the first primes. */
function roots(count: number, degree: 2 | 3): Uint32Array {
  const primes: number[] = [];
  for (let number = 2; primes.length < count; number++) {
    if (primes.every((prime) => number % prime !== 0)) primes.push(number);
  }
  const root = degree === 2 ? Math.sqrt : Math.cbrt;
  // What is before the point is beyond 32 bits.
  return Uint32Array.from(primes, (prime) => root(prime) * 2 ** 32);
}

const constants = roots(64, 3);
