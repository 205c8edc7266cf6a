import { StoreError } from "../core/errors.ts";

/** Room for the headers of a message, which count too. */
const HEADERS_BYTES = 512;

/**
 * Refuses a text that no message can hold: the client would throw, or the
 * server end the connection.
 *
 * @param mostBytes How many a message may have.
 * @throws {StoreError} `INVALID_INPUT`, naming `field`.
 */
export function checkSize(
  field: string,
  text: string,
  mostBytes: number,
): void {
  // A UTF-16 unit takes three bytes at most.
  if (text.length * 3 + HEADERS_BYTES <= mostBytes) return;
  const bytes = new TextEncoder().encode(text).length + HEADERS_BYTES;
  if (bytes <= mostBytes) return;
  throw new StoreError(
    "INVALID_INPUT",
    `Expected ${field} to be one message of at most ${mostBytes} bytes, as max_payload of the server allows: it has ${bytes}`,
    { field },
  );
}
