import { checkName } from "../core/validation.ts";
import { invalid } from "./request_error.ts";

/** The query of a request, read by name. */
export class Parameters {
  #given: URLSearchParams;

  /** @param url The address of the request. */
  constructor(url: URL) {
    this.#given = url.searchParams;
  }

  /** A text; an empty one counts as left out. */
  text(name: string): string | undefined {
    return this.#given.get(name) || undefined;
  }

  /**
   * The name of a stream, an aggregate or a bookmark.
   *
   * @throws {StoreError} `INVALID_INPUT` for what no name can be.
   */
  name(name: string): string | undefined {
    const text = this.text(name);
    if (text !== undefined) checkName(name, text);
    return text;
  }

  /**
   * The same where it must be given.
   *
   * @throws {RequestError} 400 if it is not.
   */
  needed(name: string): string {
    const text = this.name(name);
    if (text === undefined) throw invalid(`Expected ${name} to be given`);
    return text;
  }

  /**
   * A whole number.
   *
   * @throws {RequestError} 400 for anything else.
   */
  whole(name: string, [least, most]: readonly [number, number]):
    | number
    | undefined {
    const text = this.text(name);
    if (text === undefined) return undefined;
    const number = Number(text);
    if (/^\d+$/.test(text) && number >= least && number <= most) return number;
    throw invalid(
      `Expected ${name} to be a whole number from ${least} to ${most}`,
    );
  }

  /**
   * A time, in milliseconds since 1970.
   *
   * @throws {RequestError} 400 for what is none.
   */
  time(name: string): number | undefined {
    const text = this.text(name);
    if (text === undefined) return undefined;
    const time = new Date(text).getTime();
    if (!Number.isNaN(time)) return time;
    throw invalid(
      `Expected ${name} to be a time such as 2026-01-31T12:00:00Z`,
    );
  }
}
