import { StoreError } from "../core/errors.ts";

/** Beyond it a name would make a subject too long for a server's one line. */
const LONGEST_READABLE = 200;

const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** The name of the stream unless another is given. */
export const DEFAULT_NAME = "evtstore";

/** Where everything of one log is. */
export type NatsNames = {
  /** The stream of commits, and the first part of its subjects. */
  readonly stream: string;
  /** What the subjects of commits begin with. */
  readonly commits: string;
  /** Where each commit is announced. */
  readonly bell: string;
  /** The stream of the key-value bucket. */
  readonly bucket: string;
  /** What the subjects of its keys begin with. */
  readonly keys: string;
};

/**
 * The names of a log.
 *
 * @throws {StoreError} `INVALID_INPUT` for a name that no stream can have.
 */
export function toNames(name: string = DEFAULT_NAME): NatsNames {
  if (typeof name !== "string" || !/^[\w-]{1,100}$/.test(name)) {
    throw new StoreError(
      "INVALID_INPUT",
      `Expected name to be of at most 100 letters, digits, "_" and "-": got ${
        String(name).slice(0, 40)
      }`,
      { field: "name" },
    );
  }
  return {
    stream: name,
    commits: `${name}.`,
    bell: `_bell.${name}.>`,
    bucket: `KV_${name}`,
    keys: `$KV.${name}.`,
  };
}

/**
 * A name as one token of a subject, and of a key of a bucket: as it is, with
 * `=XX` for each byte that is no letter or digit of ASCII, `_` or `-`; a long
 * one in base64, which is shorter, behind a slash.
 */
export function toToken(name: string): string {
  if (name.length <= LONGEST_READABLE && /^[\w-]+$/.test(name)) return name;
  const bytes = encoder.encode(name);
  let token = "";
  for (const byte of bytes) {
    const character = String.fromCharCode(byte);
    token += /[\w-]/.test(character)
      ? character
      : `=${byte.toString(16).toUpperCase().padStart(2, "0")}`;
  }
  if (token !== "" && token.length <= LONGEST_READABLE) return token;
  return `/${toBase64(bytes)}`;
}

/** The name that a token was made of. */
export function fromToken(token: string): string {
  if (token.startsWith("/")) {
    return decoder.decode(fromBase64(
      token.slice(1).replaceAll("-", "+").replaceAll("_", "/"),
    ));
  }
  if (!token.includes("=")) return token;
  return decodeURIComponent(token.replaceAll("=", "%"));
}

/** The bytes of a text in base64. */
export function fromBase64(text: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
}

/** In the form for names, without padding. */
function toBase64(bytes: Uint8Array): string {
  return btoa(String.fromCharCode(...bytes))
    .replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
}
