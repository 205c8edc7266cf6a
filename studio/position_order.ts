import type { Provider } from "../core/provider.ts";
import { restorePosition } from "../core/stored_position.ts";
import { invalid, RequestError } from "./request_error.ts";

/**
 * A position as a number that can be compared and counted with: all of this
 * library's are whole numbers, whatever class a driver gives them.
 *
 * @throws {RequestError} 501 for those of a provider whose are not.
 */
export function orderOf(position: any, { driver }: Provider<any>): bigint {
  try {
    return BigInt(String(position));
  } catch {
    throw new RequestError(
      501,
      "NOT_SUPPORTED",
      `The positions of the provider "${driver}" are no whole numbers, so its log cannot be read from its end`,
    );
  }
}

/**
 * The position with a number.
 *
 * @param sample Any position of the provider.
 */
export function positionAt(order: bigint, sample: any): any {
  switch (typeof sample) {
    case "object":
      return restorePosition({ text: String(order) }, sample);
    case "string":
      return String(order);
    case "bigint":
      return order;
  }
  return Number(order);
}

/**
 * A position as a request names it.
 *
 * @throws {RequestError} 400 for what is none.
 */
export function readOrder(text: string): bigint {
  if (/^\d{1,20}$/.test(text)) return BigInt(text);
  throw invalid("Expected from to be a position, a whole number");
}
