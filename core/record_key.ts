import { digest } from "./digest.ts";

/** More of a key may not fit: MySQL's has room for 255 characters. */
const MAX_RECORD_KEY = 170;

const HASHED = "sha256:";

/** A name as the key of a record: one that is too long, or looks like it, as its digest. */
export function recordKey(name: string): string {
  return name.length <= MAX_RECORD_KEY && !name.startsWith(HASHED)
    ? name
    : HASHED + digest(name);
}
