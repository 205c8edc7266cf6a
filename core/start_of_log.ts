import type { Provider } from "./provider.ts";

/** Where a bookmark stands that nobody has ever stored. */
export async function startOfLog(provider: Provider<any>): Promise<any> {
  return await provider.getPosition(crypto.randomUUID());
}
