import { fromBase64, toBase64 } from "./base64.ts";

/** Of AES-GCM: 96 random bits. */
const IV_BYTES = 12;

/** The one property of an encrypted field; the other is `subject`. */
const MARK = "evtstore:sealed";

/** An encrypted value, as it is stored in place of a field. */
export type SealedValue = {
  /** IV and ciphertext, in base64. */
  [MARK]: string;
  /** Whose key it takes. */
  subject: string;
};

/** A key as `crypto.subtle` has it; its own type is not in every library. */
export type ValueKey = { readonly type: string };

/** Makes a key of 32 bytes. */
export async function toValueKey(bytes: Uint8Array): Promise<ValueKey> {
  return await crypto.subtle.importKey(
    "raw",
    bytes as Uint8Array<ArrayBuffer>,
    "AES-GCM",
    false,
    ["encrypt", "decrypt"],
  );
}

/** Whether a value is one that was encrypted, or looks like it. */
export function isSealed(value: unknown): value is SealedValue {
  return typeof value === "object" && value !== null && MARK in value;
}

/**
 * Encrypts a value that JSON can hold, with AES-256-GCM.
 *
 * @param identity Where it stands: nowhere else can it be decrypted.
 */
export async function sealValue(
  key: ValueKey,
  subject: string,
  identity: readonly unknown[],
  value: unknown,
): Promise<SealedValue> {
  const iv = crypto.getRandomValues(new Uint8Array(IV_BYTES));
  const encrypted = await crypto.subtle.encrypt(
    algorithm(iv, subject, identity),
    key as CryptoKey,
    new TextEncoder().encode(JSON.stringify(value)),
  );
  const bytes = new Uint8Array(IV_BYTES + encrypted.byteLength);
  bytes.set(iv);
  bytes.set(new Uint8Array(encrypted), IV_BYTES);
  return { [MARK]: toBase64(bytes), subject };
}

/**
 * Decrypts it.
 *
 * @throws If it is not what was encrypted there.
 */
export async function openValue(
  key: ValueKey,
  identity: readonly unknown[],
  sealed: SealedValue,
): Promise<unknown> {
  const bytes = fromBase64(sealed[MARK]) as Uint8Array<ArrayBuffer>;
  const iv = bytes.slice(0, IV_BYTES);
  const decrypted = await crypto.subtle.decrypt(
    algorithm(iv, sealed.subject, identity),
    key as CryptoKey,
    bytes.slice(IV_BYTES),
  );
  return JSON.parse(new TextDecoder().decode(decrypted));
}

function algorithm(
  iv: Uint8Array<ArrayBuffer>,
  subject: string,
  identity: readonly unknown[],
): AesGcmParams {
  const text = JSON.stringify([...identity, subject]);
  const additionalData = new TextEncoder().encode(text);
  return { name: "AES-GCM", iv, additionalData };
}
