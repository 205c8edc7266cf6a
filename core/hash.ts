/**
 * A number from 0 to 2^32 - 1 of a text: FNV-1a over the bytes of its UTF-8,
 * mixed by the finalizer of MurmurHash3. It is part of what is stored, as
 * `slices.ts` says, so it stays as it is; `slices_test.ts` has numbers to hold any
 * other implementation against.
 */
export function hash(text: string): number {
  let hash = 0x811c9dc5;
  for (let at = 0; at < text.length; at++) {
    const unit = text.charCodeAt(at);
    if (unit > 0x7f) return hashBytes(new TextEncoder().encode(text));
    hash = Math.imul(hash ^ unit, 0x01000193);
  }
  return mix(hash);
}

function hashBytes(bytes: Uint8Array): number {
  let hash = 0x811c9dc5;
  for (const byte of bytes) hash = Math.imul(hash ^ byte, 0x01000193);
  return mix(hash);
}

/** Lets every bit depend on every other: FNV-1a leaves similar texts close. */
function mix(hash: number): number {
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}
