import type { ErrorCallback } from "../core/provider.ts";
import { defaultOnError } from "../core/default_on_error.ts";

/** Tells the application of a failure that has no caller; it never throws. */
export function report(onError: ErrorCallback, error: unknown): void {
  const failed = (thrown: unknown) => defaultOnError(thrown, "", "");
  try {
    Promise.resolve(onError(error, "", "")).catch(failed);
  } catch (thrown) {
    failed(thrown);
  }
}
