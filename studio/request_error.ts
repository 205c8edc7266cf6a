/** A request that is refused, or cannot be answered. */
export class RequestError extends Error {
  /** The name of the class. */
  override name = "RequestError";
  /** The status of HTTP. */
  status: number;
  /** The reason, in a form that code can compare. */
  code: string;

  /**
   * @param status The status of HTTP.
   * @param code The reason, in a form that code can compare.
   * @param message What is wrong, and what to do.
   */
  constructor(status: number, code: string, message: string) {
    super(message);
    this.status = status;
    this.code = code;
  }
}

/** A request that cannot be meant. */
export function invalid(message: string): RequestError {
  return new RequestError(400, "INVALID_INPUT", message);
}
