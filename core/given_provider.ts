import { defaultOnError } from "./default_on_error.ts";
import type { Provider, ProviderOrPromise } from "./provider.ts";

/** The provider of a handler; undefined, and reported, if its promise rejects. */
export async function givenProvider(
  { provider, streams }: {
    provider: ProviderOrPromise<any>;
    streams: string[];
  },
  name: string,
): Promise<Provider<any> | undefined> {
  try {
    return await provider;
  } catch (error) {
    // There is no provider, so there is no `onError` of one.
    defaultOnError(error, streams.join(", "), name);
    return undefined;
  }
}
